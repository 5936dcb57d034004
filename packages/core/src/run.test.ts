import { describe, expect, it } from "vitest";
import { RUN_STATUSES, RUN_TRANSITIONS, isTerminal } from "./run.ts";

describe("the states of a run", () => {
  it("are left by the transitions of the table, and terminal ones by none but the retry of a failed run (R1, R2)", () => {
    expect(Object.keys(RUN_TRANSITIONS)).toEqual([...RUN_STATUSES]);
    const left = RUN_STATUSES.filter(isTerminal).flatMap((from) => RUN_TRANSITIONS[from].map((to) => [from, to]));
    expect(left).toEqual([["failed", "pending"]]);
    expect(RUN_STATUSES.filter(isTerminal)).toEqual(["completed", "failed", "cancelled"]);
  });

  it("can each be reached from pending, and each leads to an end", () => {
    const reachable = new Set<string>(["pending"]);
    for (const from of reachable) for (const to of RUN_TRANSITIONS[from as "pending"]) reachable.add(to);
    expect(reachable).toEqual(new Set(RUN_STATUSES));
    for (const status of RUN_STATUSES) {
      expect(isTerminal(status) || RUN_TRANSITIONS[status].includes("cancelled")).toBe(true);
    }
  });

  it("are completed only by the worker that runs them", () => {
    const before = RUN_STATUSES.filter((status) => RUN_TRANSITIONS[status].includes("completed"));
    expect(before).toEqual(["running"]);
  });
});
