import type {
  EventFilter,
  EventPosition,
  NamespaceId,
  NewEvent,
  RunId,
  SendOutcome,
  SentEvent,
  Start,
  Subscription,
} from "@kagzi/core";
import { LIMITS } from "@kagzi/core";
import { type EventRow, metadataColumn, toSentEvent } from "@kagzi/core/rows";
import type { Database, Runner, Statement, Value } from "./database.ts";
import { begin } from "./runs-start.ts";
import { CLOCK, instant, span, statement } from "./sql.ts";

/** The workflows that events of a name start, in every version that says so. */
export async function subscriptions(
  database: Database,
  namespaceId: NamespaceId,
  name: string,
): Promise<readonly Subscription[]> {
  const rows = await database.run<{ workflow_type: string; version: string; task_queue: string }>(
    statement(
      "events_subscriptions",
      `SELECT workflow_type, version, task_queue FROM ${database.schema}.subscriptions
       WHERE namespace_id = $1 AND event_name = $2 ORDER BY workflow_type, version`,
    ),
    [namespaceId, name],
  );
  return rows.map((row) => ({ workflowType: row.workflow_type, version: row.version, taskQueue: row.task_queue }));
}

/** Keeps an event and starts runs, all in one go. If one with its id is there nothing is changed. */
export async function sendEvent(database: Database, event: NewEvent, starts: readonly Start[]): Promise<SendOutcome> {
  for (;;) {
    const outcome = await database.transaction(
      (runner) => send(database, runner, event, starts),
      (sent) => sent?.became === "sent",
    );
    // Otherwise the one that was there was deleted in between, and the next try keeps this one.
    if (outcome !== undefined) return outcome;
  }
}

async function send(
  database: Database,
  runner: Runner,
  event: NewEvent,
  starts: readonly Start[],
): Promise<SendOutcome | undefined> {
  const [kept] = await runner.run<{ now: number }>(keepStatement(database.schema), [
    database.now(),
    event.namespaceId,
    event.eventUid,
    event.eventId,
    event.name,
    event.key ?? null,
    event.payload?.data ?? null,
    metadataColumn(event.payload),
    JSON.stringify(starts.map(({ runId }) => runId)),
  ]);
  if (kept === undefined) return lookUp(runner, database.schema, event);
  const began = starts.length === 0 ? new Map() : await begin(database, runner, starts);
  // Nothing else is in the way of a start whose id is new and that has no key.
  if (began.size < starts.length) return { became: "refused", because: "namespaceDisabled" };
  return { became: "sent", now: kept.now };
}

// ON CONFLICT waits for a send of the same id that has not committed: of two at once the second always finds the first.
function keepStatement(schema: string): Statement {
  return statement(
    "events_send",
    `WITH ${CLOCK}
     INSERT INTO ${schema}.events (namespace_id, sent_at, event_uid, event_id, name, key, payload, payload_metadata,
       started, routed)
     SELECT n.namespace_id, now, $3::uuid, $4, $5, $6, $7::bytea, $8, $9, false
     FROM clock, ${schema}.namespaces n WHERE n.namespace_id = $2 AND n.enabled
     ON CONFLICT (namespace_id, event_id) DO NOTHING RETURNING sent_at AS now`,
  );
}

async function lookUp(
  runner: Runner,
  schema: string,
  { eventId, namespaceId }: NewEvent,
): Promise<SendOutcome | undefined> {
  const [row] = await runner.run<{ enabled: boolean; event_uid: string | null; started: string | null }>(
    statement(
      "events_send_lookup",
      `SELECT n.enabled, e.event_uid, e.started FROM ${schema}.namespaces n
       LEFT JOIN ${schema}.events e ON e.namespace_id = n.namespace_id AND e.event_id = $2
       WHERE n.namespace_id = $1`,
    ),
    [namespaceId, eventId],
  );
  if (row === undefined) return { became: "refused", because: "noNamespace" };
  if (!row.enabled) return { became: "refused", because: "namespaceDisabled" };
  if (row.event_uid === null) return undefined;
  return { became: "found", eventUid: row.event_uid, started: JSON.parse(row.started ?? "[]") as RunId[] };
}

/** Events that a filter lets through, the newest first, each with those who took it. */
export async function listEvents(
  database: Database,
  filter: EventFilter,
  page: { readonly before?: EventPosition; readonly limit: number },
): Promise<readonly SentEvent[]> {
  const { where, values } = condition(filter, page.before);
  const { schema } = database;
  const rows = await database.run<EventRow & { taken: number; takers: RunId[] | null }>(
    statement(
      `events_list_${shape(filter, page.before)}`,
      `SELECT e.*, t.taken, t.takers FROM (
         SELECT * FROM ${schema}.events e WHERE ${where}
         ORDER BY e.sent_at DESC, e.event_uid DESC LIMIT $${values.length + 1}
       ) e
       CROSS JOIN LATERAL (
         SELECT count(*)::int AS taken, json_agg(run_id ORDER BY run_id) FILTER (WHERE number <= ${LIMITS.takersShown}) AS takers
         FROM (
           SELECT i.run_id, row_number() OVER (ORDER BY i.run_id) AS number FROM ${schema}.inbox i
           WHERE i.namespace_id = e.namespace_id AND i.event_uid = e.event_uid AND i.event_uid IS NOT NULL
             AND i.taken_seq IS NOT NULL
           ORDER BY i.run_id LIMIT ${LIMITS.count}
         ) i
       ) t
       ORDER BY e.sent_at DESC, e.event_uid DESC`,
    ),
    [...values, page.limit],
  );
  return rows.map((row) => toSentEvent(row, { takenBy: row.takers ?? [], takenCount: row.taken }));
}

/** How many events a filter lets through, counted up to `limit`. */
export async function countEvents(database: Database, filter: EventFilter, limit: number): Promise<number> {
  const { where, values } = condition(filter, undefined);
  const rows = await database.run<{ count: number }>(
    statement(
      `events_count_${shape(filter, undefined)}`,
      `SELECT count(*) AS count FROM (
         SELECT FROM ${database.schema}.events e WHERE ${where} LIMIT $${values.length + 1}) counted`,
    ),
    [...values, limit],
  );
  return rows[0]?.count ?? 0;
}

// Each combination of filters is a statement of its own, so that each gets the plan that fits it.
function condition(filter: EventFilter, before: EventPosition | undefined): { where: string; values: Value[] } {
  const values: Value[] = [filter.namespaceId];
  const parts = ["e.namespace_id = $1"];
  const add = (value: Value | undefined, part: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    parts.push(part(`$${values.length}`));
  };
  add(filter.name, (parameter) => `e.name = ${parameter}`);
  add(filter.sentAfter, (parameter) => `e.sent_at > ${instant(`${parameter}::bigint`)}`);
  add(filter.sentBefore, (parameter) => `e.sent_at < ${instant(`${parameter}::bigint`)}`);
  if (before !== undefined) {
    values.push(before.sentAt, before.eventUid);
    const [at, uid] = [`$${values.length - 1}`, `$${values.length}`];
    parts.push(`(e.sent_at, e.event_uid) < (${instant(`${at}::bigint`)}, ${uid}::uuid)`);
  }
  return { where: parts.join(" AND "), values };
}

/** Which of a filter's parts are given, as part of a statement's name. */
function shape(filter: EventFilter, before: EventPosition | undefined): string {
  const given = [filter.name, filter.sentAfter, filter.sentBefore, before];
  return given.map((part) => (part === undefined ? "0" : "1")).join("");
}

/** Deletes events that were sent longer ago and have been brought to all who waited. Answers with how many. */
export async function expireEvents(database: Database, olderThanMs: number, limit: number): Promise<number> {
  const { schema } = database;
  const rows = await database.run(
    statement(
      "events_expire",
      `WITH ${CLOCK},
       old AS MATERIALIZED (
         SELECT namespace_id, sent_at, event_uid FROM ${schema}.events
         WHERE routed AND sent_at < (SELECT now FROM clock) - ${span("$2::bigint")}
         ORDER BY sent_at LIMIT $3 FOR UPDATE SKIP LOCKED
       )
       DELETE FROM ${schema}.events e USING old o
       WHERE e.namespace_id = o.namespace_id AND e.sent_at = o.sent_at AND e.event_uid = o.event_uid
       RETURNING e.event_uid`,
    ),
    [database.now(), olderThanMs, limit],
  );
  return rows.length;
}
