import { describe, expect, it } from "vitest";
import { type RunsList, mergeRuns } from "./merge-runs.ts";

interface Run {
  readonly runId: string;
  readonly status?: string;
}

const of = (...ids: readonly string[]): RunsList<Run> => ({
  runs: ids.map((runId) => ({ runId })),
  gone: new Set(),
  fresh: 0,
});

describe("a list of runs that is read while runs come", () => {
  it("counts those that are new, and shifts no row", () => {
    const merged = mergeRuns(of("5", "4", "3"), { runs: of("7", "6", "5", "4").runs, hasMore: true });
    expect([merged.runs.map((run) => run.runId), merged.fresh]).toEqual([["5", "4", "3"], 2]);
  });

  it("changes rows in their places", () => {
    const looked = { runs: [{ runId: "5", status: "failed" }, { runId: "4" }], hasMore: false };
    expect(mergeRuns(of("5", "4"), looked).runs[0]).toEqual({ runId: "5", status: "failed" });
  });

  it("keeps those that the filter lets through no longer, and marks them, as far as it has looked", () => {
    const merged = mergeRuns(of("5", "4", "3", "2"), { runs: of("5", "3").runs, hasMore: true });
    expect([merged.runs.length, [...merged.gone]]).toEqual([4, ["4"]]);
    expect([...mergeRuns(of("5", "4", "3"), { runs: [], hasMore: false }).gone]).toEqual(["5", "4", "3"]);
    const back = mergeRuns(merged, { runs: of("5", "4", "3").runs, hasMore: true });
    expect([...back.gone]).toEqual([]);
  });

  it("counts what comes to an empty list", () => {
    expect(mergeRuns(of(), { runs: of("1").runs, hasMore: false }).fresh).toBe(1);
  });
});
