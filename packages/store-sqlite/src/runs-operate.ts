import type { Instant, NewRecord, Operated, Run, RunChange, RunReference, Touched } from "@kagzi/core";
import { isTerminal, messageOfEnd } from "@kagzi/core";
import { type RunRow, jsonColumn, runColumns, toRun } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { changeWaits } from "./event-waits.ts";
import { sendMessage } from "./inbox.ts";
import { lastSeq } from "./runs-write.ts";

/** Changes a run as `decide` says, whoever holds it: the state is the fence that stops its worker. */
export function operateOnRun(
  database: Database,
  reference: RunReference,
  decide: (run: Run) => RunChange | undefined,
): Operated | undefined {
  return database.transaction(() => {
    const now = database.now();
    const [row] = database.all<RunRow>(`SELECT ${runColumns("r")} FROM runs r WHERE namespace_id = ? AND run_id = ?`, [
      reference.namespaceId,
      reference.runId,
    ]);
    if (row === undefined) return undefined;
    const before = toRun(row);
    const change = decide(before);
    if (change === undefined) return { before, after: before, now };
    const after = applyChange(database, before, change, now);
    if (change.record !== undefined) addRecord(database, reference, change.record, now);
    changeWaits(database, reference, { from: before.status, to: change.status });
    const told = tellParent(database, after, change);
    return { before, after, now, ...(told !== undefined && { told }) };
  });
}

function applyChange(database: Database, run: Run, change: RunChange, now: Instant): Run {
  const rows = database.all<RunRow>(
    `UPDATE runs SET status = ?1, 
       available_at = CASE WHEN ?2 THEN max(?3, CASE WHEN ?14 THEN coalesce(ready_at, 0) ELSE 0 END)
         WHEN status = ?1 THEN available_at END,
       ready_at = CASE WHEN ?1 = 'paused' AND status = 'pending' THEN available_at END,
       lane = CASE WHEN NOT ?2 AND status = ?1 THEN lane END,
       claimed_at = CASE WHEN ?1 = 'running' THEN claimed_at END, crashes = CASE WHEN ?1 = 'running' THEN crashes ELSE 0 END,
       attempt = ?4, pause_error = ?5, cancel_error = ?6, signals = signals + ?7, closing = closing OR ?8,
       awaited = awaited AND NOT ?9, deadline_at = ?10,
       finished_at = CASE WHEN ?11 THEN max(?3, created_at, coalesce(started_at, 0)) END
     WHERE namespace_id = ?12 AND run_id = ?13 RETURNING ${runColumns("runs")}`,
    [
      change.status,
      Number(change.ready === true),
      now,
      change.attempt,
      jsonColumn(change.pauseError),
      jsonColumn(change.cancelError),
      Number(change.signal),
      Number(change.closing),
      Number(change.disowned === true),
      deadlineOf(run, change, now) ?? null,
      Number(isTerminal(change.status)),
      run.namespaceId,
      run.runId,
      Number(change.keepsTime === true),
    ],
  );
  return rows.map(toRun).at(0) ?? run;
}

function deadlineOf({ deadlineAt }: Run, { deadline }: RunChange, now: Instant): Instant | undefined {
  if (deadline === undefined) return deadlineAt;
  const { anew, withinMs } = deadline;
  const at = withinMs === undefined ? undefined : now + withinMs;
  return anew || deadlineAt === undefined || at === undefined ? at : Math.min(deadlineAt, at);
}

function addRecord(database: Database, run: RunReference, record: NewRecord, now: Instant): void {
  database.change(
    `INSERT INTO history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, error)
     VALUES (?, ?, ?, 0, 'run', ?, '', 1, ?, ?, ?, ?, ?)`,
    [
      run.namespaceId,
      run.runId,
      lastSeq(database, run) + 1,
      record.type,
      record.attempt,
      now,
      now,
      record.type === "retrying" ? now : null,
      jsonColumn(record.error),
    ],
  );
}

function tellParent(database: Database, run: Run, change: RunChange): Touched | undefined {
  const { namespaceId, parent, runId } = run;
  if (parent?.awaited !== true || !isTerminal(change.status)) return undefined;
  return sendMessage(database, messageOfEnd({ namespaceId, runId }, parent, { error: change.record?.error }));
}
