import {
  type Due,
  type Instant,
  type NewRecord,
  type RunEnd,
  type RunFacts,
  type RunStatus,
  type RunWrite,
  type WriteOutcome,
  isTerminal,
} from "@kagzi/core";
import { type HistoryRow, historyColumns, jsonColumn, metadataColumn, toHistoryRecord } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import type { Value } from "./driver.ts";

/**
 * Writes for many runs in one transaction. A write whose lease or number of records is not the store's is left out and
 * answered with the run as it is.
 */
export function writeRuns(database: Database, writes: readonly RunWrite[]): readonly WriteOutcome[] {
  return database.transaction(() => writes.map((write) => writeRun(database, write)));
}

function writeRun(database: Database, write: RunWrite): WriteOutcome {
  if (!isHeld(database, write)) return { became: "refused", facts: readFacts(database, write) };
  const now = database.now();
  const dueAt = new Map<number, Instant>();
  for (const [index, record] of write.records.entries()) {
    const seq = (write.afterSeq ?? 0) + index + 1;
    const due = record.due && instantOf(record.due, now);
    if (due !== undefined) dueAt.set(seq, due);
    insertRecord(database, write, record, { seq, now, due: due ?? null });
  }
  const wakeAt = write.next && moveOn(database, write, write.next, now);
  return { became: "written", now, dueAt, ...(wakeAt !== undefined && { wakeAt }) };
}

// The fence: the lease must be the run's, the history as long as the writer thinks, and a sleep that ends be over.
function isHeld(database: Database, write: RunWrite): boolean {
  const [run] = database.all<{ status: RunStatus; epoch: number }>(
    "SELECT status, epoch FROM runs WHERE namespace_id = ? AND run_id = ?",
    [write.namespaceId, write.runId],
  );
  if (run?.status !== "running" || run.epoch !== write.epoch) return false;
  if (write.afterSeq !== undefined && write.afterSeq !== lastSeq(database, write)) return false;
  return write.records.every((record) => isDue(database, write, record));
}

/** How many records the history of a run has. */
export function lastSeq(database: Database, run: Pick<RunWrite, "namespaceId" | "runId">): number {
  const [row] = database.all<{ seq: number }>(
    "SELECT coalesce(max(seq), 0) AS seq FROM history WHERE namespace_id = ? AND run_id = ?",
    [run.namespaceId, run.runId],
  );
  return row?.seq ?? 0;
}

function isDue(database: Database, write: RunWrite, record: NewRecord): boolean {
  if (record.startedSeq === undefined) return true;
  const started = database.all(
    `SELECT 1 FROM history WHERE namespace_id = ? AND run_id = ? AND seq = ? AND kind = ? AND type = 'started'
       AND name = ? AND occurrence = ? AND due_at <= ?`,
    [write.namespaceId, write.runId, record.startedSeq, record.kind, record.name, record.occurrence, database.now()],
  );
  return started.length === 1;
}

function instantOf(due: Due, now: Instant): Instant {
  return "at" in due ? due.at : now + due.afterMs;
}

function insertRecord(
  database: Database,
  write: RunWrite,
  record: NewRecord,
  fixed: { readonly seq: number; readonly now: Instant; readonly due: Instant | null },
): void {
  database.change(
    `INSERT INTO history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      write.namespaceId,
      write.runId,
      fixed.seq,
      write.epoch,
      record.kind,
      record.type,
      record.name,
      record.occurrence,
      record.attempt,
      fixed.now,
      record.observedAt ?? fixed.now,
      fixed.due,
      record.durationMs ?? null,
      record.payload?.data ?? null,
      metadataColumn(record.payload),
      record.input?.data ?? null,
      metadataColumn(record.input),
      jsonColumn(record.error),
    ],
  );
}

function moveOn(
  database: Database,
  write: RunWrite,
  next: NonNullable<RunWrite["next"]>,
  now: Instant,
): Instant | undefined {
  const wakeAt = wakeTime(next, now);
  const values: Value[] = [
    next.status,
    wakeAt ?? null,
    (next.status === "sleeping" ? next.attempt : undefined) ?? null,
    isTerminal(next.status) ? now : null,
    next.status === "paused" ? jsonColumn(next.error) : null,
    write.namespaceId,
    write.runId,
  ];
  database.change(
    // max() of a NULL is NULL, as a run that goes on has no time of its end.
    `UPDATE runs SET status = ?, available_at = ?, claimed_at = NULL, crashes = 0, attempt = coalesce(?, attempt),
       finished_at = max(?, started_at), pause_error = ?
     WHERE namespace_id = ? AND run_id = ?`,
    values,
  );
  return wakeAt;
}

function wakeTime(next: NonNullable<RunWrite["next"]>, now: Instant): Instant | undefined {
  if (next.status === "pending") return now;
  if (next.status !== "sleeping") return undefined;
  const { afterMs = Number.POSITIVE_INFINITY, at = Number.POSITIVE_INFINITY } = next;
  return Math.min(now + afterMs, at);
}

function readFacts(database: Database, write: RunWrite): RunFacts | undefined {
  const [run] = database.all<{ status: RunStatus; epoch: number }>(
    "SELECT status, epoch FROM runs WHERE namespace_id = ? AND run_id = ?",
    [write.namespaceId, write.runId],
  );
  if (run === undefined) return undefined;
  const afterSeq = write.afterSeq ?? 0;
  const tail = database.all<HistoryRow>(
    `SELECT ${historyColumns("h")} FROM history h
     WHERE namespace_id = ? AND run_id = ? AND seq > ? AND seq <= ? ORDER BY seq`,
    [write.namespaceId, write.runId, afterSeq, afterSeq + write.records.length],
  );
  return { ...run, tail: tail.map(toHistoryRecord) };
}

/** Ends a run whoever holds it: the state is the fence that stops its worker. `false` if it had ended before. */
export function endRun(database: Database, end: RunEnd): boolean {
  return database.transaction(() => endRunWithin(database, end));
}

/** As {@link endRun}, within a transaction that is open. */
export function endRunWithin(database: Database, end: RunEnd): boolean {
  const now = database.now();
  const [ended] = database.all<{ attempt: number }>(
    `UPDATE runs SET status = ?, available_at = NULL, claimed_at = NULL, pause_error = NULL,
       finished_at = max(?, created_at, coalesce(started_at, 0))
     WHERE namespace_id = ? AND run_id = ? AND finished_at IS NULL RETURNING attempt`,
    [end.status, now, end.namespaceId, end.runId],
  );
  if (ended === undefined) return false;
  database.change(
    `INSERT INTO history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, error)
     VALUES (?, ?, ?, 0, 'run', ?, '', 1, ?, ?, ?, ?)`,
    [
      end.namespaceId,
      end.runId,
      lastSeq(database, end) + 1,
      end.status,
      ended.attempt,
      now,
      now,
      jsonColumn(end.error),
    ],
  );
  return true;
}
