import type { ErrorDetail } from "./error.ts";
import type { HistoryRecord } from "./record.ts";
import type { RunStatus } from "./run.ts";
import { type RunWrite, yieldsToCancel } from "./run-update.ts";

/** What a store finds when a write matched nothing: the run as it is, and its records after the write's `afterSeq`. */
export interface RunFacts {
  readonly status: RunStatus;
  readonly epoch: number;
  readonly cancelError?: ErrorDetail;
  readonly tail: readonly HistoryRecord[];
}

/** Why a write matched nothing. */
export type Refusal = "applied" | "cancelled" | "leaseLost" | "reload" | "notFound";

/**
 * Explains a write that matched nothing: it had been `applied` before and only its answer was lost; the worker no
 * longer holds the run; or it does, and somebody has asked for its cancellation, or its idea of the history is wrong.
 */
export function explainRefusal(write: RunWrite, facts: RunFacts | undefined): Refusal {
  if (facts === undefined) return "notFound";
  if (wasApplied(write, facts)) return "applied";
  if (facts.status !== "running" || facts.epoch !== write.epoch) return "leaseLost";
  return facts.cancelError !== undefined && yieldsToCancel(write) ? "cancelled" : "reload";
}

/** Only the holder of an epoch writes under it, so its own records at the place it meant them are its own write. */
function wasApplied(write: RunWrite, facts: RunFacts): boolean {
  if (write.records.length === 0) {
    return facts.epoch === write.epoch && facts.status === (write.next?.status ?? "running");
  }
  return write.records.every((record, index) => {
    const stored = facts.tail[index];
    return (
      stored !== undefined &&
      stored.epoch === write.epoch &&
      stored.kind === record.kind &&
      stored.type === record.type &&
      stored.name === record.name &&
      stored.occurrence === record.occurrence
    );
  });
}
