import type { Candidate, NamespaceId, RunId, WorkerId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS, assignAllTo, completed } from "./harness.ts";

const TOO_LATE = { code: "TIMEOUT", message: "too late", nonRetryable: true } as const;

/** Invariants L1, L2 and R6, and the order in which runs are taken. */
export function describeClaims(fixture: () => Fixture): void {
  describe("claiming runs", () => {
    it("gives a lease with the next epoch and tells how long the history is", async () => {
      const f = fixture();
      const workerId = await f.register();
      const runId = await f.start();
      f.clock.now += 5;
      const { now, claimed, more, nextAt } = await f.claim(workerId);
      expect([now, more, nextAt]).toEqual([f.clock.now, [], undefined]);
      expect(claimed).toMatchObject([
        {
          run: {
            runId,
            status: "running",
            epoch: 1,
            crashes: 1,
            workerId,
            claimedAt: f.clock.now,
            startedAt: f.clock.now,
          },
          lastSeq: 1,
          sameWorker: false,
        },
      ]);
      expect((await f.get(runId)).run).toEqual(claimed[0]?.run);
    });

    it("gives a run to one worker alone", async () => {
      const f = fixture();
      const workers = await Promise.all(Array.from({ length: 5 }, () => f.register()));
      await f.store.runs.start(Array.from({ length: 50 }, () => f.newStart()));
      const results = await Promise.all(workers.map((workerId) => f.claim(workerId, 20)));
      const rest = await f.claim(workers[0] as WorkerId, 100);
      const ids = [...results, rest].flatMap(({ claimed }) => claimed.map(({ run }) => run.runId));
      expect(ids).toHaveLength(50);
      expect(new Set(ids).size).toBe(50);
    });

    it("leases nothing to a worker that was not heard of in time, and says so", async () => {
      const f = fixture();
      const [silent, heard] = [await f.register(), await f.register()];
      const runId = await f.start();
      f.clock.now += LEASE_MS + 1;
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId: heard }, LEASE_MS, STATS);
      expect(await f.claim(silent)).toMatchObject({
        claimed: [],
        refused: [silent],
        more: [{ workflowType: "greet" }],
      });
      expect((await f.get(runId)).run).toMatchObject({ status: "pending", epoch: 0, crashes: 0 });
      const { claimed, refused } = await f.claim(heard);
      expect([claimed.map(({ run }) => run.runId), refused]).toEqual([[runId], []]);
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId: silent }, LEASE_MS, STATS);
      await f.start();
      expect((await f.claim(silent)).claimed).toHaveLength(1);
    });

    it("raises the epoch by one with each claim, and keeps the time of the first", async () => {
      const f = fixture();
      const first = await f.running();
      f.clock.now += 100;
      await f.write(first, [], { become: "released" });
      const { claimed } = await f.claim(first.workerId);
      expect(claimed).toMatchObject([
        { run: { epoch: 2, crashes: 1, startedAt: first.run.startedAt, claimedAt: f.clock.now }, sameWorker: true },
      ]);
    });

    it("waits until a run is ready, and tells when the next one is", async () => {
      const f = fixture();
      const workerId = await f.register();
      await f.start({ delayMs: 2000 });
      const runId = await f.start({ delayMs: 1000 });
      expect(await f.claim(workerId)).toMatchObject({ claimed: [], more: [], nextAt: f.clock.now + 1000 });
      f.clock.now += 1000;
      const { claimed, nextAt } = await f.claim(workerId);
      expect(claimed.map(({ run }) => run.runId)).toEqual([runId]);
      expect(nextAt).toBe(f.clock.now + 1000);
    });

    it("takes a sleeping run when its sleep is over, and no sooner", async () => {
      const f = fixture();
      const held = await f.running();
      const nap = { name: "nap", occurrence: 1, do: "startSleep", due: { afterMs: 500 } } as const;
      await f.write(held, [nap], { become: "parked" });
      f.clock.now += 499;
      expect((await f.claim(held.workerId)).claimed).toEqual([]);
      f.clock.now += 1;
      expect((await f.claim(held.workerId)).claimed).toMatchObject([{ run: { epoch: 2 }, lastSeq: 2 }]);
    });

    it("takes a sleeping run ahead of its time where that is asked for, and says when it is over", async () => {
      const f = fixture();
      const [held, other] = [await f.running(), await f.running()];
      const readyAt = f.clock.now + 500;
      await f.write(held, [], { become: "parked", wakeAt: readyAt });
      await f.write(other, [], { become: "parked", wakeAt: f.clock.now + 2000 });
      const ahead = (aheadMs: number) => f.claim(held.workerId, 100, { aheadMs });
      expect(await ahead(499)).toMatchObject({ claimed: [], nextAt: f.clock.now + 1 });
      const { claimed, nextAt } = await ahead(500);
      expect(claimed).toMatchObject([{ run: { runId: held.run.runId, epoch: 2, claimedAt: f.clock.now }, readyAt }]);
      expect(nextAt).toBe(f.clock.now + 1500);
      f.clock.now += 2000;
      const [last] = (await ahead(500)).claimed;
      expect(last?.run.runId).toBe(other.run.runId);
      expect(last).not.toHaveProperty("readyAt");
    });

    it("takes no start ahead of its time, whatever sleeps beside it", async () => {
      const f = fixture();
      const held = await f.running();
      await f.start({ delayMs: 300 });
      await f.write(held, [], { become: "parked", wakeAt: f.clock.now + 400 });
      const { claimed, nextAt } = await f.claim(held.workerId, 100, { aheadMs: 500 });
      expect(claimed.map(({ run }) => run.runId)).toEqual([held.run.runId]);
      expect(nextAt).toBe(f.clock.now + 300);
    });

    it("takes no run whose deadline has passed, tells of it, and reads no more of them than are wanted", async () => {
      const f = fixture();
      const workerId = await f.register();
      const late = [await f.start({ startTimeoutMs: 500 }), await f.start({ startTimeoutMs: 500 })];
      f.clock.now += 1;
      const inTime = await f.start({ startTimeoutMs: 500 });
      f.clock.now += 499;
      const none = await f.claim(workerId, 2);
      expect(none).toMatchObject({ claimed: [], refused: [], more: [{ workflowType: "greet", version: "1" }] });
      expect(none.overdue.toSorted()).toEqual(late.toSorted());
      const { claimed, overdue } = await f.claim(workerId, 3);
      expect([claimed.map(({ run }) => run.runId), overdue.toSorted()]).toEqual([[inTime], late.toSorted()]);
      for (const runId of late) await f.operate(runId, { do: "end", status: "failed", error: TOO_LATE });
      expect(await f.claim(workerId)).toMatchObject({ claimed: [], overdue: [], more: [] });
    });

    it("takes no run whose deadline passes while it waits to be taken again", async () => {
      const f = fixture();
      const [held, given] = [await f.running({ timeoutMs: 1000 }), await f.running({ timeoutMs: 1000 })];
      await f.write(held, [], { become: "parked", wakeAt: f.clock.now + 1000 });
      await f.store.workers.release(DEFAULT, [given.run]);
      f.clock.now += 1000;
      const { claimed, overdue } = await f.claim(held.workerId);
      expect(claimed).toEqual([]);
      expect(overdue.toSorted()).toEqual([held.run.runId, given.run.runId].toSorted());
    });

    it("takes no sleeping run ahead of its time whose deadline comes before that", async () => {
      const f = fixture();
      const runs = [await f.running({ timeoutMs: 400 }), await f.running({ timeoutMs: 401 })] as const;
      const wakeAt = f.clock.now + 400;
      for (const held of runs) await f.write(held, [], { become: "parked", wakeAt });
      const { claimed, nextAt, overdue } = await f.claim(runs[0].workerId, 100, { aheadMs: 500 });
      expect(claimed.map(({ run }) => run.runId)).toEqual([runs[1].run.runId]);
      expect([overdue, nextAt]).toEqual([[], wakeAt]);
    });

    it("takes the higher priority first, and within one the run that was ready first", async () => {
      const f = fixture();
      const workerId = await f.register();
      const ids: RunId[] = [];
      for (const priority of [0, 5, -3, 5, 0]) {
        ids.push(await f.start({ priority }));
        f.clock.now += 1;
      }
      const order: RunId[] = [];
      for (;;) {
        const { claimed } = await f.claim(workerId, 1);
        if (claimed.length === 0) break;
        order.push(...claimed.map(({ run }) => run.runId));
      }
      expect(order.map((runId) => ids.indexOf(runId))).toEqual([1, 3, 0, 4, 2]);
    });

    it("gives a high priority that is not ready yet no say over those that are", async () => {
      const f = fixture();
      const workerId = await f.register();
      await f.start({ priority: 9, delayMs: 1000 });
      const runId = await f.start({ priority: 1 });
      const { claimed, nextAt } = await f.claim(workerId);
      expect(claimed.map(({ run }) => run.runId)).toEqual([runId]);
      expect(nextAt).toBe(f.clock.now + 1000);
    });

    it("takes only what is asked for: namespace, task queue, workflow and version", async () => {
      const f = fixture();
      const workerId = await f.register();
      const other = "other" as NamespaceId;
      await f.store.namespaces.create(other, "");
      await f.start({ namespaceId: other });
      await f.start({ taskQueue: "gpu" });
      await f.start({ workflowType: "part" });
      await f.start({ version: "2" });
      const runId = await f.start();
      expect((await f.claim(workerId)).claimed.map(({ run }) => run.runId)).toEqual([runId]);
    });

    it("takes several workflows at once, each up to what is wanted of it", async () => {
      const f = fixture();
      const workerId = await f.register();
      for (const workflowType of ["greet", "part"]) for (let n = 0; n < 3; n++) await f.start({ workflowType });
      const { claimed, more } = await f.store.runs.claim({
        namespaceId: DEFAULT,
        taskQueue: "",
        wanted: [
          { workflowType: "greet", version: "1", limit: 2 },
          { workflowType: "part", version: "1", limit: 1 },
        ],
        assign: assignAllTo(workerId),
      });
      expect(claimed.map(({ run }) => run.workflowType).toSorted()).toEqual(["greet", "greet", "part"]);
      expect(more.map((workflow) => workflow.workflowType)).toEqual(["greet", "part"]);
    });

    it("tells of which workflows there may be more, each for itself", async () => {
      const f = fixture();
      const workerId = await f.register();
      for (let n = 0; n < 3; n++) await f.start();
      const { claimed, more } = await f.store.runs.claim({
        namespaceId: DEFAULT,
        taskQueue: "",
        wanted: [
          { workflowType: "greet", version: "1", limit: 2 },
          { workflowType: "part", version: "1", limit: 5 },
        ],
        assign: assignAllTo(workerId),
      });
      expect(claimed).toHaveLength(2);
      expect(more).toMatchObject([{ workflowType: "greet", version: "1" }]);
    });

    it("leaves a run that is given to nobody as it was", async () => {
      const f = fixture();
      const runId = await f.start();
      const before = await f.get(runId);
      const result = await f.store.runs.claim({
        namespaceId: DEFAULT,
        taskQueue: "",
        wanted: [{ workflowType: "greet", version: "1", limit: 10 }],
        assign: () => [],
      });
      expect(result).toMatchObject({ claimed: [], more: [{ workflowType: "greet" }] });
      expect(await f.get(runId)).toEqual(before);
    });

    it("names the worker that held the run last, so that it may have it again", async () => {
      const f = fixture();
      const held = await f.running();
      await f.write(held, [completed("a")], { become: "released" });
      const seen: unknown[] = [];
      await f.store.runs.claim({
        namespaceId: DEFAULT,
        taskQueue: "",
        wanted: [{ workflowType: "greet", version: "1", limit: 10 }],
        assign: (candidates) => {
          seen.push(...candidates);
          return [];
        },
      });
      const { runId } = held.run;
      const about = { runId, workflowType: "greet", version: "1", workerId: held.workerId };
      expect(seen).toEqual([{ ...about, availableAt: f.clock.now, isDue: false }]);
    });

    it("tells since when a run is ready, and whether it is because its time is over", async () => {
      const f = fixture();
      const begin = f.clock.now;
      const held = await f.running();
      await f.write(held, [], { become: "parked", wakeAt: begin + 500 });
      f.clock.now += 2000;
      const seen: unknown[] = [];
      const wanted = [{ workflowType: "greet", version: "1", limit: 10 }];
      const assign = (candidates: readonly Candidate[]) => {
        seen.push(...candidates.map(({ availableAt, isDue }) => ({ availableAt, isDue })));
        return [];
      };
      await f.store.runs.claim({ namespaceId: DEFAULT, taskQueue: "", wanted, assign });
      expect(seen).toEqual([{ availableAt: begin + 500, isDue: true }]);
    });

    it("claims nothing that is running, paused or over", async () => {
      const f = fixture();
      await f.running();
      const paused = await f.running();
      await f.write(paused, [], { become: "blocked", error: { code: "INTERNAL", message: "m", nonRetryable: true } });
      const over = await f.running();
      await f.write(over, [], { become: "completed" });
      f.clock.now += 1e9;
      expect((await f.claim(over.workerId)).claimed).toEqual([]);
    });
  });
}
