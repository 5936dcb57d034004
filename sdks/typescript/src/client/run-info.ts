import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Workflow } from "@kagzi/proto";
import type { KagziError } from "../error.ts";
import { fromErrorDetail } from "../error-detail.ts";
import type { Payloads } from "../payload/codec.ts";
import { givenDate } from "./dates.ts";
import { type RunStatus, fromWireStatus } from "./run-status.ts";
import { type WaitingFor, toWaitingFor } from "./waiting-for.ts";

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
  /** When it is removed, or soon after, unless something still needs it; absent in lists. */
  readonly expiresAt?: Date;
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

export function toRunInfo<Output>(run: Workflow, payloads: Payloads): RunInfo<Output> {
  return {
    id: run.runId,
    namespace: run.namespaceId,
    workflow: run.workflowType,
    version: run.version,
    status: fromWireStatus(run.status),
    priority: run.priority,
    attempt: run.attempts,
    createdAt: run.createdAt === undefined ? new Date(0) : timestampDate(run.createdAt),
    ...(run.externalId !== undefined && { externalId: run.externalId }),
    ...givenDate("startedAt", run.startedAt),
    ...givenDate("finishedAt", run.finishedAt),
    ...givenDate("expiresAt", run.expiresAt),
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
