import { Retry, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { reaches, useEngine } from "./fixture.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Long enough for all that happens while a run waits for its time, on a machine that is busy with other things. */
const WAIT_MS = 3000;

describe.each(ENGINES)("a run that is given to its worker while it sleeps, on %s", (_, open) => {
  const f = useEngine(() => open({ config: { claimAheadMs: DAY_MS } }));

  it("goes on when its sleep is over, and not at all if it was ended meanwhile", async () => {
    const woken: string[] = [];
    const nap = workflow("nap", async (ctx, name: string) => {
      const from = Date.now();
      await ctx.sleep("nap", WAIT_MS);
      woken.push(name);
      return Date.now() - from;
    });
    await f.work([nap]);
    const gone = await f.client.start(nap, "gone");
    await expect.poll(async () => (await f.client.runs.history(gone.id)).records.length).toBeGreaterThan(1);
    await reaches(gone, "running");
    await gone.terminate("not wanted");
    const run = await f.client.start(nap, "there");
    expect(await run.result()).toBeGreaterThanOrEqual(WAIT_MS);
    expect(woken).toEqual(["there"]);
  });

  it("is tried again no sooner than it was to be", async () => {
    const tries: number[] = [];
    const flaky = workflow("flaky", { retry: Retry.linear(1, WAIT_MS) }, async () => {
      if (tries.push(Date.now()) === 1) throw new Error("not yet");
    });
    await f.work([flaky]);
    await (await f.client.start(flaky, undefined)).result();
    const [first = 0, second = 0] = tries;
    expect(second - first).toBeGreaterThanOrEqual(WAIT_MS);
  });

  it("does not take the last slot from one that is ready", async () => {
    const sleepy = workflow("sleepy", async (ctx, ms: number) => (ms === 0 ? "done" : ctx.sleep("nap", ms)));
    await f.work([sleepy], { concurrency: 1 });
    const asleep = await f.client.start(sleepy, DAY_MS / 2);
    await reaches(asleep, "sleeping");
    expect(await (await f.client.start(sleepy, 0)).result()).toBe("done");
    expect(await asleep.status()).toMatchObject({ status: "sleeping" });
  });
});
