import type { Statement } from "./database.ts";
import { CLOCK, instant, span, statement } from "./sql.ts";

// Figures for people to look at. Each statement steps from one key of an index to the next, and reads at most so many rows
// of each: nothing costs more because there are more runs.

/** Kinds of runs that are stepped through at most. */
const KINDS = 1000;

const CLAIMABLE = "r.available_at IS NOT NULL AND r.lane IS NULL";

/** `$1` namespace, `$2` names before the first, `$3` how many. */
export function workflowsStatement(schema: string): Statement {
  const step = (table: string, where: string, after: string) =>
    `SELECT t.workflow_type FROM ${schema}.${table} t
     WHERE t.namespace_id = $1 AND t.workflow_type > ${after}${where} ORDER BY t.workflow_type LIMIT 1`;
  const names = (name: string, table: string, where: string) => `
     ${name}(name) AS (
       (${step(table, where, "$2")})
       UNION ALL
       SELECT (${step(table, where, "n.name")}) FROM ${name} n WHERE n.name IS NOT NULL
     )`;
  return statement(
    "statistics_workflows",
    `WITH RECURSIVE ${names("registered", "workflow_versions", "")},
     ${names("ended", "runs", " AND t.finished_at IS NOT NULL")},
     kinds(task_queue, workflow_type) AS (
       (SELECT r.task_queue, r.workflow_type FROM ${schema}.runs r WHERE r.namespace_id = $1 AND ${CLAIMABLE}
        ORDER BY r.task_queue, r.workflow_type LIMIT 1)
       UNION ALL
       SELECT n.task_queue, n.workflow_type FROM kinds k CROSS JOIN LATERAL (
         SELECT r.task_queue, r.workflow_type FROM ${schema}.runs r
         WHERE r.namespace_id = $1 AND (r.task_queue, r.workflow_type) > (k.task_queue, k.workflow_type) AND ${CLAIMABLE}
         ORDER BY r.task_queue, r.workflow_type LIMIT 1
       ) n
     )
     SELECT name FROM (
       SELECT name FROM (SELECT r.name FROM registered r LIMIT $3) r WHERE name IS NOT NULL
       UNION SELECT name FROM (SELECT e.name FROM ended e LIMIT $3) e WHERE name IS NOT NULL
       UNION SELECT workflow_type FROM (SELECT * FROM kinds LIMIT ${KINDS}) k WHERE workflow_type > $2
     ) names
     ORDER BY name LIMIT $3`,
  );
}

/** `$2` namespace, `$3` workflows, `$4` how many runs of each priority of a kind are counted at most. */
export function queuedStatement(schema: string): Statement {
  const columns = "r.task_queue, r.workflow_type, r.version, r.priority";
  const order = "r.task_queue, r.workflow_type, r.version, r.priority DESC";
  const ofKind = `r.namespace_id = $2 AND r.task_queue = k.task_queue AND r.workflow_type = k.workflow_type
           AND r.version = k.version AND ${CLAIMABLE}`;
  return statement(
    "statistics_queued",
    `WITH RECURSIVE ${CLOCK},
     kinds(task_queue, workflow_type, version, priority) AS (
       (SELECT ${columns} FROM ${schema}.runs r WHERE r.namespace_id = $2 AND ${CLAIMABLE} ORDER BY ${order} LIMIT 1)
       UNION ALL
       SELECT n.task_queue, n.workflow_type, n.version, n.priority FROM kinds k CROSS JOIN LATERAL (
         (SELECT 1 AS place, ${columns} FROM ${schema}.runs r
          WHERE ${ofKind} AND r.priority < k.priority ORDER BY r.priority DESC LIMIT 1)
         UNION ALL
         (SELECT 2, ${columns} FROM ${schema}.runs r
          WHERE r.namespace_id = $2 AND (r.task_queue, r.workflow_type, r.version) > (k.task_queue, k.workflow_type, k.version)
            AND ${CLAIMABLE} ORDER BY ${order} LIMIT 1)
         ORDER BY place LIMIT 1
       ) n
     )
     SELECT k.workflow_type, k.task_queue, k.version, ready.*, later.* FROM (SELECT * FROM kinds LIMIT ${KINDS}) k
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS ready, min(x.available_at) AS oldest FROM (
         SELECT r.available_at FROM ${schema}.runs r
         WHERE ${ofKind} AND r.priority = k.priority AND r.available_at <= (SELECT now FROM clock)
         ORDER BY r.available_at LIMIT $4) x
     ) ready
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS later, (count(*) FILTER (WHERE x.status = 'pending'))::int AS delayed,
         (count(*) FILTER (WHERE x.status = 'sleeping'))::int AS sleeping
       FROM (
         SELECT r.status FROM ${schema}.runs r
         WHERE ${ofKind} AND r.priority = k.priority AND r.available_at > (SELECT now FROM clock) LIMIT $4) x
     ) later
     WHERE k.workflow_type = ANY($3::text[])`,
  );
}

/** `$1` namespace, `$2` workflows, `$3` lines of each, `$4` runs of each line. */
export function linesStatement(schema: string): Statement {
  return statement(
    "statistics_lines",
    `SELECT l.workflow_type, l.task_queue, l.version, l.limit_key, l.throttle_key, ready.*
     FROM unnest($2::text[]) AS w(workflow_type)
     CROSS JOIN LATERAL (
       SELECT * FROM ${schema}.lanes l WHERE l.namespace_id = $1 AND l.workflow_type = w.workflow_type LIMIT $3
     ) l
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS ready, min(x.available_at) AS oldest FROM (
         SELECT r.available_at FROM ${schema}.runs r
         WHERE r.namespace_id = $1 AND r.lane = l.lane AND r.available_at IS NOT NULL LIMIT $4) x
     ) ready
     WHERE ready.ready > 0`,
  );
}

/** `$2` namespace, `$3` how many runs of each state are counted at most. A wait whose time has come is ready. */
export function liveStatement(schema: string): Statement {
  return statement(
    "statistics_live",
    `WITH ${CLOCK}
     SELECT g.workflow_type, s.status, g.count, g.read FROM unnest(ARRAY['running', 'waiting', 'paused']) AS s(status)
     CROSS JOIN LATERAL (
       SELECT x.workflow_type, (count(*) FILTER (
           WHERE x.available_at IS NULL OR x.available_at > (SELECT now FROM clock)))::int AS count,
         sum(count(*)) OVER ()::int AS read
       FROM (
         SELECT r.workflow_type, r.available_at FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.status = s.status AND r.status <> 'completed' LIMIT $3) x
       GROUP BY x.workflow_type
     ) g
     WHERE g.count > 0`,
  );
}

/** `$2` namespace, `$3` workflows, `$4` milliseconds, `$5` how many failed runs are counted at most. */
export function endedStatement(schema: string): Statement {
  return statement(
    "statistics_ended",
    `WITH ${CLOCK}
     SELECT w.workflow_type, f.failed, last.* FROM unnest($3::text[]) AS w(workflow_type)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS failed FROM (
         SELECT FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = w.workflow_type AND r.status = 'failed'
           AND r.finished_at > (SELECT now FROM clock) - ${span("$4::bigint")} LIMIT $5) x
     ) f
     LEFT JOIN LATERAL (
       SELECT x.* FROM unnest(ARRAY['completed', 'failed', 'cancelled']) AS t(status)
       CROSS JOIN LATERAL (
         SELECT r.run_id, r.status, r.finished_at FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = w.workflow_type AND r.status = t.status
           AND r.finished_at IS NOT NULL
         ORDER BY r.finished_at DESC LIMIT 1
       ) x
       ORDER BY x.finished_at DESC LIMIT 1
     ) last ON true`,
  );
}

/** `$1` namespace, `$2` workflows, `$3` and `$4` buckets, `$5` how many runs are read of each. */
export function endedSamplesStatement(schema: string): Statement {
  return statement(
    "statistics_ended_samples",
    `SELECT b.place::int - 1 AS bucket, t.status, s.*
     FROM unnest($2::text[]) AS w(workflow_type)
     CROSS JOIN unnest($3::bigint[], $4::bigint[]) WITH ORDINALITY AS b(since, until, place)
     CROSS JOIN unnest(ARRAY['completed', 'failed', 'cancelled']) AS t(status)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS read, min(x.finished_at) AS oldest,
         array_agg(extract(epoch FROM x.finished_at - x.started_at)::float8 * 1000)
           FILTER (WHERE x.started_at IS NOT NULL) AS durations,
         array_agg(extract(epoch FROM x.started_at - x.created_at)::float8 * 1000)
           FILTER (WHERE x.started_at IS NOT NULL) AS waits
       FROM (
         SELECT r.created_at, r.started_at, r.finished_at FROM ${schema}.runs r
         WHERE r.namespace_id = $1 AND r.workflow_type = w.workflow_type AND r.status = t.status
           AND r.finished_at >= ${instant("b.since")} AND r.finished_at < ${instant("b.until")}
         ORDER BY r.finished_at DESC LIMIT $5) x
     ) s
     WHERE s.read > 0`,
  );
}

/** `$1` namespace, `$2` a workflow or none, `$3` and `$4` buckets by their first ids, `$5` how many runs are read of each. */
export function startedSamplesStatement(schema: string): Statement {
  return statement(
    "statistics_started_samples",
    `SELECT b.place::int - 1 AS bucket, s.*
     FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS b(since, until, place)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS read, (count(*) FILTER (WHERE $2::text IS NULL OR x.workflow_type = $2))::int AS matched,
         min(x.run_id::text) AS oldest
       FROM (
         SELECT r.run_id, r.workflow_type FROM ${schema}.runs r
         WHERE r.namespace_id = $1 AND r.run_id >= b.since AND r.run_id < b.until ORDER BY r.run_id DESC LIMIT $5) x
     ) s
     WHERE s.read > 0`,
  );
}
