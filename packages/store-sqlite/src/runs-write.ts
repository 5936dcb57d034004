import {
  type Due,
  type Instant,
  type NewRecord,
  type RunFacts,
  type RunReference,
  type RunStatus,
  type RunWrite,
  type Touched,
  type WriteOutcome,
  isTerminal,
  messageOfEnd,
  yieldsToCancel,
} from "@kagzi/core";
import {
  type HistoryRow,
  historyColumns,
  jsonColumn,
  metadataColumn,
  toError,
  toHistoryRecord,
} from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import type { Value } from "./driver.ts";
import { changeWaits, keepWaits } from "./event-waits.ts";
import { readMessage, sendMessage } from "./inbox.ts";
import { beginRun } from "./runs-start.ts";

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
    insertRecord(database, write, withMessage(database, write, record, seq), { seq, now, due: due ?? null });
  }
  if (write.progress !== undefined || write.activity !== undefined) saveProgress(database, write, now);
  keepWaits(database, write);
  const moved = write.next && moveOn(database, write, write.next, now);
  const told = tellOthers(database, write);
  return { became: "written", now, dueAt, ...moved, ...(told !== undefined && { told }) };
}

/** What the end of a run means for others: the one that waited for it, the one that goes on where it ended. */
function tellOthers(database: Database, write: RunWrite): Touched | undefined {
  const { continuation, namespaceId, next, parent, records, runId } = write;
  if (continuation !== undefined) beginRun(database, continuation);
  if (parent?.awaited !== true || next === undefined || !isTerminal(next.status)) return undefined;
  const { error, payload } = records.at(-1) ?? {};
  return sendMessage(database, messageOfEnd({ namespaceId, runId }, parent, { error, payload }));
}

/** What was taken from the inbox is in the history; of the message its id is kept, so that it is not accepted again. */
function withMessage(database: Database, run: RunReference, record: NewRecord, seq: number): NewRecord {
  if (record.takes === undefined) return record;
  const message = readMessage(database, run, record.takes);
  database.change(
    `UPDATE inbox SET taken_seq = ?, payload = NULL, payload_metadata = NULL, error = NULL
     WHERE namespace_id = ? AND run_id = ? AND position = ?`,
    [seq, run.namespaceId, run.runId, record.takes],
  );
  const { error, payload } = message ?? {};
  return { ...record, ...(error !== undefined && { error }), ...(payload !== undefined && { payload }) };
}

function saveProgress(database: Database, { activity, namespaceId, progress, runId }: RunWrite, now: Instant): void {
  database.change(
    `INSERT INTO run_progress AS was (namespace_id, run_id, payload, payload_metadata, activity, updated_at)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (namespace_id, run_id) DO UPDATE SET
       payload = CASE WHEN excluded.payload IS NULL THEN was.payload ELSE excluded.payload END,
       payload_metadata = CASE WHEN excluded.payload IS NULL THEN was.payload_metadata ELSE excluded.payload_metadata END,
       activity = coalesce(excluded.activity, was.activity), updated_at = excluded.updated_at`,
    [namespaceId, runId, progress?.data ?? null, metadataColumn(progress), jsonColumn(activity), now],
  );
}

// The fence: the lease must be the run's, the history as long as the writer thinks, and a sleep that ends be over.
function isHeld(database: Database, write: RunWrite): boolean {
  const [run] = database.all<{ status: RunStatus; epoch: number; cancelling: number; last_seq: number }>(FENCE, [
    write.namespaceId,
    write.runId,
  ]);
  if (run?.status !== "running" || run.epoch !== write.epoch) return false;
  if (run.cancelling === 1 && yieldsToCancel(write)) return false;
  if (write.afterSeq !== undefined && write.afterSeq !== run.last_seq) return false;
  return write.records.every((record) => isDue(database, write, record));
}

const FENCE = `SELECT status, epoch, cancel_error IS NOT NULL AS cancelling,
         (SELECT coalesce(max(h.seq), 0) FROM history h
          WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id) AS last_seq
       FROM runs r WHERE namespace_id = ? AND run_id = ?`;

/** How many records the history of a run has. */
export function lastSeq(database: Database, run: Pick<RunWrite, "namespaceId" | "runId">): number {
  const [row] = database.all<{ seq: number }>(
    "SELECT coalesce(max(seq), 0) AS seq FROM history WHERE namespace_id = ? AND run_id = ?",
    [run.namespaceId, run.runId],
  );
  return row?.seq ?? 0;
}

function isDue(database: Database, write: RunWrite, record: NewRecord): boolean {
  if (record.takes !== undefined) return isThere(database, write, record, record.takes);
  if (record.startedSeq === undefined) return true;
  const started = database.all(
    `SELECT 1 FROM history WHERE namespace_id = ? AND run_id = ? AND seq = ? AND kind = ? AND type = 'started'
       AND name = ? AND occurrence = ? AND due_at <= ?`,
    [write.namespaceId, write.runId, record.startedSeq, record.kind, record.name, record.occurrence, database.now()],
  );
  return started.length === 1;
}

function isThere(database: Database, write: RunWrite, record: NewRecord, position: number): boolean {
  const found = database.all(
    `SELECT 1 FROM inbox WHERE namespace_id = ? AND run_id = ? AND position = ? AND taken_seq IS NULL
       AND kind = ? AND (error IS NOT NULL) = ?`,
    [write.namespaceId, write.runId, position, record.kind, Number(record.type === "failed")],
  );
  return found.length === 1;
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
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error,
       child_run_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      record.childRunId ?? null,
    ],
  );
}

function moveOn(
  database: Database,
  write: RunWrite,
  next: NonNullable<RunWrite["next"]>,
  now: Instant,
): { readonly status: RunStatus; readonly wakeAt?: Instant } {
  const park = next.status === "sleeping" || next.status === "waiting" ? next : undefined;
  const values: Value[] = [
    next.status,
    now,
    wakeTime(park, now) ?? null,
    park?.attempt ?? null,
    park?.signals ?? null,
    Number(isTerminal(next.status)),
    next.status === "paused" ? jsonColumn(next.error) : null,
    write.namespaceId,
    write.runId,
    Number(write.closing === true),
  ];
  const [moved] = database.all<{ status: RunStatus; available_at: Instant | null; waits: number }>(MOVE, values);
  if (moved?.waits === 1) changeWaits(database, write, { from: "running", to: moved.status });
  return {
    status: moved?.status ?? next.status,
    ...(moved !== undefined && moved.available_at !== null && { wakeAt: moved.available_at }),
  };
}

// A run that is to be paused is paused instead of waiting or going back, and one that was sent something of which its
// worker does not know goes on instead of waiting.
const WHERE_TO = `CASE
         WHEN ?6 THEN ?1
         WHEN pause_error IS NOT NULL THEN 'paused'
         WHEN ?1 NOT IN ('sleeping', 'waiting') THEN ?1
         WHEN (?5 IS NULL AND cancel_error IS NULL) OR ?5 >= signals THEN ?1
         ELSE 'pending' END`;

const MOVE = `UPDATE runs SET status = ${WHERE_TO},
       available_at = CASE ${WHERE_TO} WHEN 'pending' THEN ?2 WHEN 'sleeping' THEN ?3 WHEN 'waiting' THEN ?3 END,
       claimed_at = NULL, crashes = 0, attempt = coalesce(?4, attempt), signals_heard = coalesce(?5, signals_heard),
       closing = closing OR ?10,
       finished_at = CASE WHEN ?6 THEN max(?2, started_at) END,
       pause_error = CASE WHEN NOT ?6 THEN coalesce(?7, pause_error) END
     WHERE namespace_id = ?8 AND run_id = ?9 RETURNING status, available_at,
       EXISTS (SELECT 1 FROM event_waits w WHERE w.namespace_id = ?8 AND w.run_id = ?9) AS waits`;

function wakeTime(
  park: Extract<RunWrite["next"], { afterMs?: number }> | undefined,
  now: Instant,
): Instant | undefined {
  const times = [
    ...(park?.afterMs === undefined ? [] : [now + park.afterMs]),
    ...(park?.at === undefined ? [] : [park.at]),
  ];
  return times.length === 0 ? undefined : Math.min(...times);
}

function readFacts(database: Database, write: RunWrite): RunFacts | undefined {
  const [run] = database.all<{ status: RunStatus; epoch: number; cancel_error: string | null }>(
    "SELECT status, epoch, cancel_error FROM runs WHERE namespace_id = ? AND run_id = ?",
    [write.namespaceId, write.runId],
  );
  if (run === undefined) return undefined;
  const { cancel_error: cancelError, epoch, status } = run;
  const afterSeq = write.afterSeq ?? 0;
  const tail = database.all<HistoryRow>(
    `SELECT ${historyColumns("h")} FROM history h
     WHERE namespace_id = ? AND run_id = ? AND seq > ? AND seq <= ? ORDER BY seq`,
    [write.namespaceId, write.runId, afterSeq, afterSeq + write.records.length],
  );
  return {
    epoch,
    status,
    ...(cancelError !== null && { cancelError: toError(cancelError) }),
    tail: tail.map(toHistoryRecord),
  };
}
