import type { Statement } from "./database.ts";
import { OF_KEY, WANTED, priorities } from "./runs-claim.ts";
import { CLOCK, span, statement } from "./sql.ts";

// The statements by which runs of one workflow with limits are claimed. `$2` to `$5` are its namespace, task queue, name
// and version; all of them run under the lock of the workflow's row, so that two servers never count the same places.

/** Puts runs into lines that may not be there yet; `source` has a row with a lane for each run. */
export function upsertLanes(schema: string, source: string): string {
  return `
       INSERT INTO ${schema}.lanes AS l
         (namespace_id, lane, workflow_type, task_queue, version, limit_key, throttle_key, priority, ready_at)
       SELECT s.namespace_id, s.lane, min(s.workflow_type), min(s.task_queue), min(s.version), min(s.limit_key),
         min(s.lane_throttle), max(s.priority), (SELECT now FROM clock)
       FROM ${source} s WHERE s.lane IS NOT NULL GROUP BY s.namespace_id, s.lane ORDER BY s.namespace_id, s.lane
       -- The row is locked even where nothing changes: a claim that finds the line empty must not remove it now.
       ON CONFLICT (namespace_id, lane) DO UPDATE SET priority = greatest(l.priority, excluded.priority)`;
}

/**
 * Locks the limits of the workflow. With them the runs that are ready and in no line yet: they slept, or were given back;
 * and the input of those that do not know their keys.
 */
export function openStatement(schema: string): Statement {
  return statement(
    "lanes_open",
    `WITH ${CLOCK}, ${WANTED},
     locked AS MATERIALIZED (
       SELECT l.workflow_type, l.declared, l.override FROM ${schema}.workflow_limits l
       WHERE l.namespace_id = $2 AND l.workflow_type = ($4::text[])[1] FOR NO KEY UPDATE
     )
     SELECT (SELECT now FROM clock) AS now, o.*, d.*, h.payload, h.payload_metadata FROM locked o LEFT JOIN (wanted w CROSS JOIN LATERAL (${priorities(schema)}
       SELECT ready.* FROM level l CROSS JOIN LATERAL (
         SELECT r.namespace_id, r.run_id, r.limit_key, r.throttle_key, r.priority, r.started_at IS NOT NULL AS has_begun
         FROM ${schema}.runs r
         WHERE ${OF_KEY} AND r.priority = l.priority AND r.available_at <= (SELECT now FROM clock)
         ORDER BY r.available_at LIMIT w.wanted FOR UPDATE SKIP LOCKED
       ) ready
       WHERE l.priority IS NOT NULL LIMIT w.wanted
     ) d) ON true
     LEFT JOIN ${schema}.history h
       ON d.limit_key IS NULL AND h.namespace_id = d.namespace_id AND h.run_id = d.run_id AND h.seq = 1`,
  );
}

/** Puts runs into their lines. */
export function lineUpStatement(schema: string): Statement {
  return statement(
    "lanes_line_up",
    `WITH ${CLOCK},
     due AS MATERIALIZED (
       SELECT $2 AS namespace_id, $3 AS task_queue, $4 AS workflow_type, $5 AS version, d.*
       FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::smallint[])
         AS d(run_id, limit_key, throttle_key, lane, lane_throttle, priority)
     ),
     lined AS (
       UPDATE ${schema}.runs r SET limit_key = d.limit_key, throttle_key = d.throttle_key, lane = d.lane
       FROM due d WHERE r.namespace_id = d.namespace_id AND r.run_id = d.run_id
     )${upsertLanes(schema, "due")}`,
  );
}

/** The priorities that lines have, as for runs: one that waits is not looked at, however many do. */
function levels(schema: string): string {
  return `
     level(priority) AS (
       (SELECT l.priority FROM ${schema}.lanes l WHERE ${OF_LINE} ORDER BY l.priority DESC LIMIT 1)
       UNION ALL
       SELECT (SELECT l.priority FROM ${schema}.lanes l WHERE ${OF_LINE} AND l.priority < v.priority
               ORDER BY l.priority DESC LIMIT 1)
       FROM level v WHERE v.priority IS NOT NULL
     )`;
}

const OF_LINE = `l.namespace_id = $2 AND l.workflow_type = $4 AND l.task_queue = $3 AND l.version = $5`;

/**
 * The lines whose turn it is, but for those whose key has no place left: `$6` lines at most, `$7` places for each key. With
 * them how many places are taken. What is passed over costs one look for each key that has runs in places.
 */
export function turnStatement(schema: string): Statement {
  return statement(
    "lanes_turn",
    `WITH RECURSIVE ${CLOCK},
     going AS MATERIALIZED (
       SELECT r.limit_key, count(*)::int AS running FROM ${schema}.runs r
       WHERE r.namespace_id = $2 AND r.workflow_type = $4 AND r.claimed_at IS NOT NULL AND r.limit_key IS NOT NULL
       GROUP BY r.limit_key
     ),
     ${levels(schema)},
     turn AS MATERIALIZED (
       SELECT ready.* FROM level v CROSS JOIN LATERAL (
         SELECT l.lane, l.priority, l.ready_at FROM ${schema}.lanes l
         WHERE ${OF_LINE} AND l.priority = v.priority AND l.ready_at <= (SELECT now FROM clock)
           AND l.limit_key NOT IN (SELECT g.limit_key FROM going g WHERE g.running >= $7::int)
         ORDER BY l.ready_at LIMIT $6::int
       ) ready
       WHERE v.priority IS NOT NULL ORDER BY v.priority DESC, ready.ready_at LIMIT $6::int
     )
     SELECT l.lane, l.limit_key, l.throttle_key, l.priority, l.ready_at, (SELECT now FROM clock) AS now,
       coalesce((SELECT g.running FROM going g WHERE g.limit_key = l.limit_key), 0) AS running,
       coalesce((SELECT sum(g.running)::int FROM going g), 0) AS total
     FROM ${schema}.lanes l
     WHERE l.namespace_id = $2 AND l.lane = ANY(ARRAY(SELECT t.lane FROM turn t))
     -- In the order of their keys, as those who put runs into them lock them.
     ORDER BY l.lane FOR UPDATE OF l`,
  );
}

/** How many runs of each throttle key began within `$5` milliseconds, up to `$6`; if so many, when the next one may. */
export function begunStatement(schema: string): Statement {
  return statement(
    "lanes_begun",
    `WITH ${CLOCK}
     SELECT t.key, b.begun, b.first + ${span("$5::bigint")} AS until FROM unnest($4::text[]) AS t(key)
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS begun, min(s.started_at) AS first FROM (
         SELECT r.started_at FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.workflow_type = $3 AND r.throttle_key = t.key
           AND r.started_at > (SELECT now FROM clock) - ${span("$5::bigint")}
         ORDER BY r.started_at DESC LIMIT $6
       ) s
     ) b`,
  );
}

/** The first runs of each line. */
export function headsStatement(schema: string): Statement {
  return statement(
    "lanes_heads",
    `WITH ${CLOCK}
     SELECT c.* FROM unnest($3::text[], $4::int[]) WITH ORDINALITY AS q(lane, quota, place)
     CROSS JOIN LATERAL (
       SELECT r.run_id, r.workflow_type, r.version, r.worker_id, r.status, r.available_at,
         r.deadline_at <= (SELECT now FROM clock) AS overdue
       FROM ${schema}.runs r
       WHERE r.namespace_id = $2 AND r.lane = q.lane AND r.available_at IS NOT NULL
       ORDER BY r.priority DESC, r.available_at LIMIT q.quota FOR UPDATE SKIP LOCKED
     ) c
     ORDER BY q.place`,
  );
}

/** Lines that have had their turn go to the end, those that may not go on yet wait, and empty ones are removed. */
export function settleStatement(schema: string): Statement {
  return statement(
    "lanes_settle",
    `WITH ${CLOCK},
     visited AS MATERIALIZED (
       SELECT v.lane, v.until, (
         SELECT r.priority FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.lane = v.lane AND r.available_at IS NOT NULL
         ORDER BY r.priority DESC LIMIT 1) AS priority
       FROM unnest($3::text[], $4::timestamptz[]) AS v(lane, until)
     ),
     gone AS (
       DELETE FROM ${schema}.lanes l
       WHERE l.namespace_id = $2 AND l.lane IN (SELECT v.lane FROM visited v WHERE v.priority IS NULL)
     )
     UPDATE ${schema}.lanes l SET priority = v.priority, ready_at = greatest(v.until, (SELECT now FROM clock))
     FROM visited v WHERE l.namespace_id = $2 AND l.lane = v.lane AND v.priority IS NOT NULL`,
  );
}

/** Lines of workflows whose limits are others now have their turn: a throttle that made them wait may be gone. */
export function releaseStatement(schema: string): Statement {
  return statement(
    "lanes_release",
    `WITH ${CLOCK},
     waiting AS MATERIALIZED (
       SELECT l.lane FROM ${schema}.lanes l
       WHERE l.namespace_id = $2 AND l.workflow_type = ANY($3::text[]) AND l.ready_at > (SELECT now FROM clock)
       ORDER BY l.lane FOR UPDATE
     )
     UPDATE ${schema}.lanes l SET ready_at = (SELECT now FROM clock)
     WHERE l.namespace_id = $2 AND l.lane IN (SELECT w.lane FROM waiting w)`,
  );
}

/** When the next line that waits has its turn. */
export function nextTurnStatement(schema: string): Statement {
  return statement(
    "lanes_next_turn",
    `WITH RECURSIVE ${CLOCK}, ${levels(schema)}
     SELECT min(next.at) AS at FROM (
       SELECT (SELECT l.ready_at FROM ${schema}.lanes l WHERE ${OF_LINE} AND l.priority = v.priority
                 AND l.ready_at > (SELECT now FROM clock) ORDER BY l.ready_at LIMIT 1) AS at
       FROM level v WHERE v.priority IS NOT NULL
     ) next`,
  );
}
