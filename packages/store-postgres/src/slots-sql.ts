import type { Statement } from "./database.ts";
import { CLOCK, span, statement } from "./sql.ts";

/** Whether the lease lasts under which a slot was given out. */
function isHeld(schema: string, slot: string): string {
  return `EXISTS (SELECT FROM ${schema}.runs r WHERE r.namespace_id = ${slot}.namespace_id AND r.run_id = ${slot}.run_id
           AND r.claimed_at IS NOT NULL AND r.epoch = ${slot}.epoch)`;
}

/** Slots of leases that have ended are given back; those that nothing counts any more are forgotten. */
export function sweepStatement(schema: string): Statement {
  return statement(
    "slots_sweep",
    `WITH ${CLOCK},
     ended AS (
       UPDATE ${schema}.slots s SET released_at = now FROM clock
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.released_at IS NULL AND NOT ${isHeld(schema, "s")}
     ),
     gone AS (
       DELETE FROM ${schema}.slot_waits w WHERE w.namespace_id = $2 AND w.name = $3 AND NOT EXISTS (
         SELECT FROM ${schema}.runs r
         WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.finished_at IS NULL)
     )
     DELETE FROM ${schema}.slots s
     WHERE s.namespace_id = $2 AND s.name = $3 AND s.acquired_at <= (SELECT now FROM clock) - ${span("$4::bigint")}
       AND s.released_at IS NOT NULL`,
  );
}

/** Steps that wait, but for those whose run is paused, or was called and has not come. */
function alive(schema: string): string {
  return `w.namespace_id = $2 AND w.name = $3
         AND (w.called_at IS NULL OR w.called_at > (SELECT now FROM clock) - ${span("$8::bigint")})
         AND EXISTS (SELECT FROM ${schema}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.finished_at IS NULL AND r.pause_error IS NULL)`;
}

/** What {@link SlotFacts} say for the step `$5` of run `$4` under epoch `$6`. Nobody is ahead of nobody. */
export function factsStatement(schema: string): Statement {
  return statement(
    "slots_facts",
    `WITH ${CLOCK},
     own AS (
       SELECT r.priority, coalesce(w.since, 'infinity') AS since FROM ${schema}.runs r
       LEFT JOIN ${schema}.slot_waits w
         ON w.namespace_id = r.namespace_id AND w.name = $3 AND w.run_id = r.run_id AND w.step = $5
       WHERE r.namespace_id = $2 AND r.run_id = $4
     )
     SELECT now,
       (SELECT r.claimed_at IS NOT NULL AND r.epoch = $6 FROM ${schema}.runs r
        WHERE r.namespace_id = $2 AND r.run_id = $4) AS is_held,
       EXISTS (SELECT FROM ${schema}.slots s WHERE s.namespace_id = $2 AND s.name = $3 AND s.run_id = $4 AND s.step = $5
         AND s.epoch = $6 AND s.released_at IS NULL) AS has_slot,
       (SELECT count(*)::int FROM ${schema}.slots s
        WHERE s.namespace_id = $2 AND s.name = $3 AND s.released_at IS NULL) AS held,
       b.begun, b.first,
       CASE WHEN EXISTS (SELECT FROM own) THEN (
         SELECT count(*)::int FROM own o, ${schema}.slot_waits w WHERE ${alive(schema)}
           AND (w.priority > o.priority
             OR (w.priority = o.priority AND (w.since, w.run_id, w.step) < (o.since, $4, $5))))
       ELSE 0 END AS ahead
     FROM clock, LATERAL (
       SELECT count(*)::int AS begun, min(s.acquired_at) AS first FROM ${schema}.slots s
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.acquired_at > now - ${span("$7::bigint")}
     ) b`,
  );
}

/** Puts a step into the line, or back to its place in it. */
export function waitStatement(schema: string): Statement {
  return statement(
    "slots_wait",
    `WITH ${CLOCK}
     INSERT INTO ${schema}.slot_waits AS w (namespace_id, name, run_id, step, priority, since)
     SELECT $2, $3, r.run_id, $5, r.priority, now FROM clock, ${schema}.runs r WHERE r.namespace_id = $2 AND r.run_id = $4
     ON CONFLICT (namespace_id, name, run_id, step) DO UPDATE SET called_at = NULL`,
  );
}

/** Calls the first `$4` of those who wait and were not called, less those who were and may still come. */
export function callStatement(schema: string): Statement {
  return statement(
    "slots_call",
    `WITH ${CLOCK},
     coming AS (
       SELECT count(*)::int AS count FROM ${schema}.slot_waits w
       WHERE w.namespace_id = $2 AND w.name = $3 AND w.called_at > (SELECT now FROM clock) - ${span("$5::bigint")}
     ),
     next AS MATERIALIZED (
       SELECT w.run_id, w.step FROM ${schema}.slot_waits w
       JOIN ${schema}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
       WHERE w.namespace_id = $2 AND w.name = $3 AND w.called_at IS NULL
         AND r.finished_at IS NULL AND r.pause_error IS NULL
       ORDER BY w.priority DESC, w.since, w.run_id, w.step LIMIT greatest(0, $4 - (SELECT count FROM coming))
     ),
     called AS (
       UPDATE ${schema}.slot_waits w SET called_at = now FROM clock, next n
       WHERE w.namespace_id = $2 AND w.name = $3 AND w.run_id = n.run_id AND w.step = n.step
     ),
     addressee AS MATERIALIZED (
       SELECT r.run_id FROM ${schema}.runs r
       WHERE r.namespace_id = $2 AND r.run_id IN (SELECT n.run_id FROM next n) AND r.finished_at IS NULL
       ORDER BY r.run_id FOR UPDATE
     )
     UPDATE ${schema}.runs r SET signals = r.signals + 1,
       status = CASE r.status WHEN 'waiting' THEN 'pending' ELSE r.status END,
       available_at = CASE r.status WHEN 'waiting' THEN now ELSE r.available_at END
     FROM clock, addressee a WHERE r.namespace_id = $2 AND r.run_id = a.run_id
     RETURNING r.run_id, r.task_queue, r.workflow_type, r.version, r.status, r.worker_id`,
  );
}

/** The first `$3` holders, and how many wait. */
export function usageStatement(schema: string): Statement {
  return statement(
    "slots_usage",
    `SELECT h.run_id, h.step, h.epoch, w.waiting
     FROM (SELECT count(*)::int AS waiting FROM (
       SELECT FROM ${schema}.slot_waits WHERE namespace_id = $1 AND name = $2 LIMIT 1000) counted) w
     LEFT JOIN (
       SELECT s.run_id, s.step, s.epoch FROM ${schema}.slots s
       WHERE s.namespace_id = $1 AND s.name = $2 AND s.released_at IS NULL AND ${isHeld(schema, "s")}
       ORDER BY s.run_id, s.step LIMIT $3
     ) h ON true`,
  );
}
