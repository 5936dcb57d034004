import { type HistoryRecord, type StepKey, type StepKind, formatStepKey } from "./record.ts";
import type { Activity } from "./activity.ts";
import type { ErrorDetail } from "./error.ts";
import type { RunId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { Instant } from "./time.ts";

/** A step as its run's history tells it. */
export type Step = StepKey & {
  readonly kind: StepKind;
  /** Of the record that first named it. */
  readonly createdAt: Instant;
  /** Of a child that was started. */
  readonly childRunId?: RunId;
  /** The attempt that was recorded last, from 1. */
  readonly attempt: number;
  readonly startedAt?: Instant;
  readonly input?: Payload;
  /** Under which lease the last record was written. */
  readonly epoch: number;
  /** The last record. */
  readonly seq: number;
} & (
    | { readonly status: "waiting"; readonly dueAt?: Instant; readonly error?: ErrorDetail }
    | { readonly status: "running" }
    | { readonly status: "completed"; readonly finishedAt: Instant; readonly output?: Payload }
    | { readonly status: "failed"; readonly finishedAt: Instant; readonly error: ErrorDetail }
  );

/**
 * Folds a history, or what follows of one that is folded already, into its steps. A retry of the whole run keeps the steps that completed and the waits that began,
 * and forgets those that failed: the next attempt of the run executes them anew. Steps are by {@link formatStepKey}, in
 * the order in which they were first recorded.
 */
export function stepsOf(history: Iterable<HistoryRecord>, steps = new Map<string, Step>()): Map<string, Step> {
  for (const record of history) {
    if (record.kind === "run") {
      if (record.type === "retrying") forgetFailures(steps);
      if (record.type === "cancelling") cancelWaits(steps, record);
    } else {
      const key = formatStepKey(record);
      steps.set(key, advance(steps.get(key), record, record.kind));
    }
  }
  return steps;
}

/** The steps of a run with those that its worker says are running. */
export function withRunning(steps: ReadonlyMap<string, Step>, { epoch, steps: running }: Activity): Map<string, Step> {
  const all = new Map(steps);
  for (const { attempt, name, occurrence, startedAt } of running) {
    const key = formatStepKey({ name, occurrence });
    const known = all.get(key);
    if (known !== undefined && known.status !== "waiting") continue;
    const { createdAt = startedAt, input, seq = 0 } = known ?? {};
    const about = { name, occurrence, kind: "function", createdAt, attempt, startedAt, epoch, seq } as const;
    all.set(key, { ...about, ...(input !== undefined && { input }), status: "running" });
  }
  return all;
}

function forgetFailures(steps: Map<string, Step>): void {
  for (const [key, step] of steps) {
    if (step.status === "failed" || (step.kind === "function" && step.status === "waiting")) steps.delete(key);
  }
}

/** What the code waited for when it was told of the cancellation has failed. */
function cancelWaits(steps: Map<string, Step>, { error = NO_REASON, recordedAt }: HistoryRecord): void {
  for (const [key, step] of steps) {
    if (step.status === "waiting") steps.set(key, { ...step, status: "failed", finishedAt: recordedAt, error });
  }
}

function advance(before: Step | undefined, record: HistoryRecord, kind: StepKind): Step {
  const input = record.input ?? before?.input;
  const childRunId = record.childRunId ?? before?.childRunId;
  const startedAt =
    record.durationMs === undefined ? before?.startedAt : Math.round(record.recordedAt - record.durationMs);
  const common = {
    name: record.name,
    occurrence: record.occurrence,
    kind,
    createdAt: before?.createdAt ?? startedAt ?? record.recordedAt,
    attempt: record.attempt,
    epoch: record.epoch,
    seq: record.seq,
    ...(startedAt !== undefined && { startedAt }),
    ...(input !== undefined && { input }),
    ...(childRunId !== undefined && { childRunId }),
  };
  switch (record.type) {
    case "completed":
      return {
        ...common,
        status: "completed",
        finishedAt: record.recordedAt,
        ...(record.payload !== undefined && { output: record.payload }),
      };
    case "failed":
    case "cancelled":
      return { ...common, status: "failed", finishedAt: record.recordedAt, error: record.error ?? NO_REASON };
    default:
      return {
        ...common,
        status: "waiting",
        ...(record.dueAt !== undefined && { dueAt: record.dueAt }),
        ...(record.error !== undefined && { error: record.error }),
      };
  }
}

const NO_REASON: ErrorDetail = { code: "INTERNAL", message: "no reason was recorded", nonRetryable: true };
