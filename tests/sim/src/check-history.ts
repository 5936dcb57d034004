import { type HistoryRecord, formatStepKey } from "@kagzi/core";
import { TRIES } from "./programs.ts";
import type { Recorded } from "./recorded.ts";

/** What a history shows by itself, that no row alone and no query for rows does: one line for each breach. */
export function checkHistory({ records, run }: Recorded): string[] {
  const breaches: string[] = [];
  const begun = new Map<string, HistoryRecord>();
  const attempts = new Map<string, number>();
  let last = 0;
  for (const record of records) {
    const key = formatStepKey(record);
    const breach = (what: string) => breaches.push(`${what} (record ${record.seq}, ${key}, of run ${run.runId})`);
    if (record.recordedAt < last) breach("R8: time went back");
    last = Math.max(last, record.recordedAt);
    if (record.kind === "run") {
      // A new attempt of the run counts the attempts of its steps anew.
      if (record.type === "retrying") attempts.clear();
      continue;
    }
    if (record.type === "started") begun.set(key, record);
    if (record.kind === "sleep" && record.type === "completed" && isEarly(begun.get(key), record)) {
      breach("W1: a sleep ended early");
    }
    if (record.kind !== "function" || record.type === "cancelled") continue;
    const expected = (attempts.get(key) ?? 0) + 1;
    if (record.attempt !== expected) breach(`S10: attempt ${record.attempt} came after ${expected - 1}`);
    if (record.attempt > TRIES) breach(`S10: there are ${TRIES} attempts`);
    attempts.set(key, record.attempt);
  }
  return breaches;
}

function isEarly(begun: HistoryRecord | undefined, ended: HistoryRecord): boolean {
  return begun?.dueAt === undefined || ended.recordedAt < begun.dueAt;
}
