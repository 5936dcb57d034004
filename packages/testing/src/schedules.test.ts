import { replayHistory, workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { TestEnvironment, type TestOptions } from "./index.ts";

let open: TestEnvironment[] = [];

async function environment(workflows: TestOptions["workflows"], options: Partial<TestOptions> = {}) {
  const env = await TestEnvironment.create({ workflows, start: new Date("2030-01-01T00:00:00Z"), ...options });
  open.push(env);
  return env;
}

afterEach(async () => {
  await Promise.all(open.map((env) => env.close()));
  open = [];
});

/** For which times there are runs. */
async function firesOf(env: TestEnvironment): Promise<readonly string[]> {
  const at: string[] = [];
  for await (const run of env.client.runs.list()) at.push(run.scheduledAt?.toISOString() ?? "triggered");
  return at.toSorted();
}

const report = workflow("report", async (ctx) => ctx.schedule?.scheduledAt);

describe("schedules under virtual time", () => {
  it("fire at their times, each once", async () => {
    const env = await environment([report]);
    await env.client.schedules.create("daily", { workflow: report, cron: "0 6 * * *", timezone: "Europe/Paris" });
    await env.skip("3d");
    expect(await firesOf(env)).toEqual([
      "2030-01-01T05:00:00.000Z",
      "2030-01-02T05:00:00.000Z",
      "2030-01-03T05:00:00.000Z",
    ]);
    expect(await env.client.schedules.get("daily")).toMatchObject({ fired: 3, missed: 0, skipped: 0 });
  });

  it("fire once where the clock leaps, and once where it is set back", async () => {
    const start = new Date("2026-03-28T12:00:00Z");
    const env = await environment([report], { start });
    const paris = { workflow: report, cron: "*/30 2 * * *", timezone: "Europe/Paris", overlap: "allow" } as const;
    await env.client.schedules.create("spring", paris);
    await env.skip("1d");
    expect(await firesOf(env)).toEqual(["2026-03-29T01:00:00.000Z"]);
    await env.client.schedules.delete("spring");
    await env.skip(new Date("2026-10-24T12:00:00Z").getTime() - env.now.getTime());
    await env.client.schedules.create("autumn", paris);
    await env.skip("1d");
    expect((await firesOf(env)).slice(1)).toEqual(["2026-10-25T00:00:00.000Z", "2026-10-25T00:30:00.000Z"]);
  });

  it("that are paused fire nothing, and make nothing up", async () => {
    const env = await environment([report]);
    await env.client.schedules.create("hourly", { workflow: report, every: "1h", maxCatchup: 1000 });
    await env.skip("90m");
    await env.client.schedules.pause("hourly");
    await env.skip("5h");
    await env.client.schedules.resume("hourly");
    await env.skip("1h");
    expect(await firesOf(env)).toEqual(["2030-01-01T01:00:00.000Z", "2030-01-01T07:00:00.000Z"]);
    expect(await env.client.schedules.get("hourly")).toMatchObject({ fired: 2, missed: 0 });
  });

  it.each([
    [0, []],
    [1, ["2030-01-06T06:00:00.000Z"]],
    [3, ["2030-01-04T06:00:00.000Z", "2030-01-05T06:00:00.000Z", "2030-01-06T06:00:00.000Z"]],
  ])("of a namespace that was disabled make up for the latest %i", async (maxCatchup, expected) => {
    const env = await environment([report]);
    await env.client.schedules.create("daily", { workflow: report, cron: "0 6 * * *", maxCatchup, overlap: "allow" });
    await env.client.namespaces.disable("default");
    await env.skip("6d");
    expect(await firesOf(env)).toEqual([]);
    await env.client.namespaces.enable("default");
    await env.skip("1m");
    expect(await firesOf(env)).toEqual(expected);
    expect(await env.client.schedules.get("daily")).toMatchObject({
      fired: expected.length,
      missed: 6 - expected.length,
    });
  });

  it("keep to the overlap that is asked for", async () => {
    const long = workflow("long", async (ctx) => ctx.sleep("work", "150m"));
    const env = await environment([long]);
    for (const overlap of ["skip", "allow", "buffer-one"] as const) {
      await env.client.schedules.create(overlap, { workflow: long, every: "1h", overlap });
    }
    await env.skip("6h");
    // Of six fires. The run of 1:00 is in the way of those at 2:00 and 3:00, and ends at 3:30.
    expect(await env.client.schedules.get("skip")).toMatchObject({ fired: 2, skipped: 4 });
    expect(await env.client.schedules.get("allow")).toMatchObject({ fired: 6, skipped: 0 });
    const buffering = await env.client.schedules.get("buffer-one");
    expect(buffering).toMatchObject({ fired: 2, skipped: 3, bufferedFireAt: new Date("2030-01-01T04:00:00Z") });
  });

  it("do not make time leap for ever where it leaps by itself, and fire while it does", async () => {
    const month = workflow("month", async (ctx) => ctx.sleep("wait", "30d"));
    const env = await environment([month, report], { autoSkip: true });
    await env.client.schedules.create("daily", { workflow: report, cron: "@daily" });
    const run = await env.client.start(month, undefined);
    await run.result();
    expect((await env.client.schedules.get("daily")).fired).toBeGreaterThanOrEqual(29);
    expect(env.now.getTime()).toBeLessThan(new Date("2030-03-01T00:00:00Z").getTime());
  });

  it("in the code survive the loss of a worker, with the input that was made first", async () => {
    let made = 0;
    const daily = workflow(
      "daily",
      { schedule: { cron: "0 6 * * *", input: ({ scheduledAt }) => ({ day: scheduledAt, made: ++made }) } },
      async (ctx, input: { day: Date; made: number }) => {
        await ctx.sleep("wait", "1h");
        return input;
      },
    );
    const env = await environment([daily]);
    await env.skip("6h");
    const [run] = (await env.client.runs.list().page()).items;
    await env.crash();
    await env.skip("1h");
    expect(await env.client.run(run?.id ?? "").result()).toEqual({ day: new Date("2030-01-01T06:00:00Z"), made: 1 });
    expect(made).toBe(1);
  });

  it("go on with a run that continues as another one", async () => {
    const long = workflow("long", async (ctx, turn: number) => {
      await ctx.sleep("work", "90m");
      return turn === 1 ? ctx.schedule : ctx.continueAsNew(turn + 1);
    });
    const env = await environment([long]);
    await env.client.schedules.create("hourly", { workflow: long, every: "1h", input: 0 });
    await env.skip("4h");
    // It began at 1:00 and goes on, as another run, until 4:00: no other one starts beside it.
    expect(await env.client.schedules.get("hourly")).toMatchObject({ fired: 1, skipped: 3 });
  });

  it("leave a history that replays without them: the input that was made is recorded", async () => {
    const declared = workflow("daily", { schedule: { every: "1h", input: () => 1 } }, async (_ctx, n: number) => n);
    const env = await environment([declared]);
    await env.skip("1h");
    const [run] = (await env.client.runs.list().page()).items;
    expect(await env.client.run(run?.id ?? "").result()).toBe(1);
    const history = await env.client.runs.history(run?.id ?? "");
    expect(history).toMatchObject({ scheduleId: "daily", scheduledAt: "2030-01-01T01:00:00.000Z" });
    const plain = workflow("daily", async (_ctx, n: number) => n);
    await replayHistory(plain, JSON.parse(JSON.stringify(history)));
  });
});
