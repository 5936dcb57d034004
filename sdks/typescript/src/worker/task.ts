import { type Timestamp, timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import { ErrorDetailSchema, type HistoryRecord, RecordType, type RunSignals, StepKind, type Task } from "@kagzi/proto";
import { KagziError } from "../error.ts";
import type { ReplayRecord, StepKind as ReplayKind } from "../replay/records.ts";

/** A run that the worker is to execute. */
export interface WorkerTask {
  readonly runId: string;
  readonly epoch: number;
  readonly workflow: string;
  readonly version: string;
  readonly attempt: number;
  readonly externalId: string | undefined;
  /** The schedule that started the run, and the time for which it did. */
  readonly schedule: { readonly id: string; readonly scheduledAt: Date | undefined } | undefined;
  /** How many records the run has. */
  readonly lastSeq: number;
  /** The first of them, or none for a run that this worker held before. */
  readonly history: readonly HistoryRecord[];
  /** What was brought to the run and waits for its code. */
  readonly signals: readonly RunSignals[];
  /** By the server's clock: the run is not to be gone on with before; 0: it is ready. */
  readonly readyAt: number;
}

export function toWorkerTask(task: Task): WorkerTask {
  const { runId, epoch, workflowType: workflow, version, attempt, externalId, lastSeq, history, signals } = task;
  return {
    runId,
    epoch,
    workflow,
    version,
    attempt,
    externalId,
    schedule: scheduleOf(task),
    lastSeq,
    history,
    signals: signals === undefined ? [] : [signals],
    readyAt: instantOf(task.readyAt),
  };
}

function scheduleOf({ scheduleId: id, scheduledAt }: Task): WorkerTask["schedule"] {
  if (id === undefined) return undefined;
  return { id, scheduledAt: scheduledAt === undefined ? undefined : timestampDate(scheduledAt) };
}

const KINDS: Readonly<Record<StepKind, ReplayKind | undefined>> = {
  [StepKind.UNSPECIFIED]: undefined,
  [StepKind.FUNCTION]: "function",
  [StepKind.SLEEP]: "sleep",
  [StepKind.EVENT]: "event",
  [StepKind.CHILD_WORKFLOW]: "child",
};

/** A record of a run's history as the replay knows it. @throws KagziError for what only a newer SDK can read */
export function toReplayRecord(record: HistoryRecord): ReplayRecord {
  const observedAt = instantOf(record.observedAt);
  if (record.stepName === "") return runRecord(record, observedAt);
  const kind = KINDS[record.kind];
  if (kind === undefined) throw tooNew(record);
  const about = { name: record.stepName, occurrence: record.occurrence, kind, attempt: record.attempt, observedAt };
  const error = record.error ?? create(ErrorDetailSchema, { message: "no reason was recorded" });
  switch (record.type) {
    case RecordType.STARTED:
      return {
        ...about,
        type: "started",
        dueAt: record.dueAt === undefined ? undefined : instantOf(record.dueAt),
        childRunId: record.childRunId,
      };
    case RecordType.RETRYING:
      return { ...about, type: "retrying", dueAt: instantOf(record.dueAt), error };
    case RecordType.COMPLETED:
      return { ...about, type: "completed", ...payloadOf(record) };
    case RecordType.FAILED:
      return { ...about, type: "failed", error };
    case RecordType.CANCELLED:
      return { ...about, type: "cancelled" };
    default:
      throw tooNew(record);
  }
}

function runRecord(record: HistoryRecord, observedAt: number): ReplayRecord {
  const about = { kind: "run", observedAt } as const;
  switch (record.type) {
    case RecordType.STARTED:
      return { ...about, type: "started", ...payloadOf(record) };
    case RecordType.RETRYING:
      return { ...about, type: "retrying", dueAt: instantOf(record.dueAt) };
    case RecordType.CANCELLING:
      return { ...about, type: "cancelling", error: record.error ?? create(ErrorDetailSchema) };
    default:
      return { ...about, type: "ended" };
  }
}

function payloadOf({ payload }: HistoryRecord): Pick<HistoryRecord, "payload"> | undefined {
  return payload === undefined ? undefined : { payload };
}

/** Milliseconds since 1970. */
export function instantOf(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}

function tooNew(record: HistoryRecord): KagziError {
  return new KagziError(
    "PRECONDITION_FAILED",
    `record ${record.seq} (step ${JSON.stringify(record.stepName)}) is of a kind that this version of kagzi does not know: update the worker`,
  );
}
