import type { NamespaceId, Outcome, RunId } from "@kagzi/core";
import { bucketsUntil, firstRunIdAt } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture } from "./harness.ts";

const OTHER = "other" as NamespaceId;
const FAILED: Outcome = { become: "failed", error: { code: "INTERNAL", message: "broken", nonRetryable: true } };
const CANCELLED = { code: "CANCELLED", message: "", nonRetryable: true } as const;
const CANCEL = { do: "cancel", error: CANCELLED, graceMs: 0 } as const;
const exactly = (value: number) => ({ value, more: false });

/** Figures for people to look at: right, within their namespace, and bounded. */
export function describeStatistics(fixture: () => Fixture): void {
  const queued = (names: readonly string[], limit = 100) => fixture().store.statistics.queued(DEFAULT, names, limit);
  const workflows = (limit = 100, after?: string) =>
    fixture().store.statistics.workflows(DEFAULT, { limit, ...(after !== undefined && { after }) });

  /** Starts runs and ends them at once; the clock goes on by `ms` between their claim and their end. */
  const end = async (count: number, outcome: Outcome, ms = 0): Promise<void> => {
    const f = fixture();
    const workerId = await f.register();
    for (let n = 0; n < count; n++) await f.start();
    const { claimed } = await f.claim(workerId);
    f.clock.now += ms;
    for (const run of claimed) await f.write(run, [], outcome);
  };

  describe("statistics", () => {
    it("name workflows that a worker has registered, and those of runs that nobody has", async () => {
      const f = fixture();
      await f.store.namespaces.create(OTHER, "");
      await f.register({ workflows: ["greet", "a", "z"].map((workflowType) => ({ workflowType, version: "1" })) });
      await f.register({ workflows: [{ workflowType: "greet", version: "2" }] });
      await f.register({ namespaceId: OTHER, workflows: [{ workflowType: "theirs", version: "1" }] });
      await f.start({ workflowType: "nobody's" });
      await f.start({ workflowType: "late", delayMs: 1000, taskQueue: "own" });
      await f.start({ workflowType: "theirs too", namespaceId: OTHER });
      const gone = await f.start({ workflowType: "gone" });
      await f.operate(gone, CANCEL);
      expect(await workflows()).toEqual(["a", "gone", "greet", "late", "nobody's", "z"]);
      expect(await workflows(2)).toEqual(["a", "gone"]);
      expect(await workflows(3, "gone")).toEqual(["greet", "late", "nobody's"]);
      expect(await workflows(3, "z")).toEqual([]);
    });

    it("count what is ready, and what will be, by its kind and priority", async () => {
      const f = fixture();
      await f.start({ priority: 5 });
      f.clock.now += 1000;
      for (const change of [{}, {}, { version: "2" }, { delayMs: 50 }, { taskQueue: "own" }]) await f.start(change);
      await f.start({ workflowType: "other" });
      const kind = { workflowType: "greet", taskQueue: "", version: "1", sleeping: exactly(0) };
      const now = f.clock.now;
      const found = await queued(["greet"]);
      expect(found).toHaveLength(4);
      expect(found).toEqual(
        expect.arrayContaining([
          { ...kind, ready: exactly(1), oldestReadyAt: now - 1000, delayed: exactly(0) },
          { ...kind, ready: exactly(2), oldestReadyAt: now, delayed: exactly(1) },
          { ...kind, version: "2", ready: exactly(1), oldestReadyAt: now, delayed: exactly(0) },
          { ...kind, taskQueue: "own", ready: exactly(1), oldestReadyAt: now, delayed: exactly(0) },
        ]),
      );
      expect((await queued(["greet"], 2))[1]).toMatchObject({ ready: { value: 2, more: true } });
      expect(await queued(["nothing"])).toEqual([]);
    });

    it("count what sleeps, and what is in a state in which nobody claims it", async () => {
      const f = fixture();
      const workerId = await f.register();
      const [asleep, awaits, over] = [await f.start(), await f.start(), await f.start()];
      await f.start();
      const { claimed } = await f.claim(workerId);
      const of = (runId: RunId) => {
        const run = claimed.find((each) => each.run.runId === runId);
        if (run === undefined) throw new Error("not claimed");
        return run;
      };
      const parked = (forMessages: boolean): Outcome => ({ become: "parked", signals: 0, forMessages });
      await f.write(
        of(asleep),
        [{ name: "nap", occurrence: 1, do: "startSleep", due: { afterMs: 1000 } }],
        parked(false),
      );
      await f.write(of(awaits), [{ name: "go", occurrence: 1, do: "startEventWait" }], parked(true));
      await f.write(of(over), [], FAILED);
      await f.operate(await f.start(), { do: "pause", error: CANCELLED });
      expect(await queued(["greet"])).toMatchObject([{ ready: exactly(0), sleeping: exactly(1), delayed: exactly(0) }]);
      const live = await f.store.statistics.live(DEFAULT, 100);
      const greet = { workflowType: "greet", count: exactly(1) };
      expect(live).toHaveLength(3);
      expect(live).toEqual(
        expect.arrayContaining(["running", "waiting", "paused"].map((status) => ({ ...greet, status }))),
      );
      expect(await f.store.statistics.live(DEFAULT, 1)).toMatchObject([1, 2, 3].map(() => ({ count: { more: true } })));
      expect(await f.store.statistics.live(OTHER, 1)).toEqual([]);
    });

    it("count each line of a workflow that has limits", async () => {
      const f = fixture();
      await f.store.limits.declare(DEFAULT, [
        { workflowType: "greet", declared: { concurrency: [{ limit: 1, key: "customer" }] } },
      ]);
      for (const limitKey of ["a", "a", "b"]) await f.start({ limitKey });
      const lines = (lines: number, limit: number) => f.store.statistics.lines(DEFAULT, ["greet"], { lines, limit });
      const line = { workflowType: "greet", taskQueue: "", version: "1", oldestReadyAt: f.clock.now };
      const found = await lines(10, 10);
      expect(found).toHaveLength(2);
      expect(found).toEqual(
        expect.arrayContaining([
          { ...line, limitKey: "a", ready: exactly(2) },
          { ...line, limitKey: "b", ready: exactly(1) },
        ]),
      );
      expect(await lines(1, 1)).toMatchObject([{ ready: { value: 1, more: true } }]);
      expect(await queued(["greet"])).toEqual([]);
    });

    it("tell what failed of late, and which run ended last", async () => {
      const f = fixture();
      const ended = (sinceMs: number, limit = 10) =>
        f.store.statistics.ended(DEFAULT, ["greet", "none"], { sinceMs, limit });
      expect(await ended(1)).toEqual([
        { workflowType: "greet", failed: exactly(0) },
        { workflowType: "none", failed: exactly(0) },
      ]);
      await end(2, FAILED);
      f.clock.now += 100;
      await end(1, FAILED);
      f.clock.now += 1;
      await end(1, { become: "completed" });
      const [greet] = await ended(50);
      expect(greet).toMatchObject({ failed: exactly(1), last: { status: "completed", finishedAt: f.clock.now } });
      expect(await ended(1000)).toMatchObject([{ failed: exactly(3) }, {}]);
      expect(await ended(1000, 2)).toMatchObject([{ failed: { value: 2, more: true } }, {}]);
    });

    it("sample what ended, the newest first, with how long it took", async () => {
      const f = fixture();
      await end(1, { become: "completed" }, 30);
      f.clock.now += 100;
      await end(2, { become: "completed" }, 20);
      await end(1, FAILED, 10);
      await f.operate(await f.start(), CANCEL);
      const buckets = bucketsUntil(f.clock.now, 100, 3);
      const sample = (limit: number, names = ["greet", "none"]) =>
        f.store.statistics.endedSamples({ namespaceId: DEFAULT, buckets, limit }, names);
      const [first, last] = [f.clock.now - 130, f.clock.now];
      const found = await sample(10);
      expect(found).toHaveLength(4);
      expect(found).toEqual(
        expect.arrayContaining([
          { bucket: 1, status: "completed", read: 1, oldest: first, durationsMs: [30], waitsMs: [0] },
          { bucket: 2, status: "completed", read: 2, oldest: last - 10, durationsMs: [20, 20], waitsMs: [0, 0] },
          { bucket: 2, status: "failed", read: 1, oldest: last, durationsMs: [10], waitsMs: [0] },
          { bucket: 2, status: "cancelled", read: 1, oldest: last, durationsMs: [], waitsMs: [] },
        ]),
      );
      expect((await sample(1)).filter(({ read }) => read !== 1)).toEqual([]);
      expect(await sample(10, [])).toEqual([]);
    });

    it("sample what was started, by the times in the ids of runs", async () => {
      const f = fixture();
      const buckets = bucketsUntil(f.clock.now, 100, 2);
      const at = (offset: number, change: { readonly workflowType?: string } = {}) =>
        f.start({
          ...change,
          runId: `${firstRunIdAt(f.clock.now + offset).slice(0, 14)}7${f.newId().slice(15)}` as RunId,
        });
      await at(-101);
      await at(-90);
      await at(0);
      await at(1, { workflowType: "other" });
      await at(100);
      const sample = (limit: number, name?: string) =>
        f.store.statistics.startedSamples({ namespaceId: DEFAULT, buckets, limit }, name);
      const { now } = f.clock;
      expect(await sample(10)).toEqual([
        { bucket: 0, read: 1, matched: 1, oldest: now - 90 },
        { bucket: 1, read: 2, matched: 2, oldest: now },
      ]);
      expect(await sample(10, "greet")).toMatchObject([{ matched: 1 }, { read: 2, matched: 1 }]);
      expect(await sample(1)).toMatchObject([{ read: 1 }, { read: 1, oldest: now + 1 }]);
    });
  });

  describe("runs that ended", () => {
    const expired = (olderThanMs: number, after = 0, limit = 100) =>
      fixture().store.runs.expired(DEFAULT, { olderThanMs, after, limit });

    it("are found when they are old enough, in the order in which they ended", async () => {
      const f = fixture();
      await f.store.namespaces.create(OTHER, "");
      await f.operate(await f.start({ workflowType: "z" }), CANCEL);
      const first = f.clock.now;
      f.clock.now += 10;
      await end(2, FAILED);
      await end(1, { become: "completed" }, 10);
      await f.start();
      const { now, runs } = await expired(10);
      expect(now).toBe(f.clock.now);
      expect(runs.map(({ status }) => status)).toEqual(["cancelled", "failed", "failed"]);
      expect(runs).toMatchObject([{ workflowType: "z", finishedAt: first }, {}, {}]);
      expect((await expired(0)).runs).toHaveLength(4);
      expect((await expired(0, first)).runs).toHaveLength(3);
      expect((await expired(0, 0, 2)).runs).toMatchObject([{ status: "cancelled" }, { status: "failed" }]);
      expect((await expired(21)).runs).toEqual([]);
      expect((await f.store.runs.expired(OTHER, { olderThanMs: 0, after: 0, limit: 9 })).runs).toEqual([]);
    });

    it("are needed by a parent that may go on, and by the run that they went on as", async () => {
      const f = fixture();
      const needed = (...runs: readonly RunId[]) =>
        f.store.runs.needed(runs.map((runId) => ({ namespaceId: DEFAULT, runId })));
      const parent = await f.running();
      const child = await f.running({ parent: { runId: parent.run.runId, step: "child", awaited: false } });
      const childId = child.run.runId;
      await f.write(child, [], { become: "completed" });
      expect(await needed(childId)).toEqual([childId]);
      await f.write(parent, [], FAILED);
      expect(await needed(childId, parent.run.runId)).toEqual([childId]);
      await f.store.runs.delete([{ namespaceId: DEFAULT, runId: parent.run.runId }]);
      expect(await needed(childId)).toEqual([]);

      const before = await f.running();
      const start = f.newStart({ continuedFrom: before.run.runId });
      await f.write(before, [], { become: "continued", start });
      expect(await needed(before.run.runId)).toEqual([before.run.runId]);
      await f.operate(start.runId, CANCEL);
      expect(await needed(before.run.runId, start.runId)).toEqual([before.run.runId]);
      await f.store.runs.delete([{ namespaceId: DEFAULT, runId: start.runId }]);
      expect(await needed(before.run.runId)).toEqual([]);
    });

    it("are kept as long as their namespace says, or its server", async () => {
      const { namespaces } = fixture().store;
      expect(await namespaces.get(DEFAULT)).not.toHaveProperty("retentionMs");
      expect(await namespaces.update(DEFAULT, { retentionMs: 5 })).toMatchObject({ retentionMs: 5 });
      expect(await namespaces.update(DEFAULT, { description: "d" })).toMatchObject({
        retentionMs: 5,
        description: "d",
      });
      expect(await namespaces.update(DEFAULT, { retentionMs: 0 })).toMatchObject({ retentionMs: 0, description: "d" });
      expect(await namespaces.update(DEFAULT, { retentionMs: null })).not.toHaveProperty("retentionMs");
    });
  });
}
