import type { NamespaceId, RerunSource, RunId, RunReference, Start, StartOutcome, WorkflowVersion } from "@kagzi/core";
import type { Database, Statement } from "./database.ts";
import { untilOver, writersOf } from "./history-writers.ts";
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
  const gone: RunId[] = [];
  for (let left = runs; left.length > 0;) {
    const { ended, writers } = await findEnded(database, left);
    await untilOver(database, writers);
    const removed = ended.length === 0 ? [] : await removeEnded(database, ended);
    gone.push(...removed.map(({ run_id: runId }) => runId));
    const names = new Set(removed.map(nameOf));
    // One that was changed meanwhile may have begun anew, and ended anew.
    left = ended.filter((run) => !names.has(nameOf(run))).map(toReference);
  }
  return gone;
}

/** A run that has ended, as it is: each change gives its row another version. */
interface EndedRow {
  readonly namespace_id: NamespaceId;
  readonly run_id: RunId;
  readonly version: string;
}

function nameOf({ namespace_id: namespaceId, run_id: runId }: Omit<EndedRow, "version">): string {
  return `${namespaceId}/${runId}`;
}

function toReference({ namespace_id: namespaceId, run_id: runId }: Omit<EndedRow, "version">): RunReference {
  return { namespaceId, runId };
}

// A step locks nothing of its run: a statement that adds its record goes by the run as it was when the statement began. What
// keeps it from adding one after the end is the last record, which is in its place: so that must stay until all statements are
// over that began before the end. The writers are looked for after the run was seen to have ended, so they are all there.
async function findEnded(
  database: Database,
  runs: readonly RunReference[],
): Promise<{ readonly ended: readonly EndedRow[]; readonly writers: readonly string[] }> {
  const ended = await database.run<EndedRow & { writers: string[] }>(
    statement(
      "runs_delete_find",
      `SELECT r.namespace_id, r.run_id, r.xmin::text AS version, ARRAY(${writersOf(database.schema)}) AS writers
       FROM ${database.schema}.runs r
       WHERE (r.namespace_id, r.run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) AND r.finished_at IS NOT NULL
       ORDER BY r.namespace_id, r.run_id`,
    ),
    [runs.map((run) => run.namespaceId), runs.map((run) => run.runId)],
  );
  return { ended, writers: ended[0]?.writers ?? [] };
}

/** Removes those that have not changed since. */
async function removeEnded(database: Database, ended: readonly EndedRow[]): Promise<readonly EndedRow[]> {
  return database.run<EndedRow & Record<string, unknown>>(removeStatement(database.schema), [
    ended.map((run) => run.namespace_id),
    ended.map((run) => run.run_id),
    ended.map((run) => run.version),
  ]);
}

function removeStatement(schema: string): Statement {
  return statement(
    "runs_delete",
    `WITH gone AS (
       DELETE FROM ${schema}.runs r
       USING unnest($1::text[], $2::uuid[], $3::text[]) AS e(namespace_id, run_id, version)
       WHERE r.namespace_id = e.namespace_id AND r.run_id = e.run_id AND r.xmin::text = e.version
       RETURNING r.namespace_id, r.run_id, r.external_id
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
     SELECT namespace_id, run_id FROM gone`,
  );
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
