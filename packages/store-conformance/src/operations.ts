import { type ErrorDetail, KagziError, type NamespaceId, type Operation, type RunId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, completed, json } from "./harness.ts";

const REASON: ErrorDetail = { code: "CANCELLED", message: "enough", nonRetryable: true };
const FAILURE: ErrorDetail = { code: "INTERNAL", message: "broken", nonRetryable: true };
const BLOCKED: ErrorDetail = { code: "NONDETERMINISM", message: "other code", nonRetryable: true };

const CANCEL: Operation = { do: "cancel", error: REASON, graceMs: 5000 };
const PAUSE: Operation = { do: "pause", error: REASON };
const END = { do: "end", status: "cancelled", error: REASON } as const satisfies Operation;
const RESUME: Operation = { do: "resume" };
const RETRY: Operation = { do: "retry" };

/** What people do to runs that they do not hold. */
export function describeOperations(fixture: () => Fixture): void {
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

  describe("cancelling", () => {
    it("ends a run at once whose code has not begun, or cannot go on", async () => {
      const f = fixture();
      const pending = await f.start({ delayMs: 1000 });
      const blocked = await f.running();
      await f.write(blocked, [], { become: "blocked", error: BLOCKED });
      for (const runId of [pending, blocked.run.runId]) {
        expect(await f.operate(runId, CANCEL)).toBe(true);
        expect(await f.get(runId)).toMatchObject({ run: { status: "cancelled" }, error: REASON });
      }
    });

    it("makes a run that waits ready, so that its code can clean up, and gives it a deadline for that", async () => {
      const f = fixture();
      const { workerId, ...held } = await f.running();
      await f.write(held, [], { become: "parked", wakeAt: f.clock.now + 1e6, signals: 0 });
      expect(await f.operate(held.run.runId, CANCEL)).toBe(true);
      expect(await f.operate(held.run.runId, CANCEL)).toBe(false);
      const { claimed } = await f.claim(workerId);
      expect(claimed).toMatchObject([{ run: { signals: 1, cancelError: REASON, deadlineAt: f.clock.now + 5000 } }]);
    });

    it("comes before an end that has not heard of it, and after one that came first", async () => {
      const f = fixture();
      const held = await f.running();
      expect(await f.operate(held.run.runId, CANCEL)).toBe(true);
      for (const outcome of [
        { become: "completed" },
        { become: "failed", error: FAILURE },
        { become: "failed", error: { ...FAILURE, nonRetryable: false }, policy: forever() },
      ] as const) {
        const refused = await f.write(held, [], outcome);
        expect(refused).toMatchObject({ became: "refused", facts: { status: "running", cancelError: REASON } });
      }
      const cancelling = { do: "cancelRun", name: "", occurrence: 1, error: REASON } as const;
      expect(await f.write(held, [cancelling])).toMatchObject({ became: "written" });
      const told = { ...held, lastSeq: held.lastSeq + 1 };
      expect(await f.write(told, [], { become: "cancelled", error: REASON })).toMatchObject({ became: "written" });
      expect(await f.get(held.run.runId)).toMatchObject({ run: { status: "cancelled" }, error: REASON });
      const ended = await f.running();
      await f.write(ended, [], { become: "completed" });
      expect(await f.operate(ended.run.runId, CANCEL)).toBe(false);
    });

    it("keeps a run from parking that has not heard of it", async () => {
      const f = fixture();
      const held = await f.running();
      await f.operate(held.run.runId, CANCEL);
      const parked = { become: "parked", wakeAt: f.clock.now + 1e6 } as const;
      const outcome = await f.write(held, [], { ...parked, signals: 0 });
      expect(outcome).toMatchObject({ became: "written", status: "pending", wakeAt: f.clock.now });
      const [again] = (await f.claim(held.workerId)).claimed;
      if (again === undefined) return expect.fail("the run was not ready");
      expect(await f.write(again, [], { ...parked, signals: 1 })).toMatchObject({ status: "sleeping" });
    });

    it("is one thing or the other when it races with the end", async () => {
      const f = fixture();
      for (let round = 0; round < 10; round++) {
        const held = await f.running();
        const [written, accepted] = await Promise.all([
          f.write(held, [], { become: "completed" }),
          f.operate(held.run.runId, CANCEL),
        ]);
        expect(written.became === "written").toBe(!accepted);
      }
    });

    it("is told to whoever holds the run, once", async () => {
      const f = fixture();
      const { run, workerId } = await f.running();
      expect(await f.hear(workerId)).toEqual([]);
      await f.operate(run.runId, CANCEL);
      const heard = await f.hear(workerId);
      expect(heard).toMatchObject([{ runId: run.runId, epoch: 1, signals: 1, cancelError: REASON, messages: [] }]);
      expect(await f.hear(workerId)).toEqual([]);
      const beat = await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId }, LEASE_MS, {
        activeCount: 1,
        totalCompleted: 0,
        totalFailed: 0,
      });
      expect(beat?.granted).toMatchObject([{ runId: run.runId, cancelling: true }]);
    });
  });

  describe("pausing", () => {
    it("stops a run that waits, and resuming makes it ready", async () => {
      const f = fixture();
      const sleeping = await f.running();
      await f.write(sleeping, [], { become: "parked", wakeAt: f.clock.now + 1e6, signals: 0 });
      for (const runId of [await f.start(), sleeping.run.runId]) {
        expect(await f.operate(runId, PAUSE)).toBe(true);
        expect(await f.operate(runId, PAUSE)).toBe(false);
        expect((await f.get(runId)).run).toMatchObject({ status: "paused", pauseError: REASON });
        expect((await f.claim(await f.register())).claimed).toEqual([]);
        expect(await f.operate(runId, RESUME)).toBe(true);
        expect(await f.operate(runId, RESUME)).toBe(false);
        expect((await f.get(runId)).run).toMatchObject({ status: "pending", availableAt: f.clock.now });
        await f.operate(runId, END);
      }
    });

    it("lets whoever holds a run finish what it does, and stops it where it would go back or wait", async () => {
      const f = fixture();
      for (const outcome of [{ become: "released" }, { become: "parked", wakeAt: 1, signals: 1 }] as const) {
        const held = await f.running();
        const { runId } = held.run;
        await f.operate(runId, PAUSE);
        expect((await f.get(runId)).run).toMatchObject({ status: "running", pauseError: REASON });
        expect(await f.hear(held.workerId)).toMatchObject([{ runId, pauseError: REASON }]);
        expect(await f.write(held, [completed("a")], outcome)).toMatchObject({ became: "written", status: "paused" });
        await f.operate(runId, RESUME);
        const [again] = (await f.claim(held.workerId)).claimed;
        expect(again).toMatchObject({ lastSeq: 2, run: { runId } });
        await f.operate(runId, END);
      }
    });

    it("is no end: a run that comes to its end first has ended", async () => {
      const f = fixture();
      const held = await f.running();
      await f.operate(held.run.runId, PAUSE);
      await f.write(held, [], { become: "completed" });
      expect((await f.get(held.run.runId)).run.status).toBe("completed");
    });

    it("stops a run whose worker is lost, deregisters or gives it back", async () => {
      const f = fixture();
      const [lost, gone, given] = [await f.running(), await f.running(), await f.running()];
      for (const { run } of [lost, gone, given]) await f.operate(run.runId, PAUSE);
      await f.store.workers.deregister(DEFAULT, gone.workerId);
      await f.store.workers.release(DEFAULT, [given.run]);
      f.clock.now += LEASE_MS + 1;
      await f.takeBack(await f.store.workers.lapsed(10));
      for (const { run } of [lost, gone, given]) {
        expect((await f.get(run.runId)).run).toMatchObject({ status: "paused", pauseError: REASON });
      }
    });

    it("gives way to cancelling", async () => {
      const f = fixture();
      const held = await f.running();
      await f.operate(held.run.runId, PAUSE);
      await f.operate(held.run.runId, CANCEL);
      await f.write(held, [], { become: "released" });
      const { run } = await f.get(held.run.runId);
      expect(run).toMatchObject({ status: "pending", cancelError: REASON });
      expect(run.pauseError).toBeUndefined();
    });
  });

  describe("a run that does not match its code", () => {
    it("gets another try from workers that have its workflow in its version, and from nobody else", async () => {
      const f = fixture();
      const held = await f.running();
      const byHand = await f.start();
      await f.operate(byHand, PAUSE);
      await f.write(held, [], { become: "blocked", error: BLOCKED });
      expect(await f.store.runs.unblock(DEFAULT, [{ workflowType: "greet", version: "2" }])).toBe(0);
      expect(await f.store.runs.unblock("other" as NamespaceId, [{ workflowType: "greet", version: "1" }])).toBe(0);
      expect(await f.store.runs.unblock(DEFAULT, [{ workflowType: "greet", version: "1" }])).toBeGreaterThan(0);
      expect((await f.get(held.run.runId)).run.status).toBe("pending");
      expect((await f.get(byHand)).run.status).toBe("paused");
    });
  });

  describe("retrying a failed run", () => {
    it("gives it another attempt with its history, and a deadline anew", async () => {
      const f = fixture();
      const held = await f.running({ timeoutMs: 1000 });
      const { runId } = held.run;
      await f.write(held, [completed("a")], { become: "failed", error: FAILURE });
      f.clock.now += 5000;
      expect(await f.operate(runId, RETRY)).toBe(true);
      expect((await f.get(runId)).run).toMatchObject({ status: "pending", attempt: 2, deadlineAt: f.clock.now + 1000 });
      const types = (await f.history(runId)).map(({ kind, type }) => `${kind} ${type}`);
      expect(types).toEqual(["run started", "function completed", "run failed", "run retrying"]);
      const [again] = (await f.claim(held.workerId)).claimed;
      if (again === undefined) return expect.fail("the run was not ready");
      expect(await f.write(again, [], { become: "completed" })).toMatchObject({ became: "written" });
    });

    it("is refused in every other state", async () => {
      const f = fixture();
      const ended = await f.running();
      await f.write(ended, [], { become: "completed" });
      for (const runId of [ended.run.runId, await f.start()]) {
        await expect(f.operate(runId, RETRY)).rejects.toThrow(KagziError);
        await expect(f.operate(runId, RETRY)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
      }
    });
  });

  describe("running again from a step", () => {
    it("begins a new run with what had come to its end before that step", async () => {
      const f = fixture();
      const held = await f.running({ externalId: "original", input: json("in") });
      const nap = { do: "startSleep", name: "nap", occurrence: 1, due: { afterMs: 1000 } } as const;
      await f.write(held, [completed("a", json(1)), nap, completed("b"), completed("c")], { become: "completed" });
      const start = f.newStart({ input: json("in") });
      const source = { namespaceId: DEFAULT, runId: held.run.runId, beforeSeq: 5 };
      expect(await f.store.runs.rerun(start, source)).toMatchObject({ became: "started" });
      expect((await f.get(start.runId)).run).toMatchObject({ status: "pending", rerunOf: held.run.runId });
      const history = await f.history(start.runId);
      expect(history.map(({ epoch, name, seq }) => [seq, name, epoch])).toEqual([
        [1, "", 0],
        [2, "a", 0],
        [3, "b", 0],
      ]);
    });

    it("is no new run if the new run's id is another's", async () => {
      const f = fixture();
      const held = await f.running();
      const taken = await f.start({ externalId: "taken" });
      const start = f.newStart({ externalId: "taken" });
      const source = { namespaceId: DEFAULT, runId: held.run.runId, beforeSeq: 2 };
      expect(await f.store.runs.rerun(start, source)).toMatchObject({ became: "found", runId: taken });
    });
  });

  describe("deleting", () => {
    it("removes what has ended, with all that is known of it, and nothing else", async () => {
      const f = fixture();
      const held = await f.running({ externalId: "gone" });
      await f.write(held, [completed("a")], { become: "completed" });
      const open = await f.start({ externalId: "open" });
      const references = [held.run.runId, open].map((runId) => ({ namespaceId: DEFAULT, runId }));
      expect(await f.store.runs.delete(references)).toEqual([held.run.runId]);
      expect(await f.store.runs.get(references)).toMatchObject([undefined, { run: { runId: open } }]);
      expect(await f.history(held.run.runId)).toEqual([]);
      expect(await f.store.runs.findByExternalId(DEFAULT, "gone")).toBeUndefined();
      await f.start({ externalId: "gone" });
    });
  });

  describe("the version that new runs take", () => {
    it("is pinned until it is no more", async () => {
      const f = fixture();
      await f.register({ workflows: [{ workflowType: "pinned", version: "3" }] });
      await f.store.workers.setDefaultVersion(DEFAULT, "pinned", "2");
      await f.store.workers.setDefaultVersion(DEFAULT, "pinned", "1");
      expect(await f.store.workers.versions(DEFAULT, "pinned")).toEqual({ registered: ["3"], pinned: "1" });
      await f.store.workers.setDefaultVersion(DEFAULT, "pinned", undefined);
      expect(await f.store.workers.versions(DEFAULT, "pinned")).toEqual({ registered: ["3"] });
    });
  });
}

function forever() {
  return {
    maximumAttempts: 0,
    initialIntervalMs: 1,
    backoffCoefficient: 1,
    maximumIntervalMs: 1,
    nonRetryableErrors: [],
    intervalIncrementMs: 0,
    jitter: false,
  };
}
