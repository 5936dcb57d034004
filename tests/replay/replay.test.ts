import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Program, TRIES, type Trace, countHanded, isHanded, program } from "./programs.ts";
import { type Simulated, simulate } from "./simulation.ts";

const RUNS = Number(process.env["KAGZI_REPLAY_RUNS"] ?? 5000);

/** Choices that are the same for the same seed. */
function chooser(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("a workflow of any shape", () => {
  it("executes each attempt once and comes to an end, in whatever order things happen", async () => {
    await check(async (shape, seed) => {
      const { early, end, executions, incarnations } = await simulate(shape, chooser(seed), 0);
      expect(early).toEqual([]);
      expect(end).not.toBe("block");
      expect(Math.max(0, ...executions.values())).toBeLessThanOrEqual(1);
      expectOneStory(incarnations);
    });
  });

  it("sees on every replay what it saw before, wherever its process was lost", async () => {
    await check(async (shape, seed) => {
      const { early, end, executions, incarnations } = await simulate(shape, chooser(seed), 4);
      expect(early).toEqual([]);
      expect(end).not.toBe("block");
      expectOneStory(incarnations);
      for (const [what, times] of executions) expect(times, what).toBeLessThanOrEqual(incarnations.length);
      for (const what of executions.keys()) expect(Number(what.split(" ").at(-1))).toBeLessThanOrEqual(TRIES);
    });
  });

  function check(property: (shape: Program, seed: number) => Promise<void>): Promise<void> {
    return fc.assert(fc.asyncProperty(program, fc.nat(), property), { numRuns: RUNS, endOnFailure: false });
  }
});

/** What was durable when a process was lost is what every later one saw, asked for and handed in the same order. */
function expectOneStory(incarnations: Simulated["incarnations"]): void {
  const last = incarnations.at(-1)?.trace ?? [];
  for (const { durable, trace } of incarnations) {
    const handed = Math.min(durable, countHanded(trace), countHanded(last));
    expect(upToHanded(last, handed)).toEqual(upToHanded(trace, handed));
  }
}

/** The trace up to and with the `count`-th thing that the code was handed. */
function upToHanded(trace: Trace, count: number): Trace {
  let seen = 0;
  const end = trace.findIndex((line) => isHanded(line) && ++seen === count);
  return trace.slice(0, end + 1);
}
