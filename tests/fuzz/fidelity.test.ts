import { embedded } from "@kagzi/embedded";
import * as fc from "fast-check";
import { Client, Worker, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { keepable } from "./payload-values.ts";
import { difference } from "./same.ts";
import { FUZZ, repeatWith } from "./settings.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const RUNS = 12;
const VALUES_PER_RUN = 25;

describe("what the code of a workflow is handed", () => {
  it("is on every replay what it was the first time", { timeout: 120_000 }, async () => {
    const values = fc.sample(keepable, { seed: FUZZ.seed, numRuns: RUNS * VALUES_PER_RUN });
    const ofRun = (run: number) => values.slice(run * VALUES_PER_RUN, (run + 1) * VALUES_PER_RUN);
    /** What each execution was handed before it waited. */
    const seen = new Map<string, unknown[][]>();
    const child = workflow("child", async (_ctx, input: unknown) => input);
    const parent = workflow("parent", async (ctx, input: { readonly run: number; readonly value: unknown }) => {
      const handed: unknown[] = [input.value];
      for (const value of ofRun(input.run)) handed.push(await ctx.step("make", () => value));
      handed.push(await ctx.invoke(child, input.value), (await ctx.waitForEvent("first"))?.payload);
      const failed = await ctx.step("fail", { retries: 0 }, () => fail(input.value)).catch((error: unknown) => error);
      handed.push(failed);
      seen.set(ctx.runId, [...(seen.get(ctx.runId) ?? []), handed]);
      return (await ctx.waitForEvent("second"))?.payload;
    });
    const engine = await embedded("sqlite::memory:");
    const client = new Client({ connection: engine });
    const work = async () => {
      const worker = new Worker({ connection: engine, workflows: [parent, child], logger: quiet });
      await worker.start();
      return worker;
    };
    const first = await work();
    const runs = await Promise.all(
      Array.from({ length: RUNS }, (_, run) => client.start(parent, { run, value: ofRun(run)[0] })),
    );
    for (const [index, run] of runs.entries()) await run.send("first", ofRun(index)[1]);
    await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(RUNS);
    await first.stop();
    // It has none of the runs in its memory.
    const second = await work();
    for (const [index, run] of runs.entries()) {
      await run.send("second", ofRun(index)[2]);
      const about = `of run ${index}; repeat it: ${repeatWith("what it was the first time")}`;
      expect(difference(ofRun(index)[2], await run.result()), about).toBeUndefined();
      const [once, again, ...more] = seen.get(run.id) ?? [];
      expect(more).toEqual([]);
      expect(difference(once, again), `differs on replay, ${about}`).toBeUndefined();
      const [one, two] = ofRun(index);
      expect(difference([one, ...ofRun(index), one, two], once?.slice(0, -1)), about).toBeUndefined();
    }
    await second.stop();
    await client.close();
    expect(await engine.close()).toBeUndefined();
  });
});

function fail(value: unknown): never {
  throw new Error("as it was", { cause: value });
}
