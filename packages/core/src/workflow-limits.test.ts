import { array, assert, constantFrom, integer, nat, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Lane,
  type WorkflowLimits,
  checkLimits,
  effectiveLimits,
  isUnlimited,
  laneOf,
  lanesOf,
  limitKeysOf,
  roomOf,
  shareOut,
} from "./workflow-limits.ts";

const PER_KEY: WorkflowLimits = { concurrency: [{ limit: 2, key: "customer" }] };

describe("the limits of a workflow", () => {
  it.each<[string, WorkflowLimits]>([
    ["none", { concurrency: [] }],
    ["one for all runs and one with a key", { concurrency: [{ limit: 5 }, { limit: 1, key: "a.b" }] }],
    ["a throttle", { concurrency: [], throttle: { limit: 1, perMs: 1 } }],
    ["a throttle with a key", { concurrency: [], throttle: { limit: 1, perMs: 1, key: "a" } }],
  ])("may be %s", (_, limits) => {
    expect(checkLimits('workflow "w"', limits)).toBe(limits);
  });

  it.each<[string, WorkflowLimits]>([
    ["none at all", { concurrency: [{ limit: 0 }] }],
    ["no whole number", { concurrency: [{ limit: 1.5 }] }],
    ["two for all runs", { concurrency: [{ limit: 1 }, { limit: 2 }] }],
    [
      "two with a key",
      {
        concurrency: [
          { limit: 1, key: "a" },
          { limit: 2, key: "b" },
        ],
      },
    ],
    ["a key without a name", { concurrency: [{ limit: 1, key: "" }] }],
    ["a throttle of none", { concurrency: [], throttle: { limit: 0, perMs: 1 } }],
    ["a throttle without a window", { concurrency: [], throttle: { limit: 1, perMs: 0 } }],
    ["a throttle with a window of months", { concurrency: [], throttle: { limit: 1, perMs: 1e10 } }],
    ["a throttle whose key has no name", { concurrency: [], throttle: { limit: 1, perMs: 1, key: "" } }],
  ])("may not be %s, and the workflow is named", (_, limits) => {
    expect(() => checkLimits('workflow "ship"', limits)).toThrow(/"ship"/);
  });

  it("are an operator's before they are the code's", () => {
    const override = { concurrency: [{ limit: 1 }] };
    expect(effectiveLimits({ declared: PER_KEY, override })).toBe(override);
    expect(effectiveLimits({ declared: PER_KEY })).toBe(PER_KEY);
    expect(isUnlimited(effectiveLimits({}))).toBe(true);
    expect(isUnlimited(PER_KEY)).toBe(false);
    expect(isUnlimited({ concurrency: [], throttle: { limit: 1, perMs: 1 } })).toBe(false);
  });

  it("leave all the room there is where they say nothing", () => {
    expect(roomOf({ concurrency: [{ limit: 3 }] })).toEqual({ total: 3, perKey: Number.POSITIVE_INFINITY });
    expect(roomOf(PER_KEY)).toEqual({ total: Number.POSITIVE_INFINITY, perKey: 2 });
  });
});

describe("the keys of a run", () => {
  const valueOf = (field: string) => ({ customer: "acme", region: "eu" })[field];

  it("are the fields that limits name, and nothing where they name none", () => {
    expect(limitKeysOf(PER_KEY, valueOf)).toEqual({ limitKey: "acme" });
    expect(limitKeysOf({ concurrency: [{ limit: 1 }] }, valueOf)).toEqual({ limitKey: "" });
    const throttle = { limit: 1, perMs: 1, key: "region" };
    expect(limitKeysOf({ concurrency: [], throttle }, valueOf)).toEqual({ limitKey: "", throttleKey: "eu" });
    expect(limitKeysOf({ concurrency: [], throttle: { limit: 1, perMs: 1 } }, valueOf)).toMatchObject({
      throttleKey: "",
    });
    expect(limitKeysOf({ concurrency: [{ limit: 1, key: "nothing" }] }, valueOf)).toEqual({ limitKey: "" });
  });

  it("are short, storable, and differ as the values do", () => {
    const keyOf = (text: string) => limitKeysOf(PER_KEY, () => text).limitKey;
    const long = "x".repeat(1000);
    expect(keyOf(`${long}a`)).not.toBe(keyOf(`${long}b`));
    assert(
      property(string({ unit: "binary", maxLength: 400 }), (text) => {
        const key = keyOf(text);
        expect(key.length).toBeLessThanOrEqual(200);
        expect(key).not.toContain("\0");
        expect(key.isWellFormed()).toBe(true);
      }),
    );
  });

  it("and what it is a run of say which line it waits in; who has begun is not throttled again", () => {
    const run = { workflowType: "w", version: "1", taskQueue: "", limitKey: "a" };
    const throttled = { ...run, throttleKey: "b" };
    expect(laneOf(run, false)).toBe(laneOf(run, true));
    expect(laneOf(throttled, true)).toBe(laneOf(run, false));
    expect(laneOf(throttled, false)).not.toBe(laneOf(run, false));
    expect(laneOf({ ...run, version: "2" }, false)).not.toBe(laneOf(run, false));
    expect(laneOf(throttled, false).startsWith(lanesOf("w", "a"))).toBe(true);
    expect(laneOf({ ...run, limitKey: "ab" }, false).startsWith(lanesOf("w", "a"))).toBe(false);
  });
});

describe("places", () => {
  const lanes = (...keys: readonly string[]): Lane[] => keys.map((limitKey) => ({ lane: limitKey, limitKey }));
  const turn = { running: 0, runningOf: new Map<string, number>(), begunOf: new Map<string, number>(), wanted: 10 };

  it("go to each line in turn", () => {
    const given = shareOut(PER_KEY, lanes("a", "b", "c"), { ...turn, wanted: 4 });
    expect([...given]).toEqual([
      ["a", 2],
      ["b", 1],
      ["c", 1],
    ]);
  });

  it("go to no key that has all of its own", () => {
    const given = shareOut(PER_KEY, lanes("a", "b"), { ...turn, runningOf: new Map([["a", 1]]) });
    expect([...given]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(shareOut(PER_KEY, lanes("a"), { ...turn, runningOf: new Map([["a", 2]]) }).size).toBe(0);
  });

  it("are not more than there are in all", () => {
    const limits = { concurrency: [{ limit: 3 }] };
    expect([...shareOut(limits, lanes(""), { ...turn, running: 1 })]).toEqual([["", 2]]);
    expect(shareOut(limits, lanes(""), { ...turn, running: 5 }).size).toBe(0);
  });

  it("go to so many starts of a throttle key, whatever lines they wait in", () => {
    const limits: WorkflowLimits = { concurrency: [], throttle: { limit: 3, perMs: 1, key: "k" } };
    const both: Lane[] = [
      { lane: "1", limitKey: "", throttleKey: "k" },
      { lane: "2", limitKey: "", throttleKey: "k" },
      { lane: "begun", limitKey: "" },
    ];
    const given = shareOut(limits, both, { ...turn, begunOf: new Map([["k", 1]]), wanted: 4 });
    expect(Object.fromEntries(given)).toEqual({ "1": 1, "2": 1, begun: 2 });
    // A throttle that is gone holds nobody back.
    expect([...shareOut({ concurrency: [] }, both.slice(0, 1), turn)]).toEqual([["1", 10]]);
  });

  it("never exceed any limit, and none is left while somebody may have it", () => {
    const lane = record({
      limitKey: constantFrom("a", "b", "c"),
      throttleKey: constantFrom("x", "y", undefined),
    });
    const counts = record({ a: nat(3), b: nat(3), c: nat(3) });
    assert(
      property(
        array(lane, { maxLength: 6 }),
        counts,
        nat(12),
        integer({ min: 1, max: 9 }),
        (found, of, wanted, total) => {
          const limits: WorkflowLimits = {
            concurrency: [{ limit: total }, { limit: 2, key: "k" }],
            throttle: { limit: 2, perMs: 1 },
          };
          const all: Lane[] = found.map(({ limitKey, throttleKey }, index) => ({
            lane: String(index),
            limitKey,
            ...(throttleKey !== undefined && { throttleKey }),
          }));
          const running = of.a + of.b + of.c;
          const runningOf = new Map(Object.entries(of));
          const given = shareOut(limits, all, { running, runningOf, begunOf: new Map(), wanted });
          const sum = (those: readonly Lane[]) => those.reduce((count, each) => count + (given.get(each.lane) ?? 0), 0);
          const ofKey = (key: string) => sum(all.filter((each) => each.limitKey === key));
          const ofThrottle = (key: string) => sum(all.filter((each) => each.throttleKey === key));
          expect(sum(all)).toBeLessThanOrEqual(Math.max(0, Math.min(wanted, total - running)));
          for (const key of ["a", "b", "c"] as const) expect(ofKey(key)).toBeLessThanOrEqual(Math.max(0, 2 - of[key]));
          for (const key of ["x", "y"]) expect(ofThrottle(key)).toBeLessThanOrEqual(2);
          const open = all.filter(
            ({ limitKey, throttleKey }) =>
              ofKey(limitKey) + (runningOf.get(limitKey) ?? 0) < 2 &&
              (throttleKey === undefined || ofThrottle(throttleKey) < 2),
          );
          if (open.length > 0) expect(sum(all)).toBe(Math.max(0, Math.min(wanted, total - running)));
        },
      ),
    );
  });
});
