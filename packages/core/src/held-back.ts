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

/** Why a run that is ready does not have its turn; `undefined` if no limit is in its way. */
export function heldBack(
  run: Run & { readonly availableAt: Instant },
  { all, limits, ofKey, throttle }: Standing,
): WaitingFor | undefined {
  const { perKey, total } = roomOf(limits);
  const since = run.availableAt;
  if (ofKey.running >= perKey) {
    return { reason: "limit", since, limit: perKey, key: run.limitKey ?? "", holders: ofKey.holders };
  }
  if (all.running >= total) return { reason: "limit", since, limit: total, holders: all.holders };
  const { throttle: window } = limits;
  if (window === undefined || throttle === undefined || throttle.begun < window.limit) return undefined;
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
