import { type NamespaceId, type RunId, type WorkerId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS, completed } from "./harness.ts";

const END = {
  do: "end",
  status: "cancelled",
  error: { code: "CANCELLED", message: "the end", nonRetryable: true },
} as const;

/** Invariants L3, L4 and P2, and the comings and goings of workers. */
export function describeLeases(fixture: () => Fixture): void {
  describe("workers", () => {
    it("are kept as they registered", async () => {
      const f = fixture();
      const workerId = await f.register({
        taskQueue: "gpu",
        workflows: [{ workflowType: "greet", version: "2" }],
        maxConcurrent: 7,
        hostname: "högi",
        pid: 42,
        version: "3.1",
        labels: { zone: "a" },
        queueConcurrencyLimit: 5,
        workflowTypeConcurrency: { greet: 2 },
      });
      expect(await f.store.workers.get(DEFAULT, workerId)).toEqual({
        namespaceId: DEFAULT,
        workerId,
        taskQueue: "gpu",
        status: "online",
        workflows: [{ workflowType: "greet", version: "2" }],
        maxConcurrent: 7,
        hostname: "högi",
        pid: 42,
        version: "3.1",
        labels: { zone: "a" },
        queueConcurrencyLimit: 5,
        workflowTypeConcurrency: { greet: 2 },
        activeCount: 0,
        totalCompleted: 0,
        totalFailed: 0,
        registeredAt: f.clock.now,
        lastHeartbeatAt: f.clock.now,
      });
    });

    it("cannot register in a namespace that is not there", async () => {
      const f = fixture();
      const attempt = f.register({ namespaceId: "nowhere" as NamespaceId });
      await expect(attempt).rejects.toMatchObject({ detail: { code: "NOT_FOUND", subjectId: "nowhere" } });
    });

    it("leave the versions of their workflows behind", async () => {
      const f = fixture();
      await f.register({ workflows: ["1", "10", "2"].map((version) => ({ workflowType: "greet", version })) });
      await f.register({ workflows: [{ workflowType: "greet", version: "2" }] });
      expect((await f.store.workers.versions(DEFAULT, "greet")).registered.toSorted()).toEqual(["1", "10", "2"]);
      expect(await f.store.workers.versions(DEFAULT, "unheard-of")).toEqual({ registered: [] });
    });

    it("are listed newest first, by status and task queue, page by page", async () => {
      const f = fixture();
      const [first, second, third] = [await f.register(), await f.register({ taskQueue: "gpu" }), await f.register()];
      await f.store.workers.drain(DEFAULT, first);
      const list = async (filter: { status?: "online" | "draining"; taskQueue?: string }, before?: WorkerId) => {
        const page = { limit: 2, ...(before !== undefined && { before }) };
        const workers = await f.store.workers.list({ namespaceId: DEFAULT, ...filter }, page);
        return workers.map((worker) => worker.workerId);
      };
      expect(await list({})).toEqual([third, second]);
      expect(await list({}, second)).toEqual([first]);
      expect(await list({ status: "draining" })).toEqual([first]);
      expect(await list({ taskQueue: "gpu" })).toEqual([second]);
    });

    it("are given nothing more once they have said goodbye, not even within the same millisecond", async () => {
      const f = fixture();
      const workerId = await f.register();
      await f.store.workers.deregister(DEFAULT, workerId);
      const start = { ...f.newStart(), claimedBy: workerId };
      expect(await f.store.runs.start([start])).toMatchObject([{ became: "started", claimed: false }]);
      expect(await f.claim(workerId)).toMatchObject({ claimed: [], refused: [workerId] });
    });

    it("drain only while they are there", async () => {
      const f = fixture();
      const workerId = await f.register();
      expect(await f.store.workers.drain(DEFAULT, workerId)).toBe(true);
      await f.store.workers.deregister(DEFAULT, workerId);
      expect(await f.store.workers.drain(DEFAULT, workerId)).toBe(false);
      expect(await f.store.workers.drain(DEFAULT, f.newId() as WorkerId)).toBe(false);
    });
  });

  describe("leases", () => {
    it("are renewed by a heartbeat to an absolute time, never by adding", async () => {
      const f = fixture();
      const held = await f.running();
      for (let n = 0; n < 5; n++) {
        await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId: held.workerId }, LEASE_MS, STATS);
      }
      f.clock.now += LEASE_MS;
      expect(await f.store.workers.lapsed(10)).toEqual([]);
      f.clock.now += 1;
      expect(await f.store.workers.lapsed(10)).toMatchObject([{ runId: held.run.runId, epoch: 1 }]);
      await takeOverAll(f);
    });

    it("are named in the answer to a heartbeat, with the worker's status", async () => {
      const f = fixture();
      const held = await f.running();
      const worker = { namespaceId: DEFAULT, workerId: held.workerId };
      f.clock.now += 50;
      expect(await f.store.workers.heartbeat(worker, LEASE_MS, STATS)).toEqual({
        now: f.clock.now,
        status: "online",
        granted: [{ runId: held.run.runId, epoch: 1, claimedAt: held.run.claimedAt, cancelling: false }],
      });
      await f.store.workers.drain(DEFAULT, held.workerId);
      expect(await f.store.workers.heartbeat(worker, LEASE_MS, STATS)).toMatchObject({ status: "draining" });
      expect(await f.store.workers.get(DEFAULT, held.workerId)).toMatchObject({
        ...STATS,
        lastHeartbeatAt: f.clock.now,
      });
    });

    it("have no heartbeat without a worker", async () => {
      const f = fixture();
      const nobody = { namespaceId: DEFAULT, workerId: f.newId() as WorkerId };
      expect(await f.store.workers.heartbeat(nobody, LEASE_MS, STATS)).toBeUndefined();
    });

    it("lapse with what was recorded under them and how often the run has crashed", async () => {
      const f = fixture();
      const idle = await f.running();
      const busy = await f.running();
      await f.write(busy, [completed("a")]);
      f.clock.now += LEASE_MS + 1;
      const lapsed = await f.store.workers.lapsed(10);
      expect(lapsed.toSorted((a, b) => (a.runId < b.runId ? -1 : 1))).toEqual([
        { namespaceId: DEFAULT, runId: idle.run.runId, epoch: 1, crashes: 1, progressed: false },
        { namespaceId: DEFAULT, runId: busy.run.runId, epoch: 1, crashes: 1, progressed: true },
      ]);
      await takeOverAll(f);
    });

    it("are taken over: the run is ready again, its old worker can write no more", async () => {
      const f = fixture();
      const held = await f.running();
      f.clock.now += LEASE_MS + 1;
      expect(await takeOverAll(f)).toEqual([held.run.runId]);
      expect((await f.get(held.run.runId)).run).toMatchObject({ status: "pending", epoch: 1, crashes: 1 });
      expect(await f.write(held, [completed("late")])).toMatchObject({ became: "refused" });
      const { claimed } = await f.claim(await f.register());
      expect(claimed).toMatchObject([{ run: { epoch: 2, crashes: 2 } }]);
      expect(await f.write(held, [completed("later still")])).toMatchObject({ became: "refused", facts: { epoch: 2 } });
    });

    it("that were renewed after they were found lapsed are left alone", async () => {
      const f = fixture();
      const held = await f.running();
      f.clock.now += LEASE_MS + 1;
      const lapsed = await f.store.workers.lapsed(10);
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId: held.workerId }, LEASE_MS, STATS);
      expect(await f.takeBack(lapsed)).toEqual([]);
      expect((await f.get(held.run.runId)).run.status).toBe("running");
    });

    it("are taken over by one of two servers that try", async () => {
      const f = fixture();
      await f.running();
      f.clock.now += LEASE_MS + 1;
      const lapsed = await f.store.workers.lapsed(10);
      const both = await Promise.all([f.takeBack(lapsed), f.takeBack(lapsed)]);
      expect(both.flat()).toHaveLength(1);
    });

    it("of a run that keeps ending its workers end as POISON, with waits between", async () => {
      const f = fixture();
      const runId = await f.start();
      const waits: number[] = [];
      for (;;) {
        const workerId = await f.register();
        const { claimed, nextAt } = await f.claim(workerId);
        if (claimed.length === 0) {
          if (nextAt === undefined) break;
          waits.push(nextAt - f.clock.now);
          f.clock.now = nextAt;
          continue;
        }
        f.clock.now += LEASE_MS + 1;
        await takeOverAll(f);
      }
      expect(waits).toEqual([2000, 4000, 8000]);
      expect(await f.get(runId)).toMatchObject({ run: { status: "failed", epoch: 5 }, error: { code: "POISON" } });
    });

    it("of workers that live on do not count: the run is claimed again by whomever, and begins a new count", async () => {
      const f = fixture();
      const first = await f.running();
      const [second, third] = [await f.register(), await f.register()];
      f.clock.now += LEASE_MS + 1;
      await takeOverAll(f);
      for (const workerId of [first.workerId, second]) await beat(f, workerId);
      expect((await f.claim(second)).claimed).toMatchObject([{ run: { crashes: 1 } }]);
      f.clock.now += LEASE_MS + 1;
      await takeOverAll(f);
      await beat(f, third);
      expect((await f.claim(third)).claimed).toMatchObject([{ run: { crashes: 2 } }]);
    });

    it("that are lost and spoken of count no more, nor do those before them; later ones do", async () => {
      const f = fixture();
      const { run } = await f.running();
      for (const crashes of [2, 3]) {
        f.clock.now += LEASE_MS + 1;
        await takeOverAll(f);
        f.clock.now += 10_000;
        expect((await f.claim(await f.register())).claimed).toMatchObject([{ run: { crashes } }]);
      }
      const crashesOnceSpokenOf = async (epoch: number) => {
        await f.store.workers.excuse(DEFAULT, [{ runId: run.runId, epoch }]);
        return (await f.get(run.runId)).run.crashes;
      };
      // What holds, is still to come or is of another run says nothing.
      expect([await crashesOnceSpokenOf(3), await crashesOnceSpokenOf(4)]).toEqual([3, 3]);
      await f.store.workers.excuse(DEFAULT, [{ runId: f.newId() as RunId, epoch: 1 }]);
      expect([await crashesOnceSpokenOf(1), await crashesOnceSpokenOf(1)]).toEqual([2, 2]);
      f.clock.now += LEASE_MS + 1;
      await takeOverAll(f);
      expect([await crashesOnceSpokenOf(2), await crashesOnceSpokenOf(3)]).toEqual([1, 0]);
      await f.operate(run.runId, END);
      await f.store.workers.excuse(DEFAULT, [{ runId: run.runId, epoch: 3 }]);
    });

    it("are given back without counting a crash", async () => {
      const f = fixture();
      const held = await f.running();
      const kept = await f.running();
      await f.store.workers.release(DEFAULT, [
        { runId: held.run.runId, epoch: 1 },
        { runId: kept.run.runId, epoch: 7 },
      ]);
      expect((await f.get(held.run.runId)).run).toMatchObject({
        status: "pending",
        crashes: 0,
        availableAt: f.clock.now,
      });
      expect((await f.get(kept.run.runId)).run).toMatchObject({ status: "running" });
    });

    it("go back when their worker says goodbye", async () => {
      const f = fixture();
      const held = await f.running();
      const other = await f.running();
      expect(await f.store.workers.deregister(DEFAULT, held.workerId)).toBe(true);
      expect((await f.get(held.run.runId)).run).toMatchObject({ status: "pending", crashes: 0 });
      expect((await f.get(other.run.runId)).run.status).toBe("running");
      expect(await f.store.workers.get(DEFAULT, held.workerId)).toMatchObject({ status: "offline" });
      expect(await f.store.workers.deregister(DEFAULT, f.newId() as WorkerId)).toBe(false);
    });

    it("are not given back to a worker that was given up and is heard of again", async () => {
      const f = fixture();
      const held = await f.running();
      f.clock.now += LEASE_MS + 1;
      await takeOverAll(f);
      await f.store.workers.sweep(1e9);
      expect(await f.store.workers.get(DEFAULT, held.workerId)).toMatchObject({ status: "offline" });
      const worker = { namespaceId: DEFAULT, workerId: held.workerId };
      expect(await f.store.workers.heartbeat(worker, LEASE_MS, STATS)).toMatchObject({ status: "online", granted: [] });
    });

    it("keep their worker from being marked offline until they are taken over", async () => {
      const f = fixture();
      const held = await f.running();
      f.clock.now += LEASE_MS + 1;
      await f.store.workers.sweep(1e9);
      expect(await f.store.workers.get(DEFAULT, held.workerId)).toMatchObject({ status: "online" });
      await takeOverAll(f);
      await f.store.workers.sweep(1e9);
      expect(await f.store.workers.get(DEFAULT, held.workerId)).toMatchObject({ status: "offline" });
    });

    it("are forgotten with workers that have long been offline", async () => {
      const f = fixture();
      const workerId = await f.register();
      await f.store.workers.deregister(DEFAULT, workerId);
      f.clock.now += 1000;
      await f.store.workers.sweep(1000);
      expect(await f.store.workers.get(DEFAULT, workerId)).toBeDefined();
      f.clock.now += 1;
      await f.store.workers.sweep(1000);
      expect(await f.store.workers.get(DEFAULT, workerId)).toBeUndefined();
    });
  });
}

async function beat(f: Fixture, workerId: WorkerId) {
  await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId }, LEASE_MS, STATS);
}

async function takeOverAll(f: Fixture) {
  return f.takeBack(await f.store.workers.lapsed(100));
}
