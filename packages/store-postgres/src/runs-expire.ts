import type { Instant, NamespaceId, Run, RunId, RunReference } from "@kagzi/core";
import { type RunRow, runColumns, toRun } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { CLOCK, instant, span, statement } from "./sql.ts";

/** Runs of a namespace that ended longer ago, in the order in which they did. */
export async function expiredRuns(
  database: Database,
  namespaceId: NamespaceId,
  page: { readonly olderThanMs: number; readonly after: Instant; readonly limit: number },
): Promise<{ readonly now: Instant; readonly runs: readonly Run[] }> {
  const { after, limit, olderThanMs } = page;
  const rows = await database.run<RunRow & { now: Instant }>(expiredStatement(database.schema), [
    database.now(),
    namespaceId,
    olderThanMs,
    after,
    limit,
  ]);
  return { now: rows[0]?.now ?? 0, runs: rows.map(toRun) };
}

// Steps through the workflows and their ways to end, and takes the first of each: what is not old enough is not read.
function expiredStatement(schema: string) {
  const kind = "r.workflow_type, r.status";
  return statement(
    "runs_expired",
    `WITH RECURSIVE ${CLOCK},
     kinds(workflow_type, status) AS (
       (SELECT ${kind} FROM ${schema}.runs r WHERE r.namespace_id = $2 AND r.finished_at IS NOT NULL ORDER BY ${kind} LIMIT 1)
       UNION ALL
       SELECT n.* FROM kinds k CROSS JOIN LATERAL (
         SELECT ${kind} FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND (${kind}) > (k.workflow_type, k.status) AND r.finished_at IS NOT NULL
         ORDER BY ${kind} LIMIT 1
       ) n
     ),
     old AS MATERIALIZED (
       SELECT o.* FROM kinds k CROSS JOIN LATERAL (
         SELECT r.run_id, r.finished_at FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = k.workflow_type AND r.status = k.status
           AND r.finished_at > ${instant("$4::bigint")}
           AND r.finished_at <= (SELECT now FROM clock) - ${span("$3::bigint")}
         ORDER BY r.finished_at LIMIT $5
       ) o
       ORDER BY o.finished_at LIMIT $5
     )
     SELECT ${runColumns("r")}, (SELECT now FROM clock) AS now FROM old o
     JOIN ${schema}.runs r ON r.namespace_id = $2 AND r.run_id = o.run_id
     ORDER BY r.finished_at`,
  );
}

/** Of runs that have ended those that something still needs. */
export async function neededRuns(database: Database, runs: readonly RunReference[]): Promise<readonly RunId[]> {
  const { schema } = database;
  const rows = await database.run<{ run_id: RunId }>(
    statement(
      "runs_needed",
      `SELECT r.run_id FROM unnest($1::text[], $2::uuid[]) AS w(namespace_id, run_id)
       JOIN ${schema}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
       WHERE r.closing OR EXISTS (
         SELECT FROM ${schema}.runs p WHERE p.namespace_id = r.namespace_id AND p.run_id = r.parent_run_id
           AND (p.finished_at IS NULL OR p.status = 'failed')
       ) OR EXISTS (
         SELECT FROM (
           SELECT h.kind, h.child_run_id FROM ${schema}.history h
           WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id ORDER BY h.seq DESC LIMIT 1
         ) last
         JOIN ${schema}.runs n ON n.namespace_id = r.namespace_id AND n.run_id = last.child_run_id
         WHERE last.kind = 'run'
       )`,
    ),
    [runs.map((run) => run.namespaceId), runs.map((run) => run.runId)],
  );
  return rows.map((row) => row.run_id);
}
