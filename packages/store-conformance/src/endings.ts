import type { RunId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, completed, json } from "./harness.ts";
import { BLOCKED, CANCEL, END, REASON } from "./operations.ts";

/** Ends from outside, and deadlines. */
export function describeEndings(fixture: () => Fixture): void {
  describe("ending a run from outside", () => {
    it("ends it in every state, once, and its worker can write no more", async () => {
      const f = fixture();
      const held = await f.running();
      const pending = await f.start({ delayMs: 1000 });
      const paused = await f.running();
      await f.write(paused, [], { become: "blocked", error: BLOCKED });
      for (const runId of [held.run.runId, pending, paused.run.runId]) {
        expect(await f.operate(runId, END)).toBe(true);
        expect(await f.operate(runId, END)).toBe(false);
        expect(await f.get(runId)).toMatchObject({ run: { status: "cancelled" }, error: REASON });
      }
      expect(await f.write(held, [completed("late")])).toMatchObject({ became: "refused" });
    });

    it("loses against an end that came first, and wins against one that comes later, never both", async () => {
      const f = fixture();
      for (let round = 0; round < 10; round++) {
        const held = await f.running();
        const { runId } = held.run;
        const [written, ended] = await Promise.all([
          f.write(held, [completed("a")], { become: "completed", output: json("out") }),
          f.operate(runId, END),
        ]);
        expect(written.became === "written").toBe(!ended);
        expect((await f.get(runId)).run.status).toBe(ended ? "cancelled" : "completed");
      }
    });

    it("says nothing of a run that is not there", async () => {
      const f = fixture();
      const reference = { namespaceId: DEFAULT, runId: f.newId() as RunId };
      expect(await f.store.runs.operate(reference, () => expect.fail("there is no run"))).toBeUndefined();
    });

    it("is left to the lease that it names", async () => {
      const f = fixture();
      const { run } = await f.running();
      expect(await f.operate(run.runId, { ...END, epoch: run.epoch - 1 })).toBe(false);
      expect(await f.operate(run.runId, { ...END, epoch: run.epoch })).toBe(true);
    });

    it("remembers that children are to be cancelled where the run's own worker says so, too", async () => {
      const f = fixture();
      const held = await f.running();
      await f.store.runs.write([{ ...f.plan(held, [], { become: "completed" }), closing: true }]);
      expect(await f.store.runs.closing(10)).toContainEqual({ namespaceId: DEFAULT, runId: held.run.runId });
    });

    it("remembers that children are to be cancelled, until that is done", async () => {
      const f = fixture();
      const { run } = await f.running();
      const reference = { namespaceId: DEFAULT, runId: run.runId };
      const parent = { runId: run.runId, step: "child", awaited: true };
      const child = await f.start({ parent });
      await f.start({ parent: { ...parent, awaited: false } });
      await f.operate(run.runId, END);
      expect(await f.store.runs.closing(10)).toContainEqual(reference);
      expect(await f.store.runs.children(reference, 10)).toEqual([{ namespaceId: DEFAULT, runId: child }]);
      await f.operate(child, CANCEL);
      expect(await f.store.runs.children(reference, 10)).toEqual([]);
      await f.store.runs.closed(reference);
      expect(await f.store.runs.closing(10)).not.toContainEqual(reference);
    });
  });

  describe("a deadline", () => {
    it("begins with the first claim; before that counts how long the run may wait for it", async () => {
      const f = fixture();
      const workerId = await f.register();
      const never = await f.start({ timeoutMs: 1000 });
      const late = await f.start({ startTimeoutMs: 500, delayMs: 200, timeoutMs: 5000 });
      f.clock.now += 699;
      expect(await f.store.runs.overdue(10)).toEqual([]);
      f.clock.now += 1;
      expect(await f.store.runs.overdue(10)).toEqual([{ namespaceId: DEFAULT, runId: late }]);
      await f.operate(late, { ...END, status: "failed" });
      await f.claim(workerId);
      f.clock.now += 999;
      expect(await f.store.runs.overdue(10)).toEqual([]);
      f.clock.now += 1;
      expect(await f.store.runs.overdue(10)).toEqual([{ namespaceId: DEFAULT, runId: never }]);
      await f.operate(never, { ...END, status: "failed" });
      expect(await f.store.runs.overdue(10)).toEqual([]);
    });

    it("is the workflow's where the run has none of its own", async () => {
      const f = fixture();
      const workerId = await f.register();
      const runId = await f.start();
      const own = await f.start({ timeoutMs: 70 });
      const assign = (candidates: readonly { runId: RunId }[]) =>
        candidates.map((candidate) => ({ ...candidate, workerId, timeoutMs: 300 }));
      await f.store.runs.claim({
        namespaceId: DEFAULT,
        taskQueue: "",
        wanted: [{ workflowType: "greet", version: "1", limit: 10 }],
        assign,
      });
      expect((await f.get(runId)).run).toMatchObject({ timeoutMs: 300, deadlineAt: f.clock.now + 300 });
      expect((await f.get(own)).run).toMatchObject({ timeoutMs: 70, deadlineAt: f.clock.now + 70 });
    });
  });
}
