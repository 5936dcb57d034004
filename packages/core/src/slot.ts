import type { RunReference } from "./store.ts";
import type { Instant } from "./time.ts";
import { type WorkflowLimits, roomOf } from "./workflow-limits.ts";

/** A run that was called because there is room keeps its place at the head of the line for so long. */
export const CALL_MS = 10_000;

/** A step of a run that is to hold a slot of a named limit. */
export interface SlotClaim extends RunReference {
  /** The limit. */
  readonly name: string;
  readonly step: string;
  /** Of the lease under which the step is to run: the slot ends with it. */
  readonly epoch: number;
}

/** What is known of a named limit when a slot is asked for. */
export interface SlotFacts {
  /** Slots that are held. */
  readonly held: number;
  /** Slots that were given out within the throttle's window. */
  readonly begun: number;
  /** When the first of those leaves the window. */
  readonly until?: Instant;
  /** Steps that wait and come before the one that asks. */
  readonly ahead: number;
}

/** How many slots of a named limit are free. */
export function freeSlots(limits: WorkflowLimits, { begun, held }: Pick<SlotFacts, "begun" | "held">): number {
  const mayBegin = limits.throttle === undefined ? Number.POSITIVE_INFINITY : limits.throttle.limit - begun;
  return Math.min(roomOf(limits).total - held, mayBegin);
}

/** Whether a step is given a slot; or when it may be at the earliest, if that is known. */
export function decideSlot(
  limits: WorkflowLimits,
  facts: SlotFacts,
): { readonly granted: boolean; readonly until?: Instant } {
  if (freeSlots(limits, facts) > facts.ahead) return { granted: true };
  const isThrottled = limits.throttle !== undefined && facts.begun >= limits.throttle.limit;
  return { granted: false, ...(isThrottled && facts.until !== undefined && { until: facts.until }) };
}
