import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { WaitingFor_Reason as Reason, type Workflow, WorkflowStatus } from "@kagzi/proto";
import type { KagziError } from "../error.ts";
import { fromErrorDetail } from "../error-detail.ts";
import type { Payloads } from "../payload/codec.ts";

/** The states of a run. */
export type RunStatus =
  "pending" | "running" | "sleeping" | "waiting" | "paused" | "completed" | "failed" | "cancelled";

/** Why a run is not moving. */
export interface WaitingFor {
  readonly reason: "time" | "worker" | "slot" | "paused" | "event" | "child" | "step" | "code";
  /** One sentence for people. */
  readonly message: string;
  readonly until?: Date;
}

/** Everything that is known of a run. */
export interface RunInfo<Output = unknown> {
  readonly id: string;
  /** The idempotency key that it was started with. */
  readonly externalId?: string;
  readonly namespace: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly priority: number;
  /** Of the run itself, from 1. */
  readonly attempt: number;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  readonly wakeUpAt?: Date;
  readonly deadlineAt?: Date;
  readonly workerId?: string;
  /** Why it failed, was cancelled or is paused. */
  readonly error?: KagziError;
  readonly waitingFor?: WaitingFor;
  /** Somebody asked for its cancellation, and this is why: it ends as cancelled. */
  readonly cancelRequested?: KagziError;
  /** The run that started it. */
  readonly parentId?: string;
  /** The run that ended in order to go on as this one, and the one that goes on where this one ended. */
  readonly continuedFrom?: string;
  readonly continuedAs?: string;
  /** The run whose completed steps this one began with. */
  readonly rerunOf?: string;
  /** The event that started it. */
  readonly eventId?: string;
  /** The schedule that started it, and the time for which it did; without one it was triggered. */
  readonly scheduleId?: string;
  readonly scheduledAt?: Date;
  /** What it last said with `ctx.progress`; absent in lists. */
  readonly progress?: unknown;
  /** Absent in lists. */
  readonly input?: unknown;
  /** Of a completed run; absent in lists. */
  readonly output?: Output;
}

const WIRE_STATUS: Readonly<Record<RunStatus, WorkflowStatus>> = {
  pending: WorkflowStatus.PENDING,
  running: WorkflowStatus.RUNNING,
  sleeping: WorkflowStatus.SLEEPING,
  waiting: WorkflowStatus.WAITING,
  paused: WorkflowStatus.PAUSED,
  completed: WorkflowStatus.COMPLETED,
  failed: WorkflowStatus.FAILED,
  cancelled: WorkflowStatus.CANCELLED,
};

const STATUS = new Map(Object.entries(WIRE_STATUS).map(([status, wire]) => [wire, status as RunStatus]));

const REASON: Readonly<Record<Reason, WaitingFor["reason"] | undefined>> = {
  [Reason.UNSPECIFIED]: undefined,
  [Reason.TIME]: "time",
  [Reason.WORKER]: "worker",
  [Reason.SLOT]: "slot",
  [Reason.PAUSED]: "paused",
  [Reason.EVENT]: "event",
  [Reason.CHILD_WORKFLOW]: "child",
  [Reason.STEP]: "step",
  [Reason.CODE]: "code",
};

/** A status as the wire has it. */
export function toWireStatus(status: RunStatus): WorkflowStatus {
  return WIRE_STATUS[status];
}

/** Whether the run has ended. */
export function hasEnded(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

export function toRunInfo<Output>(run: Workflow, payloads: Payloads): RunInfo<Output> {
  return {
    id: run.runId,
    namespace: run.namespaceId,
    workflow: run.workflowType,
    version: run.version,
    // A status of a newer server counts as one that goes on.
    status: STATUS.get(run.status) ?? "waiting",
    priority: run.priority,
    attempt: run.attempts,
    createdAt: run.createdAt === undefined ? new Date(0) : timestampDate(run.createdAt),
    ...(run.externalId !== undefined && { externalId: run.externalId }),
    ...givenDate("startedAt", run.startedAt),
    ...givenDate("finishedAt", run.finishedAt),
    ...givenDate("wakeUpAt", run.wakeUpAt),
    ...givenDate("deadlineAt", run.deadlineAt),
    ...(run.workerId !== undefined && { workerId: run.workerId }),
    ...(run.error !== undefined && { error: fromErrorDetail(run.error) }),
    ...(run.waitingFor !== undefined && { waitingFor: toWaitingFor(run.waitingFor) }),
    ...(run.cancelRequested !== undefined && { cancelRequested: fromErrorDetail(run.cancelRequested) }),
    ...(run.parentRunId !== undefined && { parentId: run.parentRunId }),
    ...(run.continuedFromRunId !== undefined && { continuedFrom: run.continuedFromRunId }),
    ...(run.continuedAsRunId !== undefined && { continuedAs: run.continuedAsRunId }),
    ...(run.rerunOfRunId !== undefined && { rerunOf: run.rerunOfRunId }),
    ...(run.eventId !== undefined && { eventId: run.eventId }),
    ...(run.scheduleId !== undefined && { scheduleId: run.scheduleId }),
    ...givenDate("scheduledAt", run.scheduledAt),
    ...(run.progress !== undefined && { progress: payloads.decode(run.progress) }),
    ...(run.input !== undefined && { input: payloads.decode(run.input) }),
    ...(run.output !== undefined && { output: payloads.decode(run.output) as Output }),
  };
}

function toWaitingFor({ reason, message, until }: NonNullable<Workflow["waitingFor"]>): WaitingFor {
  return { reason: REASON[reason] ?? "time", message, ...givenDate("until", until) };
}

function givenDate<Key extends string>(key: Key, at: Timestamp | undefined): { [K in Key]?: Date } {
  return at === undefined ? {} : ({ [key]: timestampDate(at) } as { [K in Key]: Date });
}
