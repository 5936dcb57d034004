import {
  WaitingFor_Reason as Reason,
  WaitingFor_Timer as WireTimer,
  type WaitingFor as WireWaitingFor,
  WorkflowStatus,
} from "@kagzi/proto";
import type { KagziError } from "../error.ts";
import { fromErrorDetail } from "../error-detail.ts";
import { givenDate } from "./dates.ts";
import { type RunStatus, fromWireStatus } from "./run-status.ts";

/** Why a run is not moving, or what it is busy with; docs/operate/explain.md tells what each one means. */
export type WaitingReason =
  | "time"
  | "worker"
  | "slot"
  | "paused"
  | "event"
  | "child"
  | "step"
  | "code"
  | "limit"
  | "throttle"
  | "running"
  | "cancelling"
  | "ended"
  | "namespace";

/** The slots of a worker, as of its last heartbeat. */
export interface WorkerSlots {
  readonly workerId: string;
  readonly taken: number;
  readonly slots: number;
}

/** Why a run is not moving, with what its reason has to say; `run.explain()` says more than `run.status()`. */
export interface WaitingFor {
  readonly reason: WaitingReason;
  /** One sentence for people. */
  readonly message: string;
  readonly until?: Date;
  readonly since?: Date;
  /** What a run waits for whose reason is `time`. */
  readonly timer?: "start" | "sleep" | "stepRetry" | "runRetry" | "takeover" | "deadline";
  /** The step that waits or runs: `<run id>/<step>`. */
  readonly stepId?: string;
  /** Of the step or the run that runs or failed; of a takeover, how often in a row a worker was lost. */
  readonly attempt?: number;
  /** What failed, or why it is paused, cancelled or failed for good. */
  readonly error?: KagziError;
  /** Of `event`: only one with this key will do. */
  readonly key?: string;
  readonly childId?: string;
  readonly childStatus?: RunStatus;
  readonly workerId?: string;
  /** When that worker was heard of last. */
  readonly heardAt?: Date;
  /** Of `slot`. */
  readonly slots?: {
    /** At most ten of those that have the workflow. */
    readonly workers: readonly WorkerSlots[];
    readonly workerCount: number;
    /** Of all these workers together. */
    readonly total: number;
    readonly taken: number;
    /** At most ten of the runs that hold them. */
    readonly holders: readonly string[];
    /** Runs that go first, counted up to 1000. */
    readonly ahead: number;
  };
  /** Of `limit` and `throttle`. */
  readonly limit?: {
    /** How many there may be, at once or within `perMs`. */
    readonly limit: number;
    readonly perMs?: number;
    /** The run's own value of the field that the limit names. */
    readonly key?: string;
    /** The named limit whose slot a step waits for. */
    readonly name?: string;
    /** At most ten of the runs that are in the way. */
    readonly holders: readonly string[];
  };
  /** Of `worker`. */
  readonly instead?: {
    /** What online workers have, as `name@version`; at most ten. */
    readonly offered: readonly string[];
    /** Workers that have the workflow, and finish what they hold and take no more. */
    readonly draining: number;
    /** Where workers have it, if the run is in another one. */
    readonly taskQueues: readonly string[];
  };
  readonly continuedAs?: string;
}

const REASON: Readonly<Record<Reason, WaitingReason | undefined>> = {
  [Reason.UNSPECIFIED]: undefined,
  [Reason.TIME]: "time",
  [Reason.WORKER]: "worker",
  [Reason.SLOT]: "slot",
  [Reason.PAUSED]: "paused",
  [Reason.EVENT]: "event",
  [Reason.CHILD_WORKFLOW]: "child",
  [Reason.STEP]: "step",
  [Reason.CODE]: "code",
  [Reason.LIMIT]: "limit",
  [Reason.THROTTLE]: "throttle",
  [Reason.RUNNING]: "running",
  [Reason.CANCELLING]: "cancelling",
  [Reason.ENDED]: "ended",
  [Reason.NAMESPACE]: "namespace",
};

const TIMER: Readonly<Record<WireTimer, WaitingFor["timer"]>> = {
  [WireTimer.UNSPECIFIED]: undefined,
  [WireTimer.START]: "start",
  [WireTimer.SLEEP]: "sleep",
  [WireTimer.STEP_RETRY]: "stepRetry",
  [WireTimer.RUN_RETRY]: "runRetry",
  [WireTimer.TAKEOVER]: "takeover",
  [WireTimer.DEADLINE]: "deadline",
};

/** A reason of a newer server counts as `time`: its sentence says what it is. */
export function toWaitingFor(wire: WireWaitingFor): WaitingFor {
  const { childRunId, childStatus, continuedAsRunId, error, eventKey, message, stepId, workerId } = wire;
  const timer = TIMER[wire.timer];
  return {
    reason: REASON[wire.reason] ?? "time",
    message,
    ...givenDate("until", wire.until),
    ...givenDate("since", wire.since),
    ...(timer !== undefined && { timer }),
    ...(stepId !== "" && { stepId }),
    ...(wire.attempt > 0 && { attempt: wire.attempt }),
    ...(error !== undefined && { error: fromErrorDetail(error) }),
    ...(eventKey !== undefined && { key: eventKey }),
    ...(childRunId !== undefined && { childId: childRunId }),
    ...(childStatus !== WorkflowStatus.UNSPECIFIED && { childStatus: fromWireStatus(childStatus) }),
    ...(workerId !== undefined && { workerId }),
    ...givenDate("heardAt", wire.heardAt),
    ...(wire.reason === Reason.SLOT && { slots: slotsOf(wire) }),
    ...((wire.reason === Reason.LIMIT || wire.reason === Reason.THROTTLE) && { limit: limitOf(wire) }),
    ...(wire.reason === Reason.WORKER && { instead: insteadOf(wire) }),
    ...(continuedAsRunId !== undefined && { continuedAs: continuedAsRunId }),
  };
}

function slotsOf(wire: WireWaitingFor): NonNullable<WaitingFor["slots"]> {
  return {
    workers: wire.workers.map(({ slots, taken, workerId }) => ({ workerId, taken, slots })),
    workerCount: wire.workerCount,
    total: wire.slots,
    taken: wire.slotsTaken,
    holders: wire.holderRunIds,
    ahead: wire.ahead,
  };
}

function limitOf({
  holderRunIds,
  limit,
  limitKey,
  limitName,
  perMs,
}: WireWaitingFor): NonNullable<WaitingFor["limit"]> {
  return {
    limit,
    holders: holderRunIds,
    ...(perMs > 0n && { perMs: Number(perMs) }),
    ...(limitKey !== undefined && { key: limitKey }),
    ...(limitName !== undefined && { name: limitName }),
  };
}

function insteadOf(wire: WireWaitingFor): NonNullable<WaitingFor["instead"]> {
  return { offered: wire.offered, draining: wire.drainingCount, taskQueues: wire.taskQueues };
}
