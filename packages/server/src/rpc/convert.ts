import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type ErrorDetail,
  type Instant,
  KagziError,
  LIMITS,
  type NamespaceId,
  type RecordType,
  type RetryPolicy,
  type Run,
  type RunDetail,
  type RunStatus,
  type Step,
  type StepKind,
  type Worker,
  type WorkerStatus,
  type WorkflowLimits,
  formatStepKey,
  storableText,
} from "@kagzi/core";
import * as wire from "@kagzi/proto";
import type { PageRequest } from "../engine/runs.ts";
import type { RunOutcome } from "../engine/waiters.ts";
import { ERROR_CODE, toWireError } from "./errors.ts";

export const RUN_STATUS: Readonly<Record<RunStatus, wire.WorkflowStatus>> = {
  pending: wire.WorkflowStatus.PENDING,
  running: wire.WorkflowStatus.RUNNING,
  sleeping: wire.WorkflowStatus.SLEEPING,
  waiting: wire.WorkflowStatus.WAITING,
  paused: wire.WorkflowStatus.PAUSED,
  completed: wire.WorkflowStatus.COMPLETED,
  failed: wire.WorkflowStatus.FAILED,
  cancelled: wire.WorkflowStatus.CANCELLED,
};

export const WORKER_STATUS: Readonly<Record<WorkerStatus, wire.WorkerStatus>> = {
  online: wire.WorkerStatus.ONLINE,
  draining: wire.WorkerStatus.DRAINING,
  offline: wire.WorkerStatus.OFFLINE,
};

export const STEP_KIND: Readonly<Record<StepKind, wire.StepKind>> = {
  function: wire.StepKind.FUNCTION,
  sleep: wire.StepKind.SLEEP,
  event: wire.StepKind.EVENT,
  child: wire.StepKind.CHILD_WORKFLOW,
};

export const RECORD_TYPE: Readonly<Record<RecordType, wire.RecordType>> = {
  started: wire.RecordType.STARTED,
  retrying: wire.RecordType.RETRYING,
  cancelling: wire.RecordType.CANCELLING,
  completed: wire.RecordType.COMPLETED,
  failed: wire.RecordType.FAILED,
  cancelled: wire.RecordType.CANCELLED,
};

const STEP_STATUS: Readonly<Record<Step["status"], wire.StepStatus>> = {
  waiting: wire.StepStatus.PENDING,
  running: wire.StepStatus.RUNNING,
  completed: wire.StepStatus.COMPLETED,
  failed: wire.StepStatus.FAILED,
};

/** The key of `table` whose value is `value`; `undefined` for one that it does not have. */
export function keyOf<Key extends string, Value>(table: Readonly<Record<Key, Value>>, value: Value): Key | undefined {
  return (Object.keys(table) as Key[]).find((key) => table[key] === value);
}

export function toTimestamp(at: Instant): Timestamp {
  return timestampFromMs(at);
}

/** The first and the last millisecond that a Timestamp may mean, those of the years 1 and 9999. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/**
 * Whole milliseconds: what a caller gives in finer units is cut.
 * @throws KagziError `INVALID_ARGUMENT` for a time that no Timestamp may mean
 */
export function fromTimestamp(timestamp: Timestamp): Instant {
  const ms = Math.floor(timestampMs(timestamp));
  if (ms >= FIRST_MS && ms <= LAST_MS) return ms;
  throw new KagziError("INVALID_ARGUMENT", `a time of ${timestamp.seconds} seconds is not within the years 1 to 9999`);
}

/** A field that may be absent, as a field of an object. Where every step comes by, a spread of its own costs a fifth. */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

/** A time that may be absent, as a field of a message. */
export function givenTime<Key extends string>(key: Key, at: Instant | undefined): { [K in Key]?: Timestamp } {
  return given(key, at === undefined ? undefined : toTimestamp(at));
}

export function fromWirePage(page: wire.PageRequest | undefined): PageRequest {
  return { size: page?.pageSize ?? 0, token: page?.pageToken ?? "", withTotal: page?.includeTotalCount ?? false };
}

export function toWirePage(page: { readonly next: string; readonly total?: number }): wire.PageInfo {
  return create(wire.PageInfoSchema, {
    nextPageToken: page.next,
    hasMore: page.next !== "",
    ...(page.total !== undefined && { totalCount: BigInt(page.total) }),
  });
}

export function fromWirePolicy(policy: wire.RetryPolicy): RetryPolicy {
  return {
    maximumAttempts: policy.maximumAttempts,
    initialIntervalMs: Number(policy.initialIntervalMs),
    // Absent on the wire is 0, which no policy means.
    backoffCoefficient: policy.backoffCoefficient === 0 ? 1 : policy.backoffCoefficient,
    maximumIntervalMs: Number(policy.maximumIntervalMs),
    nonRetryableErrors: policy.nonRetryableErrors,
    intervalIncrementMs: Number(policy.intervalIncrementMs),
    jitter: policy.jitter,
  };
}

/** An error as user code threw it: cut and cleaned so that any store can hold it. */
export function fromWireError(error: wire.ErrorDetail | undefined, depth = 1): ErrorDetail {
  if (error === undefined) return { code: "INTERNAL", message: "no reason was given", nonRetryable: false };
  const metadata = Object.entries(error.metadata).map(([key, value]) => [text(key), text(value)]);
  const retryAfterMs = error.retryAfterMs === undefined ? undefined : Math.max(0, Number(error.retryAfterMs));
  return {
    code: keyOf(ERROR_CODE, error.code) ?? "INTERNAL",
    message: text(error.message),
    nonRetryable: error.nonRetryable,
    ...given("retryAfterMs", retryAfterMs),
    ...(error.subject !== "" && { subject: text(error.subject) }),
    ...(error.subjectId !== "" && { subjectId: text(error.subjectId) }),
    ...(metadata.length > 0 && { metadata: Object.fromEntries(metadata) as Record<string, string> }),
    ...(error.name !== "" && { name: text(error.name) }),
    ...(error.stack !== "" && { stack: storableText(error.stack, LIMITS.stackChars) }),
    ...(error.cause !== undefined && depth < LIMITS.causes && { cause: fromWireError(error.cause, depth + 1) }),
  };
}

function text(value: string): string {
  return storableText(value, LIMITS.errorTextChars);
}

/** A run as its list shows it, or with what else is known of it. */
export function toWireRun(
  run: Run,
  detail: Omit<RunDetail, "run"> & {
    readonly waitingFor?: MessageInitShape<typeof wire.WaitingForSchema>;
    readonly expiresAt?: Instant;
  } = {},
): wire.Workflow {
  const error = run.status === "paused" ? run.pauseError : detail.error;
  return create(wire.WorkflowSchema, {
    runId: run.runId,
    namespaceId: run.namespaceId,
    taskQueue: run.taskQueue,
    workflowType: run.workflowType,
    status: RUN_STATUS[run.status],
    attempts: run.attempt,
    createdAt: toTimestamp(run.createdAt),
    version: run.version,
    priority: run.priority,
    ...given("externalId", run.externalId),
    ...given("workerId", run.workerId),
    ...givenTime("startedAt", run.startedAt),
    ...givenTime("deadlineAt", run.deadlineAt),
    ...("finishedAt" in run && { finishedAt: toTimestamp(run.finishedAt) }),
    ...givenTime("expiresAt", detail.expiresAt),
    ...("availableAt" in run && givenTime("wakeUpAt", run.availableAt)),
    ...given("input", detail.input),
    ...given("output", detail.output),
    ...given("error", error && toWireError(error)),
    ...given("progress", detail.progress),
    ...given("waitingFor", detail.waitingFor),
    ...given("cancelRequested", run.cancelError && toWireError(run.cancelError)),
    ...given("parentRunId", run.parent?.runId),
    ...given("parentStepId", run.parent && `${run.parent.runId}/${run.parent.step}`),
    ...given("continuedFromRunId", run.continuedFrom),
    ...given("continuedAsRunId", detail.continuedAs),
    ...given("rerunOfRunId", run.rerunOf),
    ...given("eventId", run.eventId),
    ...given("scheduleId", run.scheduleId),
    ...givenTime("scheduledAt", run.scheduledAt),
  });
}

/** What became of a run, and nothing else of it. */
export function toWireOutcome(outcome: RunOutcome): MessageInitShape<typeof wire.WorkflowSchema> {
  const { continuedAs, error, namespaceId, output, runId, status } = outcome;
  return {
    runId,
    namespaceId,
    status: RUN_STATUS[status],
    ...given("output", output),
    ...given("error", error && toWireError(error)),
    ...given("continuedAsRunId", continuedAs),
  };
}

export function toWireStep(run: { readonly namespaceId: NamespaceId; readonly runId: string }, step: Step): wire.Step {
  const error = "error" in step ? step.error : undefined;
  return create(wire.StepSchema, {
    stepId: `${run.runId}/${formatStepKey(step)}`,
    runId: run.runId,
    namespaceId: run.namespaceId,
    name: step.name,
    occurrence: step.occurrence,
    kind: STEP_KIND[step.kind],
    status: STEP_STATUS[step.status],
    // A step that waits for its next attempt is shown with that one.
    attemptNumber: step.kind === "function" && step.status === "waiting" ? step.attempt + 1 : step.attempt,
    createdAt: toTimestamp(step.createdAt),
    ...givenTime("startedAt", step.startedAt),
    ...("finishedAt" in step && { finishedAt: toTimestamp(step.finishedAt) }),
    ...("dueAt" in step && givenTime("dueAt", step.dueAt)),
    ...given("childRunId", step.childRunId),
    ...given("input", step.input),
    ...("output" in step && given("output", step.output)),
    ...given("error", error && toWireError(error)),
  });
}

export function toWireWorker(worker: Worker): wire.Worker {
  return create(wire.WorkerSchema, {
    workerId: worker.workerId,
    namespaceId: worker.namespaceId,
    taskQueue: worker.taskQueue,
    status: WORKER_STATUS[worker.status],
    hostname: worker.hostname,
    pid: worker.pid,
    version: worker.version,
    workflowTypes: [...new Set(worker.workflows.map((workflow) => workflow.workflowType))],
    workflows: worker.workflows.map(({ on = [], version, workflowType }) => ({ workflowType, version, on: [...on] })),
    maxConcurrent: worker.maxConcurrent,
    activeCount: worker.activeCount,
    totalCompleted: BigInt(worker.totalCompleted),
    totalFailed: BigInt(worker.totalFailed),
    registeredAt: toTimestamp(worker.registeredAt),
    lastHeartbeatAt: toTimestamp(worker.lastHeartbeatAt),
    labels: worker.labels,
    ...given("queueConcurrencyLimit", worker.queueConcurrencyLimit),
    workflowTypeConcurrency: Object.entries(worker.workflowTypeConcurrency).map(([workflowType, maxConcurrent]) => ({
      workflowType,
      maxConcurrent,
    })),
  });
}

/** Limits as the wire says them. */
export function fromWireLimits({
  concurrency,
  throttle,
}: {
  readonly concurrency: readonly wire.ConcurrencyLimit[];
  readonly throttle?: wire.Throttle | undefined;
}): WorkflowLimits {
  return {
    concurrency: concurrency.map(({ key, limit }) => ({ limit, ...given("key", key) })),
    ...given(
      "throttle",
      throttle && { limit: throttle.limit, perMs: Number(throttle.perMs), ...given("key", throttle.key) },
    ),
  };
}

export function toWireLimits({ concurrency, throttle }: WorkflowLimits) {
  return {
    concurrency: concurrency.map((each) => ({ ...each })),
    ...given("throttle", throttle && { ...throttle, perMs: BigInt(throttle.perMs) }),
  };
}
