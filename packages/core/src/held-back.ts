import type { RunId } from "./ids.ts";
import type { Run } from "./run.ts";
import type { Instant } from "./time.ts";
import type { WaitingFor } from "./waiting-for.ts";
import { type WorkflowLimits, roomOf } from "./workflow-limits.ts";

/** Who takes up places: how many runs, and some of them. */
export interface Places {
  readonly running: number;
  readonly holders: readonly RunId[];
}

/** What was given out within a throttle's window, up to its limit; and when the first of that leaves the window. */
export interface Begun {
  readonly begun: number;
  readonly until?: Instant;
}

/** Where a run that is ready stands with the limits of its workflow. */
export interface Standing {
  readonly limits: WorkflowLimits;
  readonly all: Places;
  readonly ofKey: Places;
  readonly throttle?: Begun;
}

/** A step that waits for a slot of a named limit. */
export interface SlotWait {
  readonly name: string;
  readonly step: string;
  readonly since: Instant;
  readonly limits: WorkflowLimits;
  readonly held: Places;
  readonly throttle: Begun;
  readonly waiting: number;
}

/** Which limit is in the way of a run that is ready: that of its key, that of all runs, or the throttle. */
export type Hold = "key" | "all" | "throttle";

/** `undefined` if no limit is in its way. */
export function holdOf({ all, limits, ofKey, throttle }: Standing): Hold | undefined {
  const { perKey, total } = roomOf(limits);
  if (ofKey.running >= perKey) return "key";
  if (all.running >= total) return "all";
  const { throttle: window } = limits;
  return window !== undefined && throttle !== undefined && throttle.begun >= window.limit ? "throttle" : undefined;
}

/** Why a run that is ready does not have its turn; `undefined` if no limit is in its way. */
export function heldBack(run: Run & { readonly availableAt: Instant }, standing: Standing): WaitingFor | undefined {
  const { all, limits, ofKey, throttle } = standing;
  const { perKey, total } = roomOf(limits);
  const since = run.availableAt;
  const hold = holdOf(standing);
  if (hold === "key") {
    return { reason: "limit", since, limit: perKey, key: run.limitKey ?? "", holders: ofKey.holders };
  }
  if (hold === "all") return { reason: "limit", since, limit: total, holders: all.holders };
  const { throttle: window } = limits;
  if (hold === undefined || window === undefined || throttle === undefined) return undefined;
  const { limit, perMs } = window;
  const key = window.key === undefined ? {} : { key: run.throttleKey ?? "" };
  return { reason: "throttle", since, limit, perMs, ...key, ...untilOf(throttle) };
}

/** Why a step does not have its slot. */
export function slotReason({ held, limits, name, since, step, throttle, waiting }: SlotWait): WaitingFor {
  const { throttle: window } = limits;
  const { total: limit } = roomOf(limits);
  const isThrottled = window !== undefined && (throttle.begun >= window.limit || limit === Number.POSITIVE_INFINITY);
  if (held.running < limit && isThrottled) {
    return { reason: "throttle", since, limit: window.limit, perMs: window.perMs, name, step, ...untilOf(throttle) };
  }
  return { reason: "limit", since, limit, name, step, holders: held.holders, waiting };
}

function untilOf({ until }: Begun): { readonly until?: Instant } {
  return until === undefined ? {} : { until };
}
