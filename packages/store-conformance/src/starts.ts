import type { NamespaceId, RunId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, began, bytesOf, json } from "./harness.ts";

/** Invariants R3, R4 and D1: a start is there once and as it was given. */
export function describeStarts(fixture: () => Fixture): void {
  describe("starting runs", () => {
    it("keeps a run as it was given, its input as the first record of its history", async () => {
      const f = fixture();
      const retryPolicy = {
        maximumAttempts: 3,
        initialIntervalMs: 10,
        backoffCoefficient: 2,
        maximumIntervalMs: 100,
        nonRetryableErrors: ["Nope"],
        intervalIncrementMs: 5,
        jitter: true,
      };
      const start = f.newStart({
        externalId: "order-1",
        taskQueue: "gpu",
        version: "2",
        priority: -7,
        retryPolicy,
        delayMs: 1500,
        timeoutMs: 60_000,
        startTimeoutMs: 30_000,
        parent: { runId: "01900000-0000-7000-8000-000000000000" as RunId, step: "child#2", awaited: false },
        input: json({ amount: 1 }),
      });
      await f.store.runs.start([start]);

      const { run, input, output, error } = await f.get(start.runId);
      expect(run).toEqual({
        namespaceId: DEFAULT,
        runId: start.runId,
        externalId: "order-1",
        taskQueue: "gpu",
        workflowType: "greet",
        version: "2",
        status: "pending",
        priority: -7,
        attempt: 1,
        epoch: 0,
        crashes: 0,
        retryPolicy,
        createdAt: f.clock.now,
        availableAt: f.clock.now + 1500,
        deadlineAt: f.clock.now + 31_500,
        timeoutMs: 60_000,
        parent: start.parent,
        signals: 0,
      });
      expect(bytesOf(input)).toEqual(bytesOf(start.input));
      expect([output, error]).toEqual([undefined, undefined]);
      expect(await f.history(start.runId)).toMatchObject([{ seq: 1, epoch: 0, kind: "run", type: "started" }]);
    });

    it("tells the time at which the run began", async () => {
      const f = fixture();
      const outcomes = await f.store.runs.start([f.newStart()]);
      expect(outcomes).toEqual([{ became: "started", now: f.clock.now, claimed: false }]);
    });

    it("gives a run to the worker that takes it with its start, under its first lease", async () => {
      const f = fixture();
      const workerId = await f.register();
      const runId = await f.start({ claimedBy: workerId });
      expect((await f.get(runId)).run).toMatchObject({
        status: "running",
        epoch: 1,
        crashes: 1,
        workerId,
        claimedAt: f.clock.now,
        startedAt: f.clock.now,
      });
    });

    it("leaves a run to others if that worker was not heard of in time", async () => {
      const f = fixture();
      const workerId = await f.register();
      f.clock.now += LEASE_MS + 1;
      const start = f.newStart({ claimedBy: workerId });
      expect(await f.store.runs.start([start])).toMatchObject([{ became: "started", claimed: false }]);
      expect((await f.get(start.runId)).run).toMatchObject({ status: "pending", epoch: 0, crashes: 0 });
      expect((await f.claim(await f.register())).claimed).toHaveLength(1);
    });

    it("begins a run once, however often the same start is made", async () => {
      const f = fixture();
      for (const start of [f.newStart(), f.newStart({ externalId: "order-1" })]) {
        await f.store.runs.start([start]);
        const [again] = await f.store.runs.start([start]);
        expect(again).toMatchObject({ became: "found", runId: start.runId });
        expect(await f.history(start.runId)).toHaveLength(1);
      }
    });

    it("finds a run by its own id first, and takes no external id for it that it does not have", async () => {
      const f = fixture();
      const runId = await f.start({ externalId: "order-1", fingerprint: "abc" });
      await f.start({ externalId: "order-2", fingerprint: "other" });
      for (const externalId of ["order-2", "order-3"]) {
        const again = f.newStart({ runId, externalId, fingerprint: "xyz" });
        expect(await f.store.runs.start([again])).toEqual([{ became: "found", runId, fingerprint: "xyz" }]);
      }
      expect(await f.store.runs.findByExternalId(DEFAULT, "order-3")).toBeUndefined();
    });

    it("begins a run once that is several times in one batch, under the first external id", async () => {
      const f = fixture();
      for (const together of [false, true]) {
        const { runId } = f.newStart();
        const starts = ["a", "b", "b"].map((name) => f.newStart({ runId, externalId: `${name}-${together}` }));
        const outcomes = await (together ? f.store.runs.startTogether(starts) : f.store.runs.start(starts));
        expect(outcomes).toMatchObject([{ became: "started" }, { became: "found", runId }, { became: "found", runId }]);
        expect(await f.history(runId)).toHaveLength(1);
        expect(await f.store.runs.findByExternalId(DEFAULT, `a-${together}`)).toBe(runId);
        expect(await f.store.runs.findByExternalId(DEFAULT, `b-${together}`)).toBeUndefined();
      }
    });

    it("finds the first run when its external id is used again", async () => {
      const f = fixture();
      const runId = await f.start({ externalId: "order-1", fingerprint: "abc" });
      const again = await f.store.runs.start([f.newStart({ externalId: "order-1", fingerprint: "xyz" })]);
      expect(again).toEqual([{ became: "found", runId, fingerprint: "abc" }]);
      expect(await f.store.runs.findByExternalId(DEFAULT, "order-1")).toBe(runId);
    });

    it("keeps an external id taken after its run has ended", async () => {
      const f = fixture();
      const held = await f.running({ externalId: "order-1" });
      await f.write(held, [], { become: "completed" });
      const [again] = await f.store.runs.start([f.newStart({ externalId: "order-1" })]);
      expect(again).toMatchObject({ became: "found", runId: held.run.runId });
    });

    it("starts one run of several with the same external id in one batch", async () => {
      const f = fixture();
      const starts = [1, 2, 3].map(() => f.newStart({ externalId: "order-1" }));
      const outcomes = await f.store.runs.start(starts);
      expect(outcomes.filter(began)).toHaveLength(1);
      const winner = starts[outcomes.findIndex(began)]?.runId;
      expect(outcomes.filter((outcome) => !began(outcome))).toEqual([
        { became: "found", runId: winner, fingerprint: "same" },
        { became: "found", runId: winner, fingerprint: "same" },
      ]);
    });

    it("starts one run of many that race for an external id", async () => {
      const f = fixture();
      const races = await Promise.all(
        Array.from({ length: 20 }, () => f.store.runs.start([f.newStart({ externalId: "order-1" })])),
      );
      const outcomes = races.flat();
      expect(outcomes.filter(began)).toHaveLength(1);
      const runId = await f.store.runs.findByExternalId(DEFAULT, "order-1");
      for (const outcome of outcomes) if (!began(outcome)) expect(outcome).toMatchObject({ became: "found", runId });
    });

    it("finds a run that is there by its own id, and gives it no other external id", async () => {
      const f = fixture();
      const runId = await f.start();
      const owner = await f.start({ externalId: "taken", fingerprint: "owner" });
      const again = ["free", "taken"].map((externalId) => f.newStart({ runId, externalId, fingerprint: "again" }));
      for (const start of again) {
        expect(await f.store.runs.start([start])).toEqual([{ became: "found", runId, fingerprint: "again" }]);
      }
      expect(await f.store.runs.findByExternalId(DEFAULT, "free")).toBeUndefined();
      expect(await f.store.runs.findByExternalId(DEFAULT, "taken")).toBe(owner);
      expect(await f.start({ externalId: "free" })).not.toBe(runId);
    });

    it("keeps external ids apart by namespace", async () => {
      const f = fixture();
      const other = "other" as NamespaceId;
      await f.store.namespaces.create(other, "");
      await f.start({ externalId: "order-1" });
      const [outcome] = await f.store.runs.start([f.newStart({ externalId: "order-1", namespaceId: other })]);
      expect(outcome).toMatchObject({ became: "started" });
    });

    it("refuses a namespace that is not there or is disabled, and starts the rest of the batch", async () => {
      const f = fixture();
      const off = "off" as NamespaceId;
      await f.store.namespaces.create(off, "");
      await f.store.namespaces.update(off, { enabled: false });
      const outcomes = await f.store.runs.start([
        f.newStart({ namespaceId: "nowhere" as NamespaceId, externalId: "a" }),
        f.newStart({ namespaceId: off, externalId: "a" }),
        f.newStart(),
      ]);
      expect(outcomes).toMatchObject([
        { became: "refused", because: "noNamespace" },
        { became: "refused", because: "namespaceDisabled" },
        { became: "started" },
      ]);
      expect(await f.store.runs.findByExternalId(off, "a")).toBeUndefined();
    });

    it("starts in a disabled namespace what a run that is there awaits, and finds what had been started", async () => {
      const f = fixture();
      const off = "off" as NamespaceId;
      await f.store.namespaces.create(off, "");
      const parent = f.newStart({ namespaceId: off, externalId: "a" });
      await f.store.runs.start([parent]);
      await f.store.namespaces.update(off, { enabled: false });
      const ofParent = { runId: parent.runId, step: "child" };
      const starts = [
        f.newStart({ namespaceId: off, parent: { ...ofParent, awaited: true } }),
        f.newStart({ namespaceId: off, parent: { ...ofParent, awaited: false } }),
        f.newStart({ namespaceId: off, externalId: "a" }),
        parent,
      ];
      expect(await f.store.runs.start(starts)).toMatchObject([
        { became: "started" },
        { became: "refused", because: "namespaceDisabled" },
        { became: "found", runId: parent.runId },
        { became: "found", runId: parent.runId },
      ]);
      const rerun = await f.store.runs.rerun(f.newStart({ namespaceId: off }), { ...parent, beforeSeq: 2 });
      expect(rerun).toEqual({ became: "refused", because: "namespaceDisabled" });
    });

    it("starts a thousand runs in one batch, each with its own input", async () => {
      const f = fixture();
      const starts = Array.from({ length: 1000 }, (_, index) => f.newStart({ input: json({ index }) }));
      expect((await f.store.runs.start(starts)).every(began)).toBe(true);
      for (const index of [0, 1, 499, 999]) {
        const start = starts[index];
        if (start === undefined) throw new Error("no start");
        expect(bytesOf((await f.get(start.runId)).input)).toEqual(bytesOf(json({ index })));
      }
    });
  });

  describe("starting runs together", () => {
    it("starts all of them, and finds all of them when asked again", async () => {
      const f = fixture();
      const starts = ["a", "b"].map((externalId) => f.newStart({ externalId }));
      expect((await f.store.runs.startTogether(starts)).every(began)).toBe(true);
      const again = ["a", "b"].map((externalId) => f.newStart({ externalId }));
      expect(await f.store.runs.startTogether(again)).toMatchObject(
        starts.map(({ runId }) => ({ became: "found", runId })),
      );
    });

    it("starts what is new beside what was begun before, without an external id as well", async () => {
      const f = fixture();
      const before = f.newStart();
      await f.store.runs.start([before]);
      const fresh = f.newStart();
      const outcomes = await f.store.runs.startTogether([before, fresh, fresh]);
      expect(outcomes.map(({ became }) => became)).toEqual(["found", "started", "found"]);
      expect(await f.history(fresh.runId)).toHaveLength(1);
    });

    it("starts none if the external id of one has another fingerprint", async () => {
      const f = fixture();
      await f.start({ externalId: "taken", fingerprint: "one" });
      const starts = [f.newStart({ externalId: "free" }), f.newStart({ externalId: "taken", fingerprint: "two" })];
      const outcomes = await f.store.runs.startTogether(starts);
      expect(outcomes[1]).toMatchObject({ became: "found", fingerprint: "one" });
      expect(await f.store.runs.findByExternalId(DEFAULT, "free")).toBeUndefined();
      expect(await f.store.runs.list({ namespaceId: DEFAULT, statuses: [] }, { limit: 10 })).toHaveLength(1);
    });

    it("starts none if the namespace of one is not there", async () => {
      const f = fixture();
      await f.store.runs.startTogether([f.newStart(), f.newStart({ namespaceId: "nowhere" as NamespaceId })]);
      expect(await f.store.runs.list({ namespaceId: DEFAULT, statuses: [] }, { limit: 10 })).toEqual([]);
    });
  });
}
