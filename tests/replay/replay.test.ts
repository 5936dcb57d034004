import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Program, TRIES, program } from "./programs.ts";
import { type Fate, type Simulated, replay, simulate } from "./simulation.ts";

/** Random workflows in each of the four tests. */
const RUNS = Number(process.env["KAGZI_REPLAY_RUNS"] ?? 2500);

/** Choices that are the same for the same seed. */
function chooser(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("a workflow of any shape", { timeout: 120_000 }, () => {
  it("executes each attempt once and comes to an end, in whatever order things happen", async () => {
    await check({ crashes: 0, events: 3, cancel: false }, async ({ end, executions }) => {
      expect(["complete", "fail"]).toContain(end);
      expect(Math.max(0, ...executions.values())).toBeLessThanOrEqual(1);
    });
  });

  it("sees on every replay what it saw before, wherever its process was lost", async () => {
    await check({ crashes: 4, events: 3, cancel: false }, async ({ end, executions, incarnations }) => {
      expect(["complete", "fail"]).toContain(end);
      for (const [what, times] of executions) expect(times, what).toBeLessThanOrEqual(incarnations.length);
    });
  });

  it("is told of a cancellation at one place of its history, and ends so", async () => {
    await check({ crashes: 3, events: 2, cancel: true }, async ({ end, server }) => {
      expect(end === "cancel").toBe(server.isCancelled);
      const told = server.history.filter((record) => record.kind === "run" && record.type === "cancelling");
      expect(told.length).toBeLessThanOrEqual(1);
    });
  });

  it("asks for the same, and is handed the same, by every beginning of its history", async () => {
    await check({ crashes: 1, events: 3, cancel: true }, async ({ server: { history } }, shape) => {
      const whole = await replay(shape, history);
      for (let length = 1; length < history.length; length++) {
        const begun = await replay(shape, history.slice(0, length));
        expect(whole.slice(0, begun.length), `after ${length} records`).toEqual(begun);
      }
    });
  });

  async function check(fate: Fate, property: (run: Simulated, shape: Program) => Promise<void>): Promise<void> {
    const checked = fc.asyncProperty(program, fc.nat(), async (shape, seed) => {
      const run = await simulate(shape, chooser(seed), fate);
      expect(run.early).toEqual([]);
      for (const ids of [...run.server.children.values(), ...run.server.events.values()]) expect(ids.size).toBe(1);
      expect(wantedAfterAll(run)).toEqual([]);
      for (const what of run.executions.keys()) expect(Number(what.split(" ").at(-1))).toBeLessThanOrEqual(TRIES);
      await expectOneStory(shape, run);
      await property(run, shape);
    });
    return fc.assert(checked, { numRuns: RUNS, endOnFailure: false });
  }
});

/**
 * What a process saw, and what its history at that time tells, is one story: each knows a part that the other does not, the
 * process what was not stored yet, the history what had not been handed over yet. The last process saw all of it.
 */
async function expectOneStory(shape: Program, { incarnations }: Simulated): Promise<void> {
  for (const { history, trace } of incarnations) {
    const replayed = await replay(shape, history);
    const both = Math.min(trace.length, replayed.length);
    expect(trace.slice(0, both)).toEqual(replayed.slice(0, both));
  }
  const last = incarnations.at(-1);
  if (last !== undefined) expect(await replay(shape, last.history)).toEqual(last.trace);
}

/** Children that were cancelled, and whose result the code wanted after all. */
function wantedAfterAll({ server }: Simulated): readonly string[] {
  const wanted = server.history.flatMap((record) =>
    record.kind === "child" && (record.type === "completed" || record.type === "failed")
      ? [`${record.name}#${record.occurrence}`]
      : [],
  );
  return [...server.cancelledChildren].filter((key) => wanted.includes(key));
}
