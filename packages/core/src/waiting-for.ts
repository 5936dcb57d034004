import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import type { RunStatus, TerminalStatus } from "./run.ts";
import type { Instant } from "./time.ts";

/**
 * Why a run waits for a time: its start, a sleep, another attempt of a step or of itself, or because it lost its workers. Of
 * a deadline the time has passed, and the run is about to be ended.
 */
export type Timer = "start" | "sleep" | "stepRetry" | "runRetry" | "takeover" | "deadline";

/** The slots of a worker, as of its last heartbeat. */
export interface WorkerSlots {
  readonly workerId: WorkerId;
  readonly taken: number;
  readonly slots: number;
}

/** Why a run is not moving, or what it is busy with, or how it ended. Steps are as {@link formatStepKey} writes them. */
export type WaitingFor =
  | {
      readonly reason: "time";
      readonly timer: Timer;
      readonly until: Instant;
      readonly since?: Instant;
      readonly step?: string;
      /** The one that failed; of a takeover, how often in a row a worker was lost. */
      readonly attempt?: number;
      readonly error?: ErrorDetail;
    }
  | {
      readonly reason: "worker";
      readonly since: Instant;
      /** `name@version` */
      readonly workflow: string;
      /** What online workers have instead: other versions of the workflow before other workflows. */
      readonly offered: readonly string[];
      /** Workers that have it and take nothing more. */
      readonly draining: number;
      /** Where online workers have it, and the run is not. */
      readonly taskQueues: readonly string[];
    }
  | {
      readonly reason: "slot";
      readonly since: Instant;
      /** All workers that have it, and their slots together. */
      readonly workerCount: number;
      readonly slots: number;
      readonly taken: number;
      readonly workers: readonly WorkerSlots[];
      /** Some of those that hold the slots. */
      readonly holders: readonly RunId[];
      /** Runs that are to be taken before it, counted up to {@link MAX_AHEAD}. */
      readonly ahead: number;
    }
  /** Of its workflow, or, with a name, of a step. */
  | {
      readonly reason: "limit";
      readonly since: Instant;
      readonly limit: number;
      /** Absent where the limit is for all runs together. */
      readonly key?: string;
      readonly name?: string;
      readonly step?: string;
      /** Some of those that hold a place, or a slot. */
      readonly holders: readonly RunId[];
      /** Steps that wait for a slot, counted up to {@link MAX_AHEAD}; of a workflow it is not counted. */
      readonly waiting?: number;
    }
  | {
      readonly reason: "throttle";
      readonly since: Instant;
      /** So many in so long. */
      readonly limit: number;
      readonly perMs: number;
      readonly key?: string;
      readonly name?: string;
      readonly step?: string;
      /** When the next one may begin. */
      readonly until?: Instant;
    }
  /** Without `until`: it will be, once its worker gives it back. */
  | { readonly reason: "paused"; readonly error: ErrorDetail; readonly workerId?: WorkerId }
  /** Without a name: it asked for it so long ago that it was not looked for. */
  | {
      readonly reason: "event";
      readonly step: string;
      readonly since: Instant;
      readonly until?: Instant;
      /** Only events with it will do. */
      readonly key?: string;
    }
  | {
      readonly reason: "child";
      readonly step: string;
      readonly since: Instant;
      readonly childRunId: RunId;
      /** Absent if it was not looked for. */
      readonly childStatus?: RunStatus;
    }
  | {
      readonly reason: "step";
      readonly step: string;
      readonly since: Instant;
      readonly attempt: number;
      readonly workerId: WorkerId;
    }
  | { readonly reason: "code"; readonly since: Instant; readonly workerId: WorkerId }
  /** It moves, as far as is known. `heardAt`: when its worker was heard of last. */
  | { readonly reason: "running"; readonly since: Instant; readonly workerId: WorkerId; readonly heardAt?: Instant }
  | { readonly reason: "cancelling"; readonly error: ErrorDetail; readonly until?: Instant }
  | {
      readonly reason: "ended";
      readonly status: TerminalStatus;
      readonly since: Instant;
      readonly error?: ErrorDetail;
      readonly continuedAs?: RunId;
    }
  /** The namespace is disabled, and that matters here. */
  | { readonly reason: "namespace"; readonly namespaceId: NamespaceId };

/** Runs ahead are counted up to here. */
export const MAX_AHEAD = 1000;
/** Steps, workers and runs that one explanation names at most. */
export const MAX_NAMED = 10;
