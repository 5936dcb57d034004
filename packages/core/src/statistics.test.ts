import { describe, expect, it } from "vitest";
import {
  bucketsUntil,
  countOf,
  firstRunIdAt,
  percentilesOf,
  sumOf,
  timeOfRunId,
  trendsOf,
  type EndedSample,
} from "./statistics.ts";

describe("counts", () => {
  it("are exact below what was read at most", () => {
    expect([countOf(9, 10), countOf(10, 10)]).toEqual([
      { value: 9, more: false },
      { value: 10, more: true },
    ]);
  });

  it("are together at least what each is, and end at the limit", () => {
    expect(sumOf([countOf(3, 10), countOf(4, 10)], 10)).toEqual({ value: 7, more: false });
    expect(sumOf([countOf(3, 10), countOf(4, 4)], 10)).toEqual({ value: 7, more: true });
    expect(sumOf([countOf(6, 10), countOf(6, 10)], 10)).toEqual({ value: 10, more: true });
  });
});

describe("buckets", () => {
  it("end with the one that is going on", () => {
    expect(bucketsUntil(1234, 100, 3)).toEqual([
      { since: 1000, until: 1100 },
      { since: 1100, until: 1200 },
      { since: 1200, until: 1300 },
    ]);
  });
});

describe("percentiles", () => {
  it("are values that occurred, by nearest rank", () => {
    expect(percentilesOf(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({ p50: 50, p95: 95 });
    expect(percentilesOf([7])).toEqual({ p50: 7, p95: 7 });
    expect(percentilesOf([])).toBeUndefined();
  });
});

describe("trends", () => {
  const buckets = bucketsUntil(1150, 100, 2);
  const [limits, now] = [{ ended: 10, started: 10 }, 1150];
  const ended = (change: Partial<EndedSample>): EndedSample => ({
    bucket: 0,
    status: "completed",
    read: 2,
    oldest: 1010,
    durationsMs: [],
    waitsMs: [],
    ...change,
  });

  it("are exact where everything was read", () => {
    const samples = {
      ended: [ended({ durationsMs: [5, 1], waitsMs: [3] }), ended({ status: "failed", read: 1 }), ended({ bucket: 1 })],
      started: [{ bucket: 0, read: 5, matched: 4, oldest: 1000 }],
    };
    expect(trendsOf({ buckets, ...samples, limits, now })).toEqual([
      {
        since: 1000,
        until: 1100,
        started: 4,
        completed: 2,
        failed: 1,
        cancelled: 0,
        duration: { p50: 1, p95: 5 },
        scheduleToStart: { p50: 3, p95: 3 },
        sampled: false,
      },
      { since: 1100, until: 1200, started: 0, completed: 2, failed: 0, cancelled: 0, sampled: false },
    ]);
  });

  it("are projected from what was read, and say so", () => {
    const samples = {
      ended: [ended({ read: 10, oldest: 1080 })],
      started: [{ bucket: 1, read: 10, matched: 5, oldest: 1140 }],
    };
    // The second bucket has been going on for 50 ms, of which the sample covers 10.
    expect(trendsOf({ buckets, ...samples, limits, now })).toMatchObject([
      { started: 0, completed: 50, sampled: true },
      { started: 25, completed: 0, sampled: true },
    ]);
  });

  it("are no less than what was read, whatever the clocks say", () => {
    const started = [{ bucket: 1, read: 10, matched: 10, oldest: 1199 }];
    const [, last] = trendsOf({ buckets, ended: [], started, limits, now: 1050 });
    expect(last).toMatchObject({ started: 10 });
  });
});

describe("the time in a run's id", () => {
  it("is read as it is written", () => {
    const at = Date.UTC(2030, 0, 1);
    expect(timeOfRunId(firstRunIdAt(at))).toBe(at);
    expect(firstRunIdAt(-1)).toBe("00000000-0000-0000-0000-000000000000");
  });
});
