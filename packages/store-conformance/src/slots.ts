import { CALL_MS, type RunId, type SlotClaim, type WorkflowLimits } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS } from "./harness.ts";

const ONE: WorkflowLimits = { concurrency: [{ limit: 1 }] };
const MINUTE = 60_000;

/** Slots of named limits: never more than there are, given out in the order of the line, and lost with the lease alone. */
export function describeSlots(fixture: () => Fixture): void {
  const declare = (declared: WorkflowLimits) => fixture().store.slots.declare(DEFAULT, [{ name: "api", declared }]);

  /** A run that is held, and the claim of a step of it. */
  const held = async (priority = 0) => {
    const { run, lastSeq } = await fixture().running({ priority });
    const claim: SlotClaim = { namespaceId: DEFAULT, name: "api", runId: run.runId, step: "ask", epoch: run.epoch };
    return { run, lastSeq, claim };
  };

  const acquire = async (claim: SlotClaim) => (await fixture().store.slots.acquire(claim, fixture().newId())).became;
  const call = async () => (await fixture().store.slots.call(DEFAULT, "api")).runs.map(({ runId }) => runId);
  const holders = async () =>
    (await fixture().store.slots.usage({ namespaceId: DEFAULT, name: "api" }, { limit: 10, windowMs: 0 })).holders.map(
      ({ runId }) => runId,
    );

  describe("slots", () => {
    it("are refused where there is no such limit, or no such lease", async () => {
      const { claim } = await held();
      const { slots } = fixture().store;
      expect(await slots.acquire(claim, fixture().newId())).toEqual({ became: "refused", because: "noLimit" });
      await declare(ONE);
      const refused = { became: "refused", because: "leaseLost" };
      expect(await slots.acquire({ ...claim, epoch: 7 }, fixture().newId())).toEqual(refused);
      const nobody = { ...claim, runId: fixture().newId() as RunId };
      expect(await slots.acquire(nobody, fixture().newId())).toEqual(refused);
      expect(await slots.call(DEFAULT, "other")).toMatchObject({ runs: [] });
    });

    it("are what the code says, until an operator says otherwise", async () => {
      const { slots } = fixture().store;
      expect(await slots.get(DEFAULT, "api")).toBeUndefined();
      expect(await slots.override(DEFAULT, "api", ONE)).toBe(false);
      await declare(ONE);
      const override = { concurrency: [{ limit: 2 }] };
      expect(await slots.override(DEFAULT, "api", override)).toBe(true);
      expect(await slots.get(DEFAULT, "api")).toEqual({ name: "api", declared: ONE, override });
      const [first, second, third] = [await held(), await held(), await held()];
      expect(await Promise.all([first, second, third].map(({ claim }) => acquire(claim)))).toEqual(
        expect.arrayContaining(["granted", "granted", "waiting"]),
      );
    });

    it("are given once to a step that asks again because the answer was lost", async () => {
      await declare(ONE);
      const { claim, run } = await held();
      expect([await acquire(claim), await acquire(claim)]).toEqual(["granted", "granted"]);
      expect(await holders()).toEqual([run.runId]);
      await fixture().store.slots.release(claim);
      await fixture().store.slots.release(claim);
      expect(await holders()).toEqual([]);
    });

    it("go to those who wait in the order in which they came, and to newcomers after them", async () => {
      const f = fixture();
      await declare(ONE);
      const [first, second, third, late] = [await held(), await held(), await held(), await held()];
      expect(await acquire(first.claim)).toBe("granted");
      for (const { claim } of [second, third]) {
        f.clock.now += 1;
        expect(await acquire(claim)).toBe("waiting");
      }
      expect(await call()).toEqual([]);
      await f.store.slots.release(first.claim);
      f.clock.now += 1;
      expect(await acquire(late.claim)).toBe("waiting");
      expect(await call()).toEqual([second.run.runId]);
      // Whoever was called is waited for.
      expect(await call()).toEqual([]);
      expect(await acquire(third.claim)).toBe("waiting");
      expect(await acquire(second.claim)).toBe("granted");
      expect(await f.store.slots.waits(third.run)).toMatchObject([{ name: "api", step: "ask" }]);
      expect(await f.store.slots.waited(10)).toEqual([{ namespaceId: DEFAULT, name: "api" }]);
    });

    it("go to those who came at the same time in the order in which they are called", async () => {
      const f = fixture();
      await declare({ concurrency: [{ limit: 2 }] });
      const before = [await held(), await held()];
      const waiting = [await held(), await held(), await held(), await held()];
      for (const { claim } of before) expect(await acquire(claim)).toBe("granted");
      for (const { claim } of waiting) expect(await acquire({ ...claim, step: "b" })).toBe("waiting");
      for (const { claim } of before) await f.store.slots.release(claim);
      const called = await call();
      expect(called).toHaveLength(2);
      for (const { claim } of waiting) {
        const wanted = called.includes(claim.runId) ? "granted" : "waiting";
        expect(await acquire({ ...claim, step: "b" })).toBe(wanted);
      }
    });

    it("go to a run of a higher priority first", async () => {
      const f = fixture();
      await declare(ONE);
      const [first, low, high] = [await held(), await held(), await held(5)];
      await acquire(first.claim);
      await acquire(low.claim);
      f.clock.now += 1;
      await acquire(high.claim);
      await f.store.slots.release(first.claim);
      expect(await call()).toEqual([high.run.runId]);
    });

    it("wake the run that is called: it is ready if it waits, and hears of it if it does not", async () => {
      const f = fixture();
      await declare(ONE);
      const [first, parked, busy] = [await held(), await held(), await held()];
      await acquire(first.claim);
      await acquire(parked.claim);
      f.clock.now += 1;
      await acquire(busy.claim);
      await f.write(parked, [], { become: "parked", signals: 0, forMessages: true });
      expect((await f.get(parked.run.runId)).run.status).toBe("waiting");
      await f.store.slots.release(first.claim);
      const [called] = (await f.store.slots.call(DEFAULT, "api")).runs;
      expect(called).toMatchObject({ runId: parked.run.runId, status: "pending" });
      expect((await f.get(parked.run.runId)).run).toMatchObject({ status: "pending", signals: 1 });
      await f.store.slots.release(parked.claim);
      const [next] = (await f.store.slots.call(DEFAULT, "api")).runs;
      expect(next).toMatchObject({ runId: busy.run.runId, status: "running", workerId: busy.run.workerId });
      expect(await f.hear(busy.run.workerId)).toMatchObject([{ runId: busy.run.runId, signals: 1, messages: [] }]);
    });

    it("are held by nobody whose lease has ended", async () => {
      const f = fixture();
      await declare(ONE);
      const [lost, next] = [await held(), await held()];
      await acquire(lost.claim);
      await acquire(next.claim);
      f.clock.now += LEASE_MS + 1;
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId: next.run.workerId }, LEASE_MS, STATS);
      expect(await call()).toEqual([]);
      await f.takeBack(await f.store.workers.lapsed(10));
      expect(await holders()).toEqual([]);
      expect(await call()).toEqual([next.run.runId]);
      expect(await acquire(next.claim)).toBe("granted");
    });

    it("wait for nobody who was called and did not come, or whose run is over or paused", async () => {
      const f = fixture();
      await declare(ONE);
      const [first, absent, over, paused, last] = [
        await held(),
        await held(),
        await held(),
        await held(),
        await held(),
      ];
      await acquire(first.claim);
      for (const { claim } of [absent, over, paused, last]) {
        f.clock.now += 1;
        await acquire(claim);
      }
      await f.write(over, [], { become: "completed" });
      await f.write(paused, [], { become: "parked", signals: 0, forMessages: true });
      const error = { code: "PRECONDITION_FAILED", message: "wait", nonRetryable: false } as const;
      await f.operate(paused.run.runId, { do: "pause", error });
      await f.store.slots.release(first.claim);
      expect(await call()).toEqual([absent.run.runId]);
      f.clock.now += CALL_MS;
      expect(await call()).toEqual([last.run.runId]);
      expect(await acquire(last.claim)).toBe("granted");
    });

    it("are given out so many times within a time", async () => {
      const f = fixture();
      await declare({ concurrency: [], throttle: { limit: 2, perMs: MINUTE } });
      const { claim } = await held();
      for (const [step, became] of [
        ["a", "granted"],
        ["b", "granted"],
        ["c", "waiting"],
      ] as const) {
        expect(await acquire({ ...claim, step })).toBe(became);
        await f.store.slots.release({ ...claim, step: step === "c" ? "none" : step });
        f.clock.now += 10;
      }
      const called = await f.store.slots.call(DEFAULT, "api");
      expect(called).toEqual({ runs: [], now: f.clock.now, nextAt: f.clock.now - 30 + MINUTE });
      f.clock.now += MINUTE - 31;
      expect(await call()).toEqual([]);
      f.clock.now += 1;
      expect(await call()).toEqual([claim.runId]);
    });

    it("hold against claims that come at the same time", async () => {
      await declare({ concurrency: [{ limit: 3 }] });
      const claims = [];
      for (let count = 0; count < 8; count++) claims.push((await held()).claim);
      const outcomes = await Promise.all(claims.map(acquire));
      expect(outcomes.filter((became) => became === "granted")).toHaveLength(3);
      expect(
        await fixture().store.slots.usage({ namespaceId: DEFAULT, name: "api" }, { limit: 10, windowMs: 0 }),
      ).toMatchObject({ waiting: 5 });
    });
  });
}
