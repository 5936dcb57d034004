import type { Database } from "./database.ts";

/**
 * The invariants of docs/state-machine.md as queries that must find nothing. CHECK constraints keep those that one row
 * can show; here are those that take more than a row, and those whose constraint could be dropped by accident.
 */
export function violations(database: Database): readonly string[] {
  const rows = database.all<{ invariant: string; what: string }>(PROBES);
  return rows.map(({ invariant, what }) => `${invariant}: ${what}`);
}

const PROBES = `
  SELECT 'L2, R6' AS invariant, 'run ' || run_id || ' is ' || status || ' with another state''s columns' AS what
  FROM runs
  WHERE (status = 'running') <> (claimed_at IS NOT NULL)
     OR (status IN ('completed', 'failed', 'cancelled')) <> (finished_at IS NOT NULL)
     OR (status IN ('running', 'paused', 'completed', 'failed', 'cancelled') AND available_at IS NOT NULL)
     OR (status = 'paused' AND pause_error IS NULL) OR (status <> 'running' AND status <> 'paused' AND pause_error IS NOT NULL)
  UNION ALL
  SELECT 'P4', 'run ' || run_id || ' is ' || status || ' and nothing will ever wake it'
  FROM runs r
  WHERE (status IN ('pending', 'sleeping') AND available_at IS NULL)
     -- One that is offline has lost its leases: what it is given in the moment in which it leaves is taken from it.
     OR (status = 'running' AND NOT EXISTS (
           SELECT 1 FROM workers w WHERE w.namespace_id = r.namespace_id AND w.worker_id = r.worker_id))
  UNION ALL
  SELECT 'P4', 'run ' || run_id || ' waits in a line that nobody will ever call'
  FROM runs r
  WHERE lane IS NOT NULL AND NOT EXISTS (SELECT 1 FROM lanes l
    WHERE l.namespace_id = r.namespace_id AND l.lane = r.lane)
  UNION ALL
  SELECT 'W5', 'run ' || r.run_id || ' waits, and what it was sent lies unheard in its inbox'
  FROM runs r JOIN inbox i ON i.namespace_id = r.namespace_id AND i.run_id = r.run_id
  WHERE r.status = 'waiting' AND i.taken_seq IS NULL AND i.position > r.signals_heard
  UNION ALL
  SELECT 'W5', 'run ' || w.run_id || ' waits for event ' || w.name || ', and was not brought event ' || e.event_id
  FROM event_waits w JOIN events e ON e.namespace_id = w.namespace_id AND e.name = w.name
  WHERE w.state = 'open' AND e.routed AND (w.key IS NULL OR w.key = e.key) AND e.sent_at >= w.since
    AND e.event_id IS NOT w.begun_by AND NOT EXISTS (SELECT 1 FROM inbox i
      WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id AND i.message_id = e.event_uid)
  UNION ALL
  SELECT 'W5', 'run ' || w.run_id || ' waits for event ' || w.name || ', and what it was brought is not there'
  FROM event_waits w
  WHERE w.state = 'brought' AND NOT EXISTS (SELECT 1 FROM inbox i
    WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id AND i.position = w.position AND i.taken_seq IS NULL)
  UNION ALL
  SELECT 'W6', 'run ' || w.run_id || ' has ended or never began, and waits for event ' || w.name
  FROM event_waits w LEFT JOIN runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
  WHERE r.run_id IS NULL OR (r.finished_at IS NOT NULL) <> (w.state = 'suspended')
  UNION ALL
  SELECT 'C2', 'run ' || c.run_id || ' has ended and its parent ' || p.run_id || ' was not told'
  FROM runs c JOIN runs p ON p.namespace_id = c.namespace_id AND p.run_id = c.parent_run_id
  WHERE c.awaited AND c.finished_at IS NOT NULL AND p.finished_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM inbox i
      WHERE i.namespace_id = p.namespace_id AND i.run_id = p.run_id AND i.child_run_id = coalesce(c.started_as, c.run_id))
    AND NOT EXISTS (SELECT 1 FROM history h
      WHERE h.namespace_id = c.namespace_id AND h.run_id = c.run_id AND h.kind = 'run' AND h.type = 'completed'
        AND h.child_run_id IS NOT NULL)
  UNION ALL
  SELECT 'W3', 'message ' || position || ' of run ' || run_id || ' was taken by no record'
  FROM inbox i
  WHERE i.taken_seq IS NOT NULL AND NOT EXISTS (SELECT 1 FROM history h
    WHERE h.namespace_id = i.namespace_id AND h.run_id = i.run_id AND h.seq = i.taken_seq AND h.kind = i.kind)
  UNION ALL
  SELECT 'R7', 'run ' || k.run_id || ' is not there, and has ' || k.what
  FROM (
    SELECT namespace_id, run_id, 'a record' AS what FROM history
    UNION SELECT namespace_id, run_id, 'a message' FROM inbox
    UNION SELECT namespace_id, run_id, 'progress' FROM run_progress
  ) k WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.namespace_id = k.namespace_id AND r.run_id = k.run_id)
  UNION ALL
  SELECT 'R7', 'the history of run ' || run_id || ' has gaps'
  FROM history GROUP BY namespace_id, run_id HAVING count(*) <> max(seq) OR min(seq) <> 1
  UNION ALL
  SELECT 'S1', 'step ' || name || '#' || occurrence || ' of run ' || run_id || ' has two outcomes'
  FROM (
    SELECT h.*, count(*) FILTER (WHERE kind = 'run' AND type = 'retrying')
                  OVER (PARTITION BY namespace_id, run_id ORDER BY seq) AS run_retries
    FROM history h
  )
  WHERE kind <> 'run' AND type IN ('completed', 'failed', 'cancelled')
  GROUP BY namespace_id, run_id, name, occurrence
  HAVING count(*) FILTER (WHERE type = 'completed') > 1 OR count(*) <> count(DISTINCT run_retries)
  UNION ALL
  SELECT 'S4', 'record ' || h.seq || ' of run ' || h.run_id || ' was written under a lease that was not given, or after the end'
  FROM history h JOIN runs r USING (namespace_id, run_id)
  WHERE h.epoch > r.epoch OR h.recorded_at > r.finished_at
  UNION ALL
  SELECT 'S4', 'record ' || seq || ' of run ' || run_id || ' was written under an older lease than the one before it'
  FROM (
    SELECT h.*, max(epoch) OVER (PARTITION BY namespace_id, run_id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS highest
    FROM history h
  )
  WHERE epoch < highest AND NOT (epoch = 0 AND kind = 'run')
  UNION ALL
  SELECT 'R5', 'run ' || r.run_id || ' is ' || r.status || ' and its history does not end so'
  FROM runs r
  LEFT JOIN history last ON last.namespace_id = r.namespace_id AND last.run_id = r.run_id AND last.seq = (
    SELECT max(seq) FROM history h WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id)
  WHERE (r.finished_at IS NOT NULL) <> (last.kind = 'run' AND last.type IN ('completed', 'failed', 'cancelled'))
     OR (r.finished_at IS NOT NULL AND last.type <> r.status) OR last.kind IS NULL
  UNION ALL
  SELECT 'R3', 'external id ' || external_id || ' and run ' || run_id || ' do not agree'
  FROM (
    SELECT namespace_id, external_id, run_id FROM runs WHERE external_id IS NOT NULL
    UNION ALL
    SELECT namespace_id, external_id, run_id FROM run_keys
  )
  GROUP BY namespace_id, external_id, run_id HAVING count(*) <> 2
  UNION ALL
  SELECT 'Q1', 'slot ' || scheduled_at || ' of schedule ' || schedule_id || ' has ' || count(*) || ' runs'
  FROM runs WHERE scheduled_at IS NOT NULL GROUP BY namespace_id, schedule_id, scheduled_at HAVING count(*) > 1
  UNION ALL
  SELECT 'Q2', 'run ' || r.run_id || ' is of a slot that its schedule ' || s.schedule_id || ' has not decided'
  FROM runs r JOIN schedules s ON s.namespace_id = r.namespace_id AND s.schedule_id = r.schedule_id
  WHERE r.scheduled_at > s.watermark
  UNION ALL
  SELECT 'Q4', 'schedule ' || schedule_id || ' will never be looked at, or looks back'
  FROM schedules
  WHERE (enabled AND due_at IS NULL AND (next_fire_at IS NOT NULL OR buffered_at IS NOT NULL))
     OR (NOT enabled AND due_at IS NOT NULL) OR next_fire_at <= watermark OR buffered_at > watermark
  UNION ALL
  SELECT 'K2', 'key ' || key_id || ' is of namespace ' || namespace_id || ', which is not there'
  FROM api_keys k WHERE namespace_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM namespaces n WHERE n.namespace_id = k.namespace_id)`;
