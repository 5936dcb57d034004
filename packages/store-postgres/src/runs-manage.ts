import type { NamespaceId, RerunSource, RunId, RunReference, Start, StartOutcome, WorkflowVersion } from "@kagzi/core";
import type { Database, Statement } from "./database.ts";
import { begin, lookUpOthers, startName } from "./runs-start.ts";
import { CLOCK, statement } from "./sql.ts";

/** Starts a run that begins with recorded steps of another one. */
export async function rerunRun(database: Database, start: Start, source: RerunSource): Promise<StartOutcome> {
  return database.transaction(async (runner) => {
    const began = await begin(database, runner, [start]);
    if (began.has(startName(start))) {
      const values = [source.namespaceId, source.runId, start.runId, source.beforeSeq];
      await runner.run(copyStatement(database.schema), values);
      await runner.run(originStatement(database.schema), [start.namespaceId, start.runId, source.runId]);
    }
    const [outcome] = await lookUpOthers(runner, database.schema, [start], began);
    return outcome ?? { became: "refused", because: "noNamespace" };
  });
}

// What had not come to its end is begun anew by the new run: its waits, its attempts, its children.
function copyStatement(schema: string): Statement {
  return statement(
    "runs_rerun_copy",
    `INSERT INTO ${schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id)
     SELECT namespace_id, $3, row_number() OVER (ORDER BY seq) + 1, 0, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id
     FROM ${schema}.history h
     WHERE namespace_id = $1 AND run_id = $2 AND seq > 1 AND seq < $4
       AND CASE kind WHEN 'run' THEN type = 'retrying' ELSE EXISTS (
         SELECT FROM ${schema}.history e
         WHERE e.namespace_id = $1 AND e.run_id = $2 AND e.seq >= h.seq AND e.seq < $4
           AND e.kind = h.kind AND e.name = h.name AND e.occurrence = h.occurrence
           AND e.type IN ('completed', 'failed', 'cancelled')) END`,
  );
}

function originStatement(schema: string): Statement {
  return statement(
    "runs_rerun_origin",
    `UPDATE ${schema}.runs SET rerun_of = $3 WHERE namespace_id = $1 AND run_id = $2`,
  );
}

/** Gives runs that are paused because they did not match their code another try. Answers with how many. */
export async function unblockRuns(
  database: Database,
  namespaceId: NamespaceId,
  workflows: readonly WorkflowVersion[],
): Promise<number> {
  const rows = await database.run(
    statement(
      "runs_unblock",
      `WITH ${CLOCK},
       blocked AS MATERIALIZED (
         SELECT r.run_id FROM ${database.schema}.runs r
         WHERE r.namespace_id = $2 AND r.status = 'paused' AND r.status <> 'completed'
           AND (r.workflow_type, r.version) IN (SELECT * FROM unnest($3::text[], $4::text[]))
           AND r.pause_error::jsonb ->> 'code' = 'NONDETERMINISM'
         ORDER BY r.run_id FOR UPDATE SKIP LOCKED
       )
       UPDATE ${database.schema}.runs r SET status = 'pending', available_at = now, pause_error = NULL
       FROM blocked b, clock WHERE r.namespace_id = $2 AND r.run_id = b.run_id RETURNING r.run_id`,
    ),
    [
      database.now(),
      namespaceId,
      workflows.map((workflow) => workflow.workflowType),
      workflows.map((workflow) => workflow.version),
    ],
  );
  return rows.length;
}

/** Removes runs that have ended, with everything that is known of them. */
export async function deleteRuns(database: Database, runs: readonly RunReference[]): Promise<readonly RunId[]> {
  const { schema } = database;
  const rows = await database.run<{ run_id: RunId }>(
    statement(
      "runs_delete",
      `WITH gone AS (
         DELETE FROM ${schema}.runs WHERE finished_at IS NOT NULL
           AND (namespace_id, run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
         RETURNING namespace_id, run_id, external_id
       ),
       keys AS (
         DELETE FROM ${schema}.run_keys k USING gone g
         WHERE k.namespace_id = g.namespace_id AND k.external_id = g.external_id AND k.run_id = g.run_id
       ),
       messages AS (
         DELETE FROM ${schema}.inbox i USING gone g WHERE i.namespace_id = g.namespace_id AND i.run_id = g.run_id
       ),
       waits AS (
         DELETE FROM ${schema}.event_waits w USING gone g WHERE w.namespace_id = g.namespace_id AND w.run_id = g.run_id
       ),
       progress AS (
         DELETE FROM ${schema}.run_progress p USING gone g WHERE p.namespace_id = g.namespace_id AND p.run_id = g.run_id
       ),
       records AS (
         DELETE FROM ${schema}.history h USING gone g WHERE h.namespace_id = g.namespace_id AND h.run_id = g.run_id
       )
       SELECT run_id FROM gone`,
    ),
    [runs.map((run) => run.namespaceId), runs.map((run) => run.runId)],
  );
  return rows.map((row) => row.run_id);
}

/** Runs that were ended from outside and whose children may not know it yet. */
export async function closingRuns(database: Database, limit: number): Promise<readonly RunReference[]> {
  const rows = await database.run<{ namespace_id: NamespaceId; run_id: RunId }>(
    statement("runs_closing", `SELECT namespace_id, run_id FROM ${database.schema}.runs WHERE closing LIMIT $1`),
    [limit],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, runId: row.run_id }));
}

/** Children of a run that it waits for and that have neither ended nor been asked to. */
export async function openChildren(
  database: Database,
  parent: RunReference,
  limit: number,
): Promise<readonly RunReference[]> {
  const rows = await database.run<{ run_id: RunId }>(
    statement(
      "runs_children",
      `SELECT run_id FROM ${database.schema}.runs WHERE namespace_id = $1 AND parent_run_id = $2
         AND awaited AND finished_at IS NULL AND cancel_error IS NULL ORDER BY run_id LIMIT $3`,
    ),
    [parent.namespaceId, parent.runId, limit],
  );
  return rows.map((row) => ({ namespaceId: parent.namespaceId, runId: row.run_id }));
}

/** Nothing is left to be done for the run's children. */
export async function closedRun(database: Database, parent: RunReference): Promise<void> {
  await database.run(
    statement(
      "runs_closed",
      `UPDATE ${database.schema}.runs SET closing = false WHERE namespace_id = $1 AND run_id = $2`,
    ),
    [parent.namespaceId, parent.runId],
  );
}
