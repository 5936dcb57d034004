import {
  type Candidate,
  type ClaimedRun,
  type Outcome,
  type RunId,
  type Start,
  type WorkerId,
  type WorkflowLimits,
  limitKeysOf,
} from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS, assignAllTo } from "./harness.ts";

const PER_KEY = { concurrency: [{ limit: 1, key: "customer" }] };
const MINUTE = 60_000;

function idsOf(claimed: readonly ClaimedRun[]): RunId[] {
  return claimed.map(({ run }) => run.runId);
}

/** Claims of workflows that have limits: never more than these allow, each key in its turn, and nobody forgotten. */
export function describeLimits(fixture: () => Fixture): void {
  const declare = (declared?: WorkflowLimits) =>
    fixture().store.limits.declare(DEFAULT, [{ workflowType: "greet", ...(declared !== undefined && { declared }) }]);

  const claimAs = (workerId: WorkerId, limit = 100, assign = assignAllTo(workerId)) =>
    fixture().store.runs.claimLimited({
      namespaceId: DEFAULT,
      taskQueue: "",
      wanted: { workflowType: "greet", version: "1", limit },
      assign,
      keysOf: (limits, input) =>
        limitKeysOf(limits, () => (input === undefined ? "" : new TextDecoder().decode(input.data))),
    });

  const claimed = async (workerId: WorkerId, limit?: number) => (await claimAs(workerId, limit))?.claimed ?? [];

  const claim = async (workerId: WorkerId, limit?: number) => idsOf(await claimed(workerId, limit));

  const keyed = (limitKey: string, change: Partial<Start> = {}) => fixture().newStart({ limitKey, ...change });

  const startAll = async (starts: readonly Start[]): Promise<RunId[]> => {
    await fixture().store.runs.start(starts);
    return starts.map(({ runId }) => runId);
  };

  const end = async (held: ClaimedRun | undefined, outcome: Outcome = { become: "completed" }) => {
    if (held === undefined) throw new Error("nothing was claimed");
    expect(await fixture().write(held, [], outcome)).toMatchObject({ became: "written" });
  };

  describe("limits", () => {
    it("are what the code says, until an operator says otherwise", async () => {
      const { limits } = fixture().store;
      expect(await limits.get(DEFAULT, ["greet"])).toEqual([]);
      await declare(PER_KEY);
      expect(await limits.get(DEFAULT, ["greet", "other"])).toEqual([{ workflowType: "greet", declared: PER_KEY }]);
      const override = { concurrency: [], throttle: { limit: 1, perMs: 10 } };
      await limits.override(DEFAULT, "greet", override);
      expect(await limits.get(DEFAULT, ["greet"])).toEqual([{ workflowType: "greet", declared: PER_KEY, override }]);
      await declare();
      expect(await limits.get(DEFAULT, ["greet"])).toEqual([{ workflowType: "greet", override }]);
      await limits.override(DEFAULT, "greet", undefined);
      expect(await limits.get(DEFAULT, ["greet"])).toEqual([]);
    });

    it("keep their workflow from being claimed or begun without them, and others from being claimed with them", async () => {
      const f = fixture();
      const workerId = await f.register();
      await f.start();
      expect(await claimAs(workerId)).toBeUndefined();
      await declare(PER_KEY);
      expect((await f.claim(workerId)).claimed).toEqual([]);
      const [outcome] = await f.store.runs.start([f.newStart({ claimedBy: workerId })]);
      expect(outcome).toMatchObject({ became: "started", claimed: false });
      expect(await claim(workerId)).toHaveLength(1);
    });

    it("let so many runs of a key go on at once, and the next when one has ended", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare({ concurrency: [{ limit: 2, key: "customer" }] });
      const [first = "", second = "", third = ""] = await startAll([keyed("a"), keyed("a"), keyed("a")]);
      const held = await claimed(workerId);
      expect(idsOf(held).toSorted()).toEqual([first, second].toSorted());
      expect(await claim(workerId)).toEqual([]);
      await end(held[1]);
      expect(await claim(workerId)).toEqual([third]);
      expect(await f.store.limits.usage(DEFAULT, "greet", 10)).toEqual([{ key: "a", running: 2, waiting: 0 }]);
    });

    it("of all runs and of each key work together", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare({ concurrency: [{ limit: 3 }, ...PER_KEY.concurrency] });
      await startAll(["a", "a", "b", "b", "c", "d", "e"].map((key) => keyed(key)));
      const held = await claimed(workerId);
      expect([held.length, new Set(held.map(({ run }) => run.limitKey)).size]).toEqual([3, 3]);
      expect(await claim(workerId)).toEqual([]);
      await end(held[0]);
      expect(await claim(workerId)).toHaveLength(1);
    });

    it("give each key its turn, however many runs another one has", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare({ concurrency: [{ limit: 50, key: "customer" }] });
      await startAll(Array.from({ length: 40 }, () => keyed("busy")));
      f.clock.now += 1;
      const [late] = await startAll([keyed("late")]);
      f.clock.now += 1;
      expect(await claim(workerId, 1)).not.toContain(late);
      f.clock.now += 1;
      expect(await claim(workerId, 1)).toEqual([late]);
      expect(await claim(workerId, 4)).toHaveLength(4);
    });

    it("let those of higher priority go first", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare(PER_KEY);
      const [low] = await startAll([keyed("a")]);
      f.clock.now += 1;
      const [high, higher] = await startAll([keyed("b", { priority: 5 }), keyed("a", { priority: 9 })]);
      const held = await claimed(workerId, 1);
      expect(idsOf(held)).toEqual([higher]);
      expect(await claim(workerId, 1)).toEqual([high]);
      await end(held[0]);
      expect(await claim(workerId, 1)).toEqual([low]);
    });

    it("count no run that waits, and one that goes on waits for its turn", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare(PER_KEY);
      const [first, second] = await startAll([keyed("a"), keyed("a")]);
      const [sleeping] = await claimed(workerId);
      await end(sleeping, { become: "parked", wakeAt: f.clock.now + 10, signals: 0, forMessages: false });
      const [other] = await claimed(workerId);
      expect(new Set([sleeping?.run.runId, other?.run.runId])).toEqual(new Set([first, second]));
      f.clock.now += 10;
      expect(await claim(workerId)).toEqual([]);
      expect(await f.store.limits.usage(DEFAULT, "greet", 10)).toEqual([{ key: "a", running: 1, waiting: 1 }]);
      await end(other);
      expect(await claim(workerId)).toEqual([sleeping?.run.runId]);
    });

    it("lose no place with a worker that is lost", async () => {
      const f = fixture();
      const [lost, next] = [await f.register(), await f.register()];
      await declare(PER_KEY);
      await startAll([keyed("a"), keyed("a")]);
      expect(await claim(lost)).toHaveLength(1);
      f.clock.now += LEASE_MS + 1;
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId: next }, LEASE_MS, STATS);
      expect(await claim(next)).toEqual([]);
      expect(await f.takeBack(await f.store.workers.lapsed(10))).toHaveLength(1);
      expect(await claim(next)).toHaveLength(1);
      expect(await claim(next)).toEqual([]);
    });

    it("let so many runs of a key begin within a time, and say when the next one may", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare({ concurrency: [], throttle: { limit: 2, perMs: MINUTE, key: "customer" } });
      const throttled = (throttleKey: string) => keyed("", { throttleKey });
      await startAll([throttled("a"), throttled("a"), throttled("a"), throttled("b")]);
      expect(await claim(workerId)).toHaveLength(3);
      const waiting = await claimAs(workerId);
      expect(waiting).toMatchObject({ claimed: [], more: [], nextAt: f.clock.now + MINUTE });
      f.clock.now += MINUTE - 1;
      expect(await claim(workerId)).toEqual([]);
      f.clock.now += 1;
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId }, LEASE_MS, STATS);
      expect(await claim(workerId)).toHaveLength(1);
    });

    it("that are changed count at once, also for those whom a throttle made wait for a time", async () => {
      const f = fixture();
      const workerId = await f.register();
      const throttleTo = (limit: number): WorkflowLimits => ({ concurrency: [], throttle: { limit, perMs: MINUTE } });
      await declare(throttleTo(1));
      await startAll([1, 2, 3].map(() => keyed("", { throttleKey: "" })));
      expect(await claim(workerId)).toHaveLength(1);
      expect(await claim(workerId)).toEqual([]);
      await f.store.limits.override(DEFAULT, "greet", throttleTo(2));
      expect(await claim(workerId)).toHaveLength(1);
      expect(await claim(workerId)).toEqual([]);
      await f.store.limits.override(DEFAULT, "greet", undefined);
      expect(await claim(workerId)).toEqual([]);
      await declare(throttleTo(3));
      expect(await claim(workerId)).toHaveLength(1);
    });

    it("throttle no run that has begun before", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare({ concurrency: [], throttle: { limit: 1, perMs: MINUTE } });
      await startAll([keyed("", { throttleKey: "" }), keyed("", { throttleKey: "" })]);
      const [begun] = await claimed(workerId);
      await f.store.workers.release(DEFAULT, begun === undefined ? [] : [begun.run]);
      expect(await claim(workerId)).toEqual([begun?.run.runId]);
      expect(await claim(workerId)).toEqual([]);
    });

    it("find the keys of runs that started before there were limits", async () => {
      const f = fixture();
      const workerId = await f.register();
      const input = (text: string) => ({ data: Buffer.from(text), metadata: {} });
      await startAll([f.newStart({ input: input("a") }), f.newStart({ input: input("a") }), f.newStart()]);
      await declare(PER_KEY);
      expect(await claim(workerId)).toHaveLength(2);
      expect(await claim(workerId)).toEqual([]);
    });

    it("that are gone hold nobody back who waited because of them", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare(PER_KEY);
      await startAll([keyed("a"), keyed("a"), keyed("a")]);
      await declare();
      expect(await claim(workerId)).toHaveLength(3);
      await claimAs(workerId);
      await declare();
      expect(await claimAs(workerId)).toBeUndefined();
      await f.start();
      expect((await f.claim(workerId)).claimed).toHaveLength(1);
    });

    it("take those out of the line that are paused or ended meanwhile, and put them back", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare(PER_KEY);
      const [first, second] = await startAll([keyed("a"), keyed("b")]);
      const error = { code: "PRECONDITION_FAILED", message: "wait", nonRetryable: false } as const;
      await f.operate(first as RunId, { do: "pause", error });
      await f.operate(second as RunId, { do: "end", status: "cancelled", error: { ...error, code: "CANCELLED" } });
      expect(await claim(workerId)).toEqual([]);
      await f.operate(first as RunId, { do: "resume" });
      expect(await claim(workerId)).toEqual([first]);
    });

    it("hold against claims that come at the same time", async () => {
      const f = fixture();
      const workers = await Promise.all(Array.from({ length: 6 }, () => f.register()));
      await declare({ concurrency: [{ limit: 7 }, { limit: 2, key: "customer" }] });
      await startAll(Array.from({ length: 60 }, (_, index) => keyed(`k${index % 6}`)));
      const held = (await Promise.all(workers.map((workerId) => claimed(workerId, 5)))).flat();
      expect(held).toHaveLength(7);
      const usage = await f.store.limits.usage(DEFAULT, "greet", 10);
      expect(Math.max(...usage.map(({ running }) => running))).toBe(2);
    });

    it("give no place to a run whose deadline has passed, and tell of it", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare(PER_KEY);
      const [late, next] = await startAll([keyed("a", { startTimeoutMs: 500 }), keyed("a", { delayMs: 1 })]);
      f.clock.now += 500;
      expect(await claimAs(workerId)).toMatchObject({
        claimed: [],
        overdue: [late],
        more: [{ workflowType: "greet" }],
      });
      const error = { code: "TIMEOUT", message: "too late", nonRetryable: true } as const;
      await f.operate(late as RunId, { do: "end", status: "failed", error });
      expect(await claimAs(workerId)).toMatchObject({ claimed: [{ run: { runId: next } }], overdue: [] });
    });

    it("leave in line what nobody takes", async () => {
      const f = fixture();
      const workerId = await f.register();
      await declare(PER_KEY);
      await startAll([keyed("a"), keyed("b")]);
      const one = (candidates: readonly Candidate[]) => assignAllTo(workerId)(candidates.slice(0, 1));
      const result = await claimAs(workerId, 10, one);
      expect([result?.claimed.length, result?.more.length]).toEqual([1, 1]);
      expect(await claim(workerId)).toHaveLength(1);
    });
  });
}
