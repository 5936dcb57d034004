import { type Context, type RunHandle, workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { TestEnvironment } from "./index.ts";

const START = new Date("2030-01-01T00:00:00Z");
const DAY = 86_400_000;

let env: TestEnvironment | undefined;

afterEach(async () => {
  await env?.close();
  env = undefined;
});

/** A run of this code, at the place where it first waits. */
async function begin<Output>(run: (ctx: Context) => Promise<Output>): Promise<[TestEnvironment, RunHandle<Output>]> {
  const code = workflow("sleeper", run);
  env = await TestEnvironment.create({ workflows: [code], start: START });
  const handle = await env.client.start(code, undefined);
  await env.skip(0);
  return [env, handle];
}

function day(count: number): Date {
  return new Date(START.getTime() + count * DAY);
}

/** The day on which a step of each name was executed. */
class Diary {
  readonly days: Record<string, number> = {};

  write(ctx: Context, name: string): Promise<void> {
    return ctx.step(name, () => {
      this.days[name] = ((env?.now.getTime() ?? 0) - START.getTime()) / DAY;
    });
  }
}

describe("a sleep", () => {
  it("ends when it was to end, though its worker dies meanwhile, however often", async () => {
    const diary = new Diary();
    const [env, run] = await begin(async (ctx) => {
      await ctx.sleep("a year", "365d");
      await diary.write(ctx, "after");
    });
    for (let n = 0; n < 3; n++) {
      await env.skip("100d");
      await env.crash();
    }
    expect(await run.status()).toMatchObject({ status: "sleeping", wakeUpAt: day(365) });
    await env.skip("65d");
    await run.result();
    expect(diary.days).toEqual({ after: 365 });
  });

  it("is remembered once it is over: a worker that begins anew does not sleep again", async () => {
    const diary = new Diary();
    const [env, run] = await begin(async (ctx) => {
      await ctx.sleep("first", "1d");
      await diary.write(ctx, "between");
      await ctx.sleep("second", "1d");
      await diary.write(ctx, "after");
    });
    await env.skip("1d");
    await env.crash();
    await env.skip("1d");
    await run.result();
    expect(diary.days).toEqual({ between: 1, after: 2 });
  });

  it("may have others beside it: each ends at its time, whatever the order of the code", async () => {
    const diary = new Diary();
    const branch = async (ctx: Context, days: number) => {
      await ctx.sleep(`sleep ${days}`, `${days}d`);
      await diary.write(ctx, `${days} days`);
      await ctx.sleep(`sleep ${days}`, `${days}d`);
      await diary.write(ctx, `${2 * days} days`);
    };
    const [env, run] = await begin((ctx) => Promise.all([branch(ctx, 5), branch(ctx, 2), branch(ctx, 7)]));
    for (let passed = 0; passed < 14; passed++) await env.skip("1d");
    await run.result();
    const days = [2, 4, 5, 7, 10, 14];
    expect(diary.days).toEqual(Object.fromEntries(days.map((count) => [`${count} days`, count])));
  });

  it("lasts until an instant, or not at all if that has passed", async () => {
    const [env, run] = await begin(async (ctx) => {
      await ctx.sleepUntil("past", new Date(0));
      await ctx.sleep("nothing", 0);
      const before = ctx.now();
      await ctx.sleepUntil("next week", day(7));
      return [before, ctx.now()];
    });
    expect(await run.status()).toMatchObject({ status: "sleeping", wakeUpAt: day(7) });
    await env.skip("7d");
    expect(await run.result()).toEqual([START, day(7)]);
  });

  it("that lost a race wakes nobody", async () => {
    const diary = new Diary();
    const [env, run] = await begin(async (ctx) => {
      const { winner } = await ctx.race({ paid: ctx.waitForEvent("paid"), late: ctx.sleep("patience", "3d") });
      await ctx.sleep("long", "10d");
      await diary.write(ctx, "after");
      return winner;
    });
    await env.skip("1d");
    await run.send("paid", { amount: 1 });
    await env.skip(0);
    expect(await run.status()).toMatchObject({ status: "sleeping", wakeUpAt: day(11) });
    await env.skip("10d");
    expect(await run.result()).toBe("paid");
    expect(diary.days).toEqual({ after: 11 });
  });

  it("goes by while its run is paused, and the run goes on when it is resumed", async () => {
    const diary = new Diary();
    const [env, run] = await begin(async (ctx) => {
      await ctx.sleep("a week", "7d");
      await diary.write(ctx, "after");
    });
    await env.skip("1d");
    await run.pause();
    await env.skip("30d");
    expect(diary.days).toEqual({});
    await run.resume();
    await env.skip(0);
    await run.result();
    expect(diary.days).toEqual({ after: 31 });
  });

  it("is not begun anew by a pause that is shorter", async () => {
    const [env, run] = await begin((ctx) => ctx.sleep("a week", "7d"));
    await env.skip("1d");
    await run.pause();
    await env.skip("1d");
    await run.resume();
    await env.skip(0);
    expect(await run.status()).toMatchObject({ status: "sleeping", wakeUpAt: day(7) });
    await env.skip("5d");
    await run.result();
  });

  it("ends at once where its run is cancelled, so that the code can clean up, and its sleeps are of their full length", async () => {
    const diary = new Diary();
    const [env, run] = await begin(async (ctx) => {
      try {
        await ctx.sleep("a year", "365d");
      } finally {
        await ctx.sleep("settle", "1s");
        await diary.write(ctx, "cleaned up");
      }
    });
    await env.skip("1d");
    await run.cancel("no longer wanted");
    await env.skip(0);
    expect(diary.days).toEqual({});
    await env.skip("1s");
    await expect(run.result()).rejects.toMatchObject({ code: "CANCELLED" });
    expect(diary.days).toEqual({ "cleaned up": 1 + 1000 / DAY });
  });

  it("may last a century, and no longer", async () => {
    const century = 100 * 365 * DAY;
    const [env, run] = await begin(async (ctx) => {
      const tooLong = await ctx.sleep("longer", century + 1).catch(({ code }: { code: string }) => code);
      await ctx.sleep("a century", century);
      return tooLong;
    });
    await env.skip(century - 1);
    expect((await run.status()).status).toBe("sleeping");
    await env.skip(1);
    expect(await run.result()).toBe("INVALID_ARGUMENT");
  });
});
