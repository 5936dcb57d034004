import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { LimitKeys } from "./workflow-limits.ts";
import type { Instant } from "./time.ts";

/** The states of a run; docs/state-machine.md draws them. */
export const RUN_STATUSES = [
  "pending",
  "running",
  "sleeping",
  "waiting",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** The states of runs that have ended. */
export type TerminalStatus = "completed" | "failed" | "cancelled";

/** One execution of a workflow from start to end. Its payloads are in its history: input first, output last. */
export type Run = {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
  readonly externalId?: string;
  readonly taskQueue: string;
  readonly workflowType: string;
  readonly version: string;
  readonly priority: number;
  /** Of the run itself, from 1. Parking and changing worker leave it as it is. */
  readonly attempt: number;
  /** Rises by one with each claim; presented with every write of a worker. 0 before the first claim. */
  readonly epoch: number;
  /** Claims in a row whose worker was lost before it recorded anything. */
  readonly crashes: number;
  readonly retryPolicy?: RetryPolicy;
  readonly createdAt: Instant;
  /** Of the first claim. */
  readonly startedAt?: Instant;
  /** When the run ends at the latest. Before the first claim: when it must have been claimed. */
  readonly deadlineAt?: Instant;
  /** From the first claim to the deadline. */
  readonly timeoutMs?: number;
  /** Who began it, if that was a run. */
  readonly parent?: ParentReference;
  /** The run that ended in order to go on as this one. */
  readonly continuedFrom?: RunId;
  /** The run whose recorded steps this one began with. */
  readonly rerunOf?: RunId;
  /** The event that started it. */
  readonly eventId?: string;
  /** The schedule that started it. */
  readonly scheduleId?: string;
  /** For which slot of its schedule; none if that was triggered. */
  readonly scheduledAt?: Instant;
  /** How often somebody had something for the run: a message, or a request to cancel or pause it. */
  readonly signals: number;
  /** Somebody asked for its cancellation; it ends so, whatever its code says. */
  readonly cancelError?: ErrorDetail;
  /** Paused, or about to be: it stops where its worker gives it back. */
  readonly pauseError?: ErrorDetail;
  /** Who holds the run, or held it last and may still have it in memory. */
  readonly workerId?: WorkerId;
} & Partial<LimitKeys> &
  RunState;

/** What is true of a run only while it is in one state. */
export type RunState =
  | { readonly status: "pending"; readonly availableAt: Instant }
  | { readonly status: "running"; readonly workerId: WorkerId; readonly claimedAt: Instant }
  | { readonly status: "sleeping"; readonly availableAt: Instant }
  | { readonly status: "waiting"; readonly availableAt?: Instant }
  | { readonly status: "paused"; readonly pauseError: ErrorDetail }
  | { readonly status: TerminalStatus; readonly finishedAt: Instant };

/** The run that began another one. */
export interface ParentReference {
  readonly runId: RunId;
  /** Which step of the parent. */
  readonly step: string;
  /** The parent waits for the result, and the child does not outlive it. */
  readonly awaited: boolean;
  /** The run that the parent started, where that has gone on as this one. */
  readonly startedAs?: RunId;
}

/** Which states follow which. A run is taken over by going back to `pending` first; only an operator's retry leads out of `failed`. */
export const RUN_TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  pending: ["running", "paused", "failed", "cancelled"],
  running: ["pending", "sleeping", "waiting", "paused", "completed", "failed", "cancelled"],
  sleeping: ["pending", "running", "paused", "failed", "cancelled"],
  waiting: ["pending", "running", "paused", "failed", "cancelled"],
  paused: ["pending", "failed", "cancelled"],
  completed: [],
  failed: ["pending"],
  cancelled: [],
};

/** Whether the run has ended. */
export function isTerminal(status: RunStatus): status is TerminalStatus {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** What a new run is made of. Ids and times are given to it: the store adds only its clock. */
export interface NewRun extends Partial<LimitKeys> {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
  /** The idempotency key, with the fingerprint that a second start must match. */
  readonly key?: { readonly externalId: string; readonly fingerprint: string };
  readonly taskQueue: string;
  readonly workflowType: string;
  readonly version: string;
  readonly priority: number;
  readonly retryPolicy?: RetryPolicy;
  readonly delayMs: number;
  /** From the first claim on. */
  readonly timeoutMs?: number;
  /** Until the first claim, counted from when the run may first be claimed. */
  readonly startTimeoutMs?: number;
  readonly parent?: ParentReference;
  readonly continuedFrom?: RunId;
  /** The event that starts it. */
  readonly eventId?: string;
  readonly scheduleId?: string;
  readonly scheduledAt?: Instant;
  /** The worker that takes the run with its start, if one is waiting for it. */
  readonly claimedBy?: WorkerId;
}
