import type { ErrorDetail, Payload } from "@kagzi/proto";

/** What a step does. */
export type StepKind = "function" | "sleep" | "event" | "child";

/** A step within its run: its name, and the how-manieth of that name it is, from 1. */
export interface StepKey {
  readonly name: string;
  readonly occurrence: number;
}

/** What is recorded of a step, without which step it is. Times are milliseconds since 1970. */
export type Outcome = { readonly attempt: number } & (
  | { readonly type: "started"; readonly dueAt?: number | undefined; readonly childRunId?: string | undefined }
  | { readonly type: "retrying"; readonly dueAt: number; readonly error: ErrorDetail }
  | { readonly type: "completed"; readonly payload?: Payload | undefined }
  | { readonly type: "failed"; readonly error: ErrorDetail }
  /** The code gave it up. */
  | { readonly type: "cancelled" }
  /** A failure of which the server has not yet said whether the step is tried again. */
  | { readonly type: "undecided"; readonly error: ErrorDetail }
  /** An event of which the server has not yet said whether it could be sent. */
  | { readonly type: "undecided"; readonly sends: true }
  /** A child of which the server has not yet said whether it could be started. */
  | { readonly type: "undecided"; readonly childRunId: string }
);

/** What is recorded of a step. */
export type StepRecord = StepKey &
  Outcome & {
    readonly kind: StepKind;
    /** When it was handed to the code: the run's own notion of time. */
    readonly observedAt: number;
  };

/** What is recorded of the run itself. */
export type RunRecord = { readonly kind: "run"; readonly observedAt: number } & (
  | { readonly type: "started"; readonly payload?: Payload | undefined }
  | { readonly type: "retrying"; readonly dueAt: number }
  | { readonly type: "ended" }
  /** The code was told that the run is to be cancelled. */
  | { readonly type: "cancelling"; readonly error: ErrorDetail }
);

/** One entry of a run's history. */
export type ReplayRecord = StepRecord | RunRecord;

/** A step as people and messages name it: `charge`, `charge#2`. */
export function formatStepKey(key: StepKey): string {
  return key.occurrence === 1 ? key.name : `${key.name}#${key.occurrence}`;
}
