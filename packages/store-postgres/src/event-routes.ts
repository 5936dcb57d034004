import type { NamespaceId, Routed, RunId, RunReference, Touched } from "@kagzi/core";
import { type TouchedRow, toTouched } from "@kagzi/core/rows";
import type { Database, Runner, Statement } from "./database.ts";
import { CLOCK, instant, statement } from "./sql.ts";

/** Events looked at in one pass. */
const EVENTS = 100;

interface Unrouted {
  readonly namespace_id: NamespaceId;
  readonly name: string;
  readonly key: string | null;
  readonly sent_at: number;
  readonly event_uid: string;
  readonly event_id: string;
}

interface Candidate {
  readonly namespace_id: NamespaceId;
  readonly run_id: RunId;
  readonly name: string;
  readonly occurrence: number;
}

/**
 * Brings events to waits. Whoever sends and whoever begins to wait commits first and is looked at then; what is done is
 * marked on both sides, so that a pass that was lost in the middle is made good by the next one.
 */
export async function routeEvents(database: Database, limit: number): Promise<Routed> {
  const { schema } = database;
  const events = await database.run<Unrouted>(unroutedStatement(schema), []);
  const candidates = await database.run<Candidate>(candidatesStatement(schema), [...eventColumns(events), limit]);
  const chosen = oneOfEach(candidates);
  const { looked, touched } =
    chosen.length === 0 ? NOTHING : await database.transaction((runner) => bring(database, runner, chosen));
  const done = events.length === 0 ? [] : await database.run(routedStatement(schema), eventColumns(events));
  if (candidates.length === 0 && events.length < EVENTS) return { touched, left: "nothing" };
  return { touched, left: looked + done.length > 0 ? "more" : "busy" };
}

const NOTHING: Brought = { looked: 0, touched: [] };

/** One wait of a name in a run at a time, so that no two are brought the same event. */
function oneOfEach(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...new Map(candidates.map((wait) => [`${wait.namespace_id}/${wait.run_id}/${wait.name}`, wait])).values()];
}

function unroutedStatement(schema: string): Statement {
  return statement(
    "event_routes_unrouted",
    `SELECT namespace_id, name, key, sent_at, event_uid, event_id FROM ${schema}.events
     WHERE NOT routed ORDER BY sent_at LIMIT ${EVENTS}`,
  );
}

function eventColumns(events: readonly Unrouted[]) {
  return [
    events.map((event) => event.namespace_id),
    events.map((event) => event.name),
    events.map((event) => event.key),
    events.map((event) => event.sent_at),
    events.map((event) => event.event_uid),
    events.map((event) => event.event_id),
  ];
}

const UNROUTED = `unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::uuid[], $6::text[])
       AS e(namespace_id, name, key, sent_ms, event_uid, event_id)`;

/** Whether the wait `w` could still be brought the event `e`, but for its key. */
function fits(schema: string, sentAt: string): string {
  return `w.namespace_id = e.namespace_id AND w.name = e.name AND w.state IN ('new', 'open') AND w.since <= ${sentAt}
         AND w.begun_by IS DISTINCT FROM e.event_id AND ${isNew(schema)}`;
}

/** Whether the run of the wait `w` was not brought the event `e`. Not as NOT EXISTS, which is planned as a join of all with all. */
function isNew(schema: string): string {
  return `(SELECT i.position FROM ${schema}.inbox i WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id
           AND i.message_id = e.event_uid::text) IS NULL`;
}

function candidatesStatement(schema: string): Statement {
  const found = (key: string) => `(
         SELECT w.namespace_id, w.run_id, w.name, w.occurrence FROM ${schema}.event_waits w
         WHERE ${key} AND ${fits(schema, instant("e.sent_ms"))} LIMIT $7)`;
  return statement(
    "event_routes_candidates",
    `SELECT * FROM (
       SELECT namespace_id, run_id, name, occurrence FROM ${schema}.event_waits WHERE state = 'new' LIMIT $7
     ) fresh
     UNION
     SELECT * FROM (
       SELECT w.* FROM ${UNROUTED}
       CROSS JOIN LATERAL (${found("w.key IS NULL")} UNION ALL ${found("w.key = e.key")}) w LIMIT $7
     ) matching
     LIMIT $7`,
  );
}

/** Events that no wait can still be brought. What another transaction is about to change counts as it was. */
function routedStatement(schema: string): Statement {
  const waits = (key: string) =>
    `EXISTS (SELECT FROM ${schema}.event_waits w WHERE ${key} AND ${fits(schema, instant("e.sent_ms"))})`;
  return statement(
    "event_routes_routed",
    `UPDATE ${schema}.events known SET routed = true FROM ${UNROUTED}
     WHERE known.namespace_id = e.namespace_id AND known.name = e.name AND known.sent_at = ${instant("e.sent_ms")}
       AND known.event_uid = e.event_uid AND NOT known.routed
       AND NOT ${waits("w.key IS NULL")} AND NOT ${waits("w.key = e.key")}
     RETURNING known.event_uid`,
  );
}

interface Brought {
  /** Waits that are not what they were before. */
  readonly looked: number;
  readonly touched: readonly Touched[];
}

/** The runs are locked first. What the second statement sees of them, their waits and their inboxes stays as it is. */
async function bring(database: Database, runner: Runner, waits: readonly Candidate[]): Promise<Brought> {
  const runs = await lockFreeRuns(runner, database.schema, waits);
  const free = new Set(runs.map((run) => `${run.namespaceId}/${run.runId}`));
  const own = waits.filter((wait) => free.has(`${wait.namespace_id}/${wait.run_id}`));
  if (own.length === 0) return NOTHING;
  type Row = TouchedRow & { readonly looked: number; readonly namespace_id: NamespaceId | null };
  const rows = await runner.run<Row>(bringStatement(database.schema), [
    database.now(),
    own.map((wait) => wait.namespace_id),
    own.map((wait) => wait.run_id),
    own.map((wait) => wait.name),
    own.map((wait) => wait.occurrence),
  ]);
  return {
    looked: rows[0]?.looked ?? 0,
    touched: rows.flatMap((row) => (row.namespace_id === null ? [] : [toTouched(row.namespace_id, row)])),
  };
}

/** Runs that somebody else has locked are left to the next pass. */
async function lockFreeRuns(
  runner: Runner,
  schema: string,
  waits: readonly Candidate[],
): Promise<readonly RunReference[]> {
  const rows = await runner.run<{ namespace_id: NamespaceId; run_id: RunId }>(
    statement(
      "event_routes_lock",
      `SELECT namespace_id, run_id FROM ${schema}.runs
       WHERE (namespace_id, run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) AND finished_at IS NULL
       ORDER BY namespace_id, run_id FOR UPDATE SKIP LOCKED`,
    ),
    [waits.map((wait) => wait.namespace_id), waits.map((wait) => wait.run_id)],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, runId: row.run_id }));
}

// Each wait is given the earliest event that its run has not been brought, and is marked as having it, or as open. Their
// states are said so that no index fits but the primary key: each is looked up by that.
function bringStatement(schema: string): Statement {
  const earliest = (key: string) => `(
           SELECT e.sent_at, e.event_uid FROM ${schema}.events e
           WHERE ${key} AND e.namespace_id = w.namespace_id AND e.name = w.name AND e.sent_at >= w.since
             AND e.event_id IS DISTINCT FROM w.begun_by AND ${isNew(schema)}
           ORDER BY e.sent_at, e.event_uid LIMIT 1)`;
  return statement(
    "event_routes_bring",
    `WITH ${CLOCK},
     wait AS MATERIALIZED (
       SELECT w.* FROM unnest($2::text[], $3::uuid[], $4::text[], $5::int[]) AS c(namespace_id, run_id, name, occurrence)
       JOIN ${schema}.event_waits w USING (namespace_id, run_id, name, occurrence)
       WHERE w.state NOT IN ('brought', 'suspended')
       ORDER BY w.namespace_id, w.run_id, w.name, w.occurrence FOR UPDATE OF w
     ),
     found AS MATERIALIZED (
       SELECT w.namespace_id, w.run_id, w.name, w.occurrence, w.state, e.sent_at, e.event_uid
       FROM wait w LEFT JOIN LATERAL (
         ${earliest("w.key IS NULL")} UNION ALL ${earliest("w.key = e.key")}
       ) e ON true
     ),
     placed AS MATERIALIZED (
       SELECT f.*, CASE WHEN f.event_uid IS NOT NULL THEN r.signals + (row_number() OVER (
           PARTITION BY f.namespace_id, f.run_id ORDER BY f.sent_at NULLS LAST, f.event_uid))::int END AS position
       FROM found f JOIN ${schema}.runs r ON r.namespace_id = f.namespace_id AND r.run_id = f.run_id
     ),
     put AS (
       INSERT INTO ${schema}.inbox (namespace_id, run_id, position, kind, name, key, message_id, event_uid, payload,
         payload_metadata, received_at)
       SELECT p.namespace_id, p.run_id, p.position, 'event', e.name, e.key, e.event_uid::text, e.event_uid, e.payload,
         e.payload_metadata, now
       FROM clock, placed p
       JOIN ${schema}.events e
         ON e.namespace_id = p.namespace_id AND e.name = p.name AND e.sent_at = p.sent_at AND e.event_uid = p.event_uid
     ),
     marked AS (
       UPDATE ${schema}.event_waits w
       SET state = CASE WHEN p.position IS NULL THEN 'open' ELSE 'brought' END, position = p.position
       FROM placed p
       WHERE w.namespace_id = p.namespace_id AND w.run_id = p.run_id AND w.name = p.name
         AND w.occurrence = p.occurrence
     ),
     touched AS (
       UPDATE ${schema}.runs r SET signals = p.last,
         status = CASE r.status WHEN 'waiting' THEN 'pending' ELSE r.status END,
         available_at = CASE r.status WHEN 'waiting' THEN now ELSE r.available_at END
       FROM clock, (
         SELECT namespace_id, run_id, max(position) AS last FROM placed WHERE position IS NOT NULL
         GROUP BY namespace_id, run_id
       ) p
       WHERE r.namespace_id = p.namespace_id AND r.run_id = p.run_id
       RETURNING r.namespace_id, r.run_id, r.task_queue, r.workflow_type, r.version, r.worker_id, r.status
     )
     SELECT l.looked, t.* FROM (
       SELECT count(*)::int AS looked FROM placed WHERE state = 'new' OR position IS NOT NULL
     ) l LEFT JOIN touched t ON true`,
  );
}
