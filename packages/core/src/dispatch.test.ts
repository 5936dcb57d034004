import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, type FreeWorker, assignRuns, leftOvers, refusedWorkers } from "./dispatch.ts";
import type { RunId, WorkerId } from "./ids.ts";

const run = (runId: string, workerId?: string, workflowType = "a"): Candidate => ({
  runId: runId as RunId,
  workflowType,
  version: "1",
  availableAt: 0,
  isDue: false,
  ...(workerId !== undefined && { workerId: workerId as WorkerId }),
});

const worker = (workerId: string, free: number, types = ["a"]): FreeWorker => ({
  workerId: workerId as WorkerId,
  free,
  offers: ({ workflowType }) => types.includes(workflowType),
});

const assigned = (candidates: readonly Candidate[], workers: readonly FreeWorker[]) =>
  [...assignRuns(candidates, workers)].map(([runId, { workerId }]) => `${runId}>${workerId}`);

describe("ready runs", () => {
  it("go to the worker that held them last, if it is free", () => {
    expect(assigned([run("r1", "w2"), run("r2", "w2")], [worker("w1", 9), worker("w2", 1)])).toEqual([
      "r1>w2",
      "r2>w1",
    ]);
  });

  it("go to the worker with the most free slots otherwise", () => {
    expect(assigned([run("r1"), run("r2"), run("r3")], [worker("w1", 1), worker("w2", 2)])).toEqual([
      "r1>w2",
      "r2>w1",
      "r3>w2",
    ]);
  });

  it("go to nobody who does not have their workflow", () => {
    expect(assigned([run("r1", "w1", "b")], [worker("w1", 5), worker("w2", 1, ["b"])])).toEqual(["r1>w2"]);
    expect(assigned([run("r1", undefined, "c")], [worker("w1", 5)])).toEqual([]);
  });

  it("never take more slots than are free, and all of them if every worker has the workflow", () => {
    const fleet = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fleet, fc.nat(40), (slots, count) => {
        const workers = slots.map((free, index) => worker(`w${index}`, free));
        const result = assignRuns(
          Array.from({ length: count }, (_, index) => run(`r${index}`, `w${index % 9}`)),
          workers,
        );
        for (const each of workers) {
          const own = [...result.values()].filter((taker) => taker === each);
          expect(own.length).toBeLessThanOrEqual(each.free);
        }
        expect(result.size).toBe(
          Math.min(
            count,
            slots.reduce((sum, free) => sum + free, 0),
          ),
        );
      }),
    );
  });
});

describe("what is left over of a claim", () => {
  const wanted = [
    { workflowType: "a", version: "1", limit: 2 },
    { workflowType: "b", version: "1", limit: 2 },
  ];
  const types = (ready: readonly Candidate[], taken: readonly string[]) =>
    leftOvers(wanted, ready, new Set(taken as RunId[])).map(({ workflowType }) => workflowType);

  it("may be more of each workflow of which as many were ready as were wanted", () => {
    expect(types([run("r1"), run("r2"), run("r3", undefined, "b")], ["r1", "r2", "r3"])).toEqual(["a"]);
  });

  it("is what was ready and taken by nobody", () => {
    expect(types([run("r1"), run("r3", undefined, "b")], ["r1"])).toEqual(["b"]);
    expect(types([], [])).toEqual([]);
  });
});

describe("workers that were to take runs", () => {
  const assignments = [
    { runId: "r1" as RunId, workerId: "w1" as WorkerId },
    { runId: "r2" as RunId, workerId: "w2" as WorkerId },
    { runId: "r3" as RunId, workerId: "w2" as WorkerId },
  ];

  it("were refused if they were given none", () => {
    expect(refusedWorkers(assignments, [{ run: { workerId: "w1" as WorkerId } }])).toEqual(["w2"]);
    expect(refusedWorkers([], [])).toEqual([]);
  });
});
