import { type ErrorDetail, KagziError } from "./error.ts";
import type { SentEvent } from "./event.ts";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import { toPayload } from "./payload-columns.ts";
import type { Message } from "./message.ts";
import type { HistoryRecord, RecordKind, RecordType } from "./record.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { ParentReference, Run, RunState, RunStatus } from "./run.ts";
import type { Instant } from "./time.ts";

export {
  type LimitsRow,
  type NamespaceRow,
  type TouchedRow,
  type WorkerRow,
  toLimitSettings,
  toNamespace,
  toTouched,
  toWorker,
} from "./fleet-rows.ts";
export { metadataColumn, toPayload } from "./payload-columns.ts";
export { type ApiKeyRow, type AuditRow, toApiKey, toAuditEntry } from "./security-rows.ts";
export { type ScheduleRow, type ScheduleValue, scheduleColumns, toSchedule } from "./schedule-row.ts";

// How the SQL stores lay the model out in flat rows with nulls. Nothing above the stores sees these.

/** A row of `runs`. */
export interface RunRow {
  readonly namespace_id: NamespaceId;
  readonly run_id: RunId;
  readonly external_id: string | null;
  readonly task_queue: string;
  readonly workflow_type: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly priority: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly crashes: number;
  readonly retry_policy: string | null;
  readonly worker_id: WorkerId | null;
  readonly available_at: Instant | null;
  readonly claimed_at: Instant | null;
  readonly created_at: Instant;
  readonly started_at: Instant | null;
  readonly finished_at: Instant | null;
  readonly deadline_at: Instant | null;
  readonly timeout_ms: number | null;
  readonly parent_run_id: RunId | null;
  readonly parent_step: string | null;
  /** SQLite has no booleans and answers with 0 or 1. */
  readonly awaited: boolean | number;
  readonly started_as: RunId | null;
  readonly continued_from: RunId | null;
  readonly rerun_of: RunId | null;
  readonly event_id: string | null;
  readonly schedule_id: string | null;
  readonly scheduled_at: Instant | null;
  readonly signals: number;
  readonly cancel_error: string | null;
  readonly pause_error: string | null;
  readonly limit_key: string | null;
  readonly throttle_key: string | null;
}

/** The columns of {@link RunRow}, of the table or alias `of`. */
export function runColumns(of: string): string {
  return RUN_COLUMNS.map((column) => `${of}.${column}`).join(", ");
}

const RUN_COLUMNS = [
  "namespace_id",
  "run_id",
  "external_id",
  "task_queue",
  "workflow_type",
  "version",
  "status",
  "priority",
  "attempt",
  "epoch",
  "crashes",
  "retry_policy",
  "worker_id",
  "available_at",
  "claimed_at",
  "created_at",
  "started_at",
  "finished_at",
  "deadline_at",
  "timeout_ms",
  "parent_run_id",
  "parent_step",
  "awaited",
  "started_as",
  "continued_from",
  "rerun_of",
  "event_id",
  "schedule_id",
  "scheduled_at",
  "signals",
  "cancel_error",
  "pause_error",
  "limit_key",
  "throttle_key",
];

export function toRun(row: RunRow): Run {
  return {
    namespaceId: row.namespace_id,
    runId: row.run_id,
    taskQueue: row.task_queue,
    workflowType: row.workflow_type,
    version: row.version,
    priority: row.priority,
    attempt: row.attempt,
    epoch: row.epoch,
    crashes: row.crashes,
    signals: row.signals,
    createdAt: row.created_at,
    ...(row.external_id !== null && { externalId: row.external_id }),
    ...(row.retry_policy !== null && { retryPolicy: JSON.parse(row.retry_policy) as RetryPolicy }),
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.deadline_at !== null && { deadlineAt: row.deadline_at }),
    ...(row.timeout_ms !== null && { timeoutMs: row.timeout_ms }),
    ...(row.parent_run_id !== null && { parent: toParent(row, row.parent_run_id) }),
    ...(row.continued_from !== null && { continuedFrom: row.continued_from }),
    ...(row.rerun_of !== null && { rerunOf: row.rerun_of }),
    ...(row.event_id !== null && { eventId: row.event_id }),
    ...(row.schedule_id !== null && { scheduleId: row.schedule_id }),
    ...(row.scheduled_at !== null && { scheduledAt: row.scheduled_at }),
    ...(row.cancel_error !== null && { cancelError: toError(row.cancel_error) }),
    ...(row.pause_error !== null && { pauseError: toError(row.pause_error) }),
    ...(row.worker_id !== null && { workerId: row.worker_id }),
    ...(row.limit_key !== null && { limitKey: row.limit_key }),
    ...(row.throttle_key !== null && { throttleKey: row.throttle_key }),
    ...toState(row),
  };
}

function toParent(row: RunRow, runId: RunId): ParentReference {
  const { awaited, parent_step: step, started_as: startedAs } = row;
  return { runId, step: step ?? "", awaited: Boolean(awaited), ...(startedAs !== null && { startedAs }) };
}

/** An error as {@link jsonColumn} wrote it. */
export function toError(column: string): ErrorDetail {
  return JSON.parse(column) as ErrorDetail;
}

function toState(row: RunRow): RunState {
  const { status } = row;
  switch (status) {
    case "pending":
    case "sleeping":
      return { status, availableAt: required(row, "available_at") };
    case "running":
      return { status, workerId: required(row, "worker_id"), claimedAt: required(row, "claimed_at") };
    case "waiting":
      return { status, ...(row.available_at !== null && { availableAt: row.available_at }) };
    case "paused":
      return { status, pauseError: toError(required(row, "pause_error")) };
    default:
      return { status, finishedAt: required(row, "finished_at") };
  }
}

/** A value that a CHECK of the schema promises. */
function required<Key extends keyof RunRow>(row: RunRow, column: Key): NonNullable<RunRow[Key]> {
  const value = row[column];
  if (value === null) {
    throw new KagziError("INTERNAL", `run ${row.run_id} is ${row.status} and has no ${column}`, {
      subject: "run",
      subjectId: row.run_id,
    });
  }
  return value;
}

/** A row of `history`, without the run it belongs to. */
export interface HistoryRow {
  readonly seq: number;
  readonly epoch: number;
  readonly kind: RecordKind;
  readonly type: RecordType;
  readonly name: string;
  readonly occurrence: number;
  readonly attempt: number;
  readonly recorded_at: Instant;
  readonly observed_at: Instant;
  readonly due_at: Instant | null;
  readonly duration_ms: number | null;
  readonly payload: Uint8Array | null;
  readonly payload_metadata: string | null;
  readonly input: Uint8Array | null;
  readonly input_metadata: string | null;
  readonly error: string | null;
  readonly child_run_id: RunId | null;
}

/** The columns of {@link HistoryRow}, of the table or alias `of`. */
export function historyColumns(of: string): string {
  return HISTORY_COLUMNS.map((column) => `${of}.${column}`).join(", ");
}

/** The same without what records carry: their payloads and inputs are null. */
export function bareHistoryColumns(of: string): string {
  return HISTORY_COLUMNS.map((column) => (CARRIED.has(column) ? `NULL AS ${column}` : `${of}.${column}`)).join(", ");
}

const CARRIED: ReadonlySet<string> = new Set(["payload", "payload_metadata", "input", "input_metadata"]);

const HISTORY_COLUMNS = [
  "seq",
  "epoch",
  "kind",
  "type",
  "name",
  "occurrence",
  "attempt",
  "recorded_at",
  "observed_at",
  "due_at",
  "duration_ms",
  "payload",
  "payload_metadata",
  "input",
  "input_metadata",
  "error",
  "child_run_id",
];

export function toHistoryRecord(row: HistoryRow): HistoryRecord {
  const payload = toPayload(row.payload, row.payload_metadata);
  const input = toPayload(row.input, row.input_metadata);
  return {
    seq: row.seq,
    epoch: row.epoch,
    kind: row.kind,
    type: row.type,
    name: row.name,
    occurrence: row.occurrence,
    attempt: row.attempt,
    recordedAt: row.recorded_at,
    observedAt: row.observed_at,
    ...(row.due_at !== null && { dueAt: row.due_at }),
    ...(row.duration_ms !== null && { durationMs: row.duration_ms }),
    ...(payload !== undefined && { payload }),
    ...(input !== undefined && { input }),
    ...(row.error !== null && { error: toError(row.error) }),
    ...(row.child_run_id !== null && { childRunId: row.child_run_id }),
  };
}

/** A row of `inbox`, without the run it belongs to. */
export interface MessageRow {
  readonly position: number;
  readonly kind: Message["kind"];
  readonly name: string;
  readonly key: string | null;
  readonly message_id: string;
  readonly child_run_id: RunId | null;
  readonly payload: Uint8Array | null;
  readonly payload_metadata: string | null;
  readonly error: string | null;
  readonly received_at: Instant;
}

/** The columns of {@link MessageRow}, of the table or alias `of`. */
export function messageColumns(of: string): string {
  return MESSAGE_COLUMNS.map((column) => `${of}.${column}`).join(", ");
}

const MESSAGE_COLUMNS = [
  "position",
  "kind",
  "name",
  "key",
  "message_id",
  "child_run_id",
  "payload",
  "payload_metadata",
  "error",
  "received_at",
];

export function toMessage(row: MessageRow): Message {
  const payload = toPayload(row.payload, row.payload_metadata);
  const brought = {
    position: row.position,
    receivedAt: row.received_at,
    ...(payload !== undefined && { payload }),
    ...(row.error !== null && { error: toError(row.error) }),
  };
  if (row.child_run_id !== null) return { ...brought, kind: "child", childRunId: row.child_run_id };
  const { key, message_id: messageId, name } = row;
  return { ...brought, kind: "event", name, messageId, ...(key !== null && { key }) };
}

export function jsonColumn(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** A row of `events`, with who took it. */
export interface EventRow {
  readonly namespace_id: NamespaceId;
  readonly event_uid: string;
  readonly event_id: string;
  readonly name: string;
  readonly key: string | null;
  readonly payload: Uint8Array | null;
  readonly payload_metadata: string | null;
  readonly sent_at: Instant;
  /** Run ids as JSON. */
  readonly started: string;
}

export function toSentEvent(row: EventRow, taken: Pick<SentEvent, "takenBy" | "takenCount">): SentEvent {
  const payload = toPayload(row.payload, row.payload_metadata);
  return {
    namespaceId: row.namespace_id,
    eventUid: row.event_uid,
    eventId: row.event_id,
    name: row.name,
    sentAt: row.sent_at,
    started: JSON.parse(row.started) as RunId[],
    ...taken,
    ...(row.key !== null && { key: row.key }),
    ...(payload !== undefined && { payload }),
  };
}
