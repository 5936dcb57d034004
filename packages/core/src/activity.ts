import type { StepKey } from "./record.ts";
import type { Instant } from "./time.ts";

/** What a run has been busy with for a while, as its worker says: steps that run, or, without any, its own code. */
export interface Activity {
  /** Under which lease. Under a later one it is history. */
  readonly epoch: number;
  readonly steps: readonly RunningStep[];
}

/** A step whose function runs. */
export interface RunningStep extends StepKey {
  readonly attempt: number;
  readonly startedAt: Instant;
}
