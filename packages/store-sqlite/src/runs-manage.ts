import type { NamespaceId, RerunSource, RunId, RunReference, Start, StartOutcome, WorkflowVersion } from "@kagzi/core";
import type { Database } from "./database.ts";
import { beginRun } from "./runs-start.ts";

/** Starts a run that begins with recorded steps of another one. */
export function rerunRun(database: Database, start: Start, source: RerunSource): StartOutcome {
  return database.transaction(() => {
    const outcome = beginRun(database, start);
    if (outcome.became === "started") {
      copyRecords(database, start.runId, source);
      database.change("UPDATE runs SET rerun_of = ? WHERE namespace_id = ? AND run_id = ?", [
        source.runId,
        start.namespaceId,
        start.runId,
      ]);
    }
    return outcome;
  });
}

// What had not come to its end is begun anew by the new run: its waits, its attempts, its children.
function copyRecords(database: Database, runId: RunId, source: RerunSource): void {
  database.change(
    `INSERT INTO history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id)
     SELECT namespace_id, ?3, row_number() OVER (ORDER BY seq) + 1, 0, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id
     FROM history h
     WHERE namespace_id = ?1 AND run_id = ?2 AND seq > 1 AND seq < ?4
       AND CASE kind WHEN 'run' THEN type = 'retrying' ELSE EXISTS (
         SELECT 1 FROM history e
         WHERE e.namespace_id = ?1 AND e.run_id = ?2 AND e.seq >= h.seq AND e.seq < ?4
           AND e.kind = h.kind AND e.name = h.name AND e.occurrence = h.occurrence
           AND e.type IN ('completed', 'failed', 'cancelled')) END`,
    [source.namespaceId, source.runId, runId, source.beforeSeq],
  );
}

/** Gives runs that are paused because they did not match their code another try. Answers with how many. */
export function unblockRuns(
  database: Database,
  namespaceId: NamespaceId,
  workflows: readonly WorkflowVersion[],
): number {
  return database.transaction(() => {
    let count = 0;
    for (const { version, workflowType } of workflows) {
      count += database.change(
        `UPDATE runs SET status = 'pending', available_at = ?, pause_error = NULL
         WHERE namespace_id = ? AND status = 'paused' AND status <> 'completed' AND workflow_type = ? AND version = ?
           AND json_extract(pause_error, '$.code') = 'NONDETERMINISM'`,
        [database.now(), namespaceId, workflowType, version],
      );
    }
    return count;
  });
}

/** Removes runs that have ended, with everything that is known of them. */
export function deleteRuns(database: Database, runs: readonly RunReference[]): readonly RunId[] {
  return database.transaction(() => runs.filter((run) => deleteRun(database, run)).map((run) => run.runId));
}

function deleteRun(database: Database, { namespaceId, runId }: RunReference): boolean {
  const gone = database.change("DELETE FROM runs WHERE namespace_id = ? AND run_id = ? AND finished_at IS NOT NULL", [
    namespaceId,
    runId,
  ]);
  if (gone === 0) return false;
  for (const table of ["history", "inbox", "event_waits", "run_progress", "run_keys"]) {
    database.change(`DELETE FROM ${table} WHERE namespace_id = ? AND run_id = ?`, [namespaceId, runId]);
  }
  return true;
}

/** Runs that were ended from outside and whose children may not know it yet. */
export function closingRuns(database: Database, limit: number): readonly RunReference[] {
  const rows = database.all<{ namespace_id: NamespaceId; run_id: RunId }>(
    "SELECT namespace_id, run_id FROM runs WHERE closing LIMIT ?",
    [limit],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, runId: row.run_id }));
}

/** Children of a run that it waits for and that have neither ended nor been asked to. */
export function openChildren(database: Database, parent: RunReference, limit: number): readonly RunReference[] {
  const rows = database.all<{ run_id: RunId }>(
    `SELECT run_id FROM runs WHERE namespace_id = ? AND parent_run_id = ? AND awaited AND finished_at IS NULL
       AND cancel_error IS NULL ORDER BY run_id LIMIT ?`,
    [parent.namespaceId, parent.runId, limit],
  );
  return rows.map((row) => ({ namespaceId: parent.namespaceId, runId: row.run_id }));
}

/** Nothing is left to be done for the run's children. */
export function closedRun(database: Database, parent: RunReference): void {
  database.change("UPDATE runs SET closing = 0 WHERE namespace_id = ? AND run_id = ?", [
    parent.namespaceId,
    parent.runId,
  ]);
}
