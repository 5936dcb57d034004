import type { RunId } from "./ids.ts";
import type { TerminalStatus } from "./run.ts";
import type { Instant } from "./time.ts";

/** How many there are: exactly `value`, or with `more` at least so many. */
export interface Count {
  readonly value: number;
  readonly more: boolean;
}

/** What was read, at most `limit` of it. */
export function countOf(read: number, limit: number): Count {
  return { value: read, more: read >= limit };
}

/** Counts together; none past `limit`. */
export function sumOf(counts: readonly Count[], limit: number): Count {
  const value = counts.reduce((sum, count) => sum + count.value, 0);
  return { value: Math.min(value, limit), more: value >= limit || counts.some((count) => count.more) };
}

/** Runs of one kind that are claimable, or will be at a time; of those that stand in no line. */
export interface Queued {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly version: string;
  readonly ready: Count;
  /** Since when the first of them has been ready. */
  readonly oldestReadyAt?: Instant;
  /** Pending, to begin or go on later. */
  readonly delayed: Count;
  readonly sleeping: Count;
}

/** Ready runs of one kind that stand in a line of their workflow's limits. */
export interface Line {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly version: string;
  readonly limitKey: string;
  /** Absent where no throttle holds the line's runs back. */
  readonly throttleKey?: string;
  readonly ready: Count;
  readonly oldestReadyAt?: Instant;
}

/** Runs of a workflow that are in a state in which nobody claims them. */
export interface Live {
  readonly workflowType: string;
  readonly status: "running" | "waiting" | "paused";
  readonly count: Count;
}

/** What is known of the runs of a workflow that have ended. */
export interface Ended {
  readonly workflowType: string;
  /** Within the time that was asked for. */
  readonly failed: Count;
  readonly last?: { readonly runId: RunId; readonly status: TerminalStatus; readonly finishedAt: Instant };
}

/** From `since` on, before `until`. */
export interface Bucket {
  readonly since: Instant;
  readonly until: Instant;
}

/** The newest runs of a workflow that ended in one way within a bucket. */
export interface EndedSample {
  /** The position of the bucket in what was asked for. */
  readonly bucket: number;
  readonly status: TerminalStatus;
  readonly read: number;
  /** When the first of those that were read ended. */
  readonly oldest: Instant;
  /** From the first claim to the end, of those that were ever claimed. */
  readonly durationsMs: readonly number[];
  /** From the start to the first claim. */
  readonly waitsMs: readonly number[];
}

/** The newest runs that were started within a bucket, by the time in their ids. */
export interface StartedSample {
  readonly bucket: number;
  readonly read: number;
  /** Of those that were read, the ones that were asked for. */
  readonly matched: number;
  readonly oldest: Instant;
}

/** What became of runs within a bucket. */
export interface Trend extends Bucket {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly duration?: Percentiles;
  readonly scheduleToStart?: Percentiles;
  /** There were more than were read: counts are projected, percentiles are of those that were read. */
  readonly sampled: boolean;
}

/** In milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

/** Buckets up to now, the last of which is still going on; they begin where the width divides the time. */
export function bucketsUntil(now: Instant, widthMs: number, count: number): readonly Bucket[] {
  const last = Math.floor(now / widthMs) * widthMs;
  return Array.from({ length: count }, (_, index) => {
    const since = last - (count - 1 - index) * widthMs;
    return { since, until: since + widthMs };
  });
}

/** Of sorted or unsorted numbers, by nearest rank; `undefined` of none. */
export function percentilesOf(values: readonly number[]): Percentiles | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  const [p50, p95] = [at(0.5), at(0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95 };
}

/** What was read of some buckets, at most so many of each sample. */
export interface Samples {
  readonly buckets: readonly Bucket[];
  readonly ended: readonly EndedSample[];
  readonly started: readonly StartedSample[];
  readonly limits: { readonly ended: number; readonly started: number };
  readonly now: Instant;
}

/** What samples say of each bucket. */
export function trendsOf(samples: Samples): readonly Trend[] {
  return samples.buckets.map((bucket, index) => {
    const ended = samples.ended.filter((sample) => sample.bucket === index);
    const started = samples.started.filter((sample) => sample.bucket === index);
    const duration = percentilesOf(ended.flatMap((sample) => sample.durationsMs));
    const scheduleToStart = percentilesOf(ended.flatMap((sample) => sample.waitsMs));
    return {
      ...bucket,
      ...countsOf({ ...samples, ended, started }, bucket),
      ...(duration !== undefined && { duration }),
      ...(scheduleToStart !== undefined && { scheduleToStart }),
    };
  });
}

function countsOf({ ended, limits, now, started }: Samples, { since, until }: Bucket) {
  const end = Math.min(until, Math.max(now, since));
  // Where reading stopped before the bucket's beginning, the rest of it is taken to have been like what was read.
  const project = (counted: number, isWhole: boolean, oldest: Instant) =>
    isWhole ? counted : counted * Math.max(1, (end - since) / Math.max(1, end - oldest));
  const isWhole = (sample: EndedSample) => sample.read < limits.ended;
  const isAll = (sample: StartedSample) => sample.read < limits.started;
  const became = (status: TerminalStatus) =>
    roundedSum(
      ended
        .filter((sample) => sample.status === status)
        .map((sample) => project(sample.read, isWhole(sample), sample.oldest)),
    );
  return {
    started: roundedSum(started.map((sample) => project(sample.matched, isAll(sample), sample.oldest))),
    completed: became("completed"),
    failed: became("failed"),
    cancelled: became("cancelled"),
    sampled: !ended.every(isWhole) || !started.every(isAll),
  };
}

function roundedSum(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0));
}

/** The first id that a run can have that was started at that time. */
export function firstRunIdAt(at: Instant): string {
  const hex = Math.max(0, at).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The time in a run's id: when it was asked for, by the clock of who did. */
export function timeOfRunId(runId: string): Instant {
  return Number.parseInt(runId.slice(0, 8) + runId.slice(9, 13), 16);
}
