import { workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { TestEnvironment, type TestOptions } from "./environment.ts";

const START = new Date("2030-01-01T00:00:00.000Z");

let env: TestEnvironment;

async function open(options: Omit<TestOptions, "start">): Promise<TestEnvironment> {
  env = await TestEnvironment.create({ ...options, start: START });
  return env;
}

afterEach(() => env.close());

/** How many minutes after the beginning each of some times is. */
const minutes = (dates: readonly (Date | undefined)[]) =>
  dates.map((date) => ((date?.getTime() ?? 0) - START.getTime()) / 60_000);

describe("limits under virtual time", () => {
  it("let throttled runs begin when their time comes, in the order in which they were started", async () => {
    const call = workflow("call", { throttle: { limit: 2, per: "1m", key: "api" } }, async (ctx) => ctx.now());
    await open({ workflows: [call] });
    const items = Array.from({ length: 6 }, () => ({ input: { api: "maps" } }));
    const runs = await env.client.startMany("call", [...items, { input: { api: "mail" } }]);
    await env.skip("10m");
    const infos = await Promise.all(runs.map((run) => run.status()));
    expect(minutes(infos.map(({ startedAt }) => startedAt))).toEqual([0, 0, 1, 1, 2, 2, 0]);
  });

  it("never let more begin within a window, wherever it begins", async () => {
    const call = workflow("call", { throttle: { limit: 3, per: "1m" } }, async () => {});
    await open({ workflows: [call] });
    const runs = [];
    for (let n = 0; n < 12; n++) {
      runs.push(await env.client.start(call, undefined));
      await env.skip("7s");
    }
    await env.skip("1h");
    const infos = await Promise.all(runs.map((run) => run.status()));
    const starts = infos.map(({ startedAt }) => startedAt?.getTime() ?? 0).toSorted((a, b) => a - b);
    for (const [index, at] of starts.entries()) {
      const fourth = starts[index + 3];
      if (fourth !== undefined) expect(fourth - at).toBeGreaterThanOrEqual(60_000);
    }
    // And none waits for longer than it must: three a minute.
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeLessThanOrEqual(4 * 60_000);
  });

  it("let steps of all runs begin when a named limit's window moves on", async () => {
    const begun: Date[] = [];
    const ask = workflow("ask", async (ctx) => {
      await ctx.step("ask", { limit: "api" }, () => void begun.push(env.now));
    });
    await open({ workflows: [ask], limits: { api: { throttle: { limit: 2, per: "1m" } } } });
    const runs = await env.client.startMany(
      ask,
      Array.from({ length: 5 }, () => ({ input: undefined })),
    );
    await env.skip("5m");
    await Promise.all(runs.map((run) => run.result()));
    expect(minutes(begun)).toEqual([0, 0, 1, 1, 2]);
  });

  it("hold a place no longer than the run has its lease, wherever its worker is lost", async () => {
    const take = workflow("take", { concurrency: 1 }, async (ctx, n: number) => {
      await ctx.step("first", { limit: "one" }, () => n);
      await ctx.sleep("nap", "1h");
      return ctx.step("second", { limit: "one" }, () => n);
    });
    await open({ workflows: [take], limits: { one: { concurrency: 1 } }, autoSkip: true });
    const other = await env.client.start(take, 1);
    const report = await env.crashTest(take, 2);
    expect(report.crashes).toBeGreaterThan(3);
    expect(await other.result()).toBe(1);
  });
});
