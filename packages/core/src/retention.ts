import type { Namespace } from "./namespace.ts";
import type { Run } from "./run.ts";
import type { Instant } from "./time.ts";
import type { Throttle } from "./workflow-limits.ts";

/** How long a retention may be, in milliseconds: 100 years. */
export const LONGEST_RETENTION_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** How long runs of a namespace are kept after their end; 0: for ever. */
export function retentionOf({ retentionMs }: Pick<Namespace, "retentionMs">, serverMs: number): number {
  return retentionMs ?? serverMs;
}

/** When a run may be removed; `undefined` while it goes on, and if it is kept for ever. */
export function expiresAt(run: Run, retentionMs: number): Instant | undefined {
  return "finishedAt" in run && retentionMs > 0 ? run.finishedAt + retentionMs : undefined;
}

/** Whether a throttle still counts the run: without it, others would begin too early. */
export function isThrottling({ startedAt, throttleKey }: Run, throttle: Throttle | undefined, now: Instant): boolean {
  if (throttle === undefined || throttleKey === undefined || startedAt === undefined) return false;
  return startedAt + throttle.perMs > now;
}
