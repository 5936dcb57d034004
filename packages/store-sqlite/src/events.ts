import type {
  EventFilter,
  EventPosition,
  Instant,
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
import type { Database } from "./database.ts";
import type { Value } from "./driver.ts";
import { beginRun } from "./runs-start.ts";

/** The workflows that events of a name start, in every version that says so. */
export function subscriptions(database: Database, namespaceId: NamespaceId, name: string): readonly Subscription[] {
  const rows = database.all<{ workflow_type: string; version: string; task_queue: string }>(
    `SELECT workflow_type, version, task_queue FROM subscriptions
     WHERE namespace_id = ? AND event_name = ? ORDER BY workflow_type, version`,
    [namespaceId, name],
  );
  return rows.map((row) => ({ workflowType: row.workflow_type, version: row.version, taskQueue: row.task_queue }));
}

/** Keeps an event and starts runs, all in one go. If one with its id is there nothing is changed. */
export function sendEvent(database: Database, event: NewEvent, starts: readonly Start[]): SendOutcome {
  return database.transaction(
    () => send(database, event, starts),
    (outcome) => outcome.became === "sent",
  );
}

function send(database: Database, event: NewEvent, starts: readonly Start[]): SendOutcome {
  const found = lookUp(database, event);
  if (found !== undefined) return found;
  const now = database.now();
  database.change("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", [
    event.namespaceId,
    now,
    event.eventUid,
    event.eventId,
    event.name,
    event.key ?? null,
    event.payload?.data ?? null,
    metadataColumn(event.payload),
    JSON.stringify(starts.map(({ runId }) => runId)),
  ]);
  for (const start of starts) beginRun(database, start);
  return { became: "sent", now };
}

function lookUp(database: Database, { eventId, namespaceId }: NewEvent): SendOutcome | undefined {
  const [row] = database.all<{ enabled: number; event_uid: string | null; started: string | null }>(
    `SELECT n.enabled, e.event_uid, e.started FROM namespaces n
     LEFT JOIN events e ON e.namespace_id = n.namespace_id AND e.event_id = ?
     WHERE n.namespace_id = ?`,
    [eventId, namespaceId],
  );
  if (row === undefined) return { became: "refused", because: "noNamespace" };
  if (row.enabled !== 1) return { became: "refused", because: "namespaceDisabled" };
  if (row.event_uid === null) return undefined;
  return { became: "found", eventUid: row.event_uid, started: JSON.parse(row.started ?? "[]") as RunId[] };
}

/** Events that a filter lets through, the newest first, each with those who took it. */
export function listEvents(
  database: Database,
  filter: EventFilter,
  page: { readonly before?: EventPosition; readonly limit: number },
): readonly SentEvent[] {
  const { where, values } = condition(filter, page.before);
  const rows = database.all<EventRow>(
    `SELECT e.* FROM events e WHERE ${where} ORDER BY e.sent_at DESC, e.event_uid DESC LIMIT ?`,
    [...values, page.limit],
  );
  return rows.map((row) => toSentEvent(row, takersOf(database, row)));
}

function takersOf(database: Database, event: EventRow): Pick<SentEvent, "takenBy" | "takenCount"> {
  const rows = database.all<{ run_id: RunId }>(
    `SELECT run_id FROM inbox INDEXED BY inbox_by_event WHERE namespace_id = ? AND event_uid = ? AND event_uid IS NOT NULL
       AND taken_seq IS NOT NULL ORDER BY run_id LIMIT ${LIMITS.count}`,
    [event.namespace_id, event.event_uid],
  );
  return { takenBy: rows.slice(0, LIMITS.takersShown).map((row) => row.run_id), takenCount: rows.length };
}

/** How many events a filter lets through, counted up to `limit`. */
export function countEvents(database: Database, filter: EventFilter, limit: number): number {
  const { where, values } = condition(filter, undefined);
  const rows = database.all<{ count: number }>(
    `SELECT count(*) AS count FROM (SELECT 1 FROM events e WHERE ${where} LIMIT ?)`,
    [...values, limit],
  );
  return rows[0]?.count ?? 0;
}

// Each combination of filters is a statement of its own, so that each gets the plan that fits it.
function condition(filter: EventFilter, before: EventPosition | undefined): { where: string; values: Value[] } {
  const values: Value[] = [filter.namespaceId];
  const parts = ["e.namespace_id = ?"];
  const add = (value: Value | undefined, part: string) => {
    if (value === undefined) return;
    values.push(value);
    parts.push(part);
  };
  add(filter.name, "e.name = ?");
  add(filter.sentAfter, "e.sent_at > ?");
  add(filter.sentBefore, "e.sent_at < ?");
  if (before !== undefined) {
    values.push(before.sentAt, before.eventUid);
    parts.push("(e.sent_at, e.event_uid) < (?, ?)");
  }
  return { where: parts.join(" AND "), values };
}

/** Deletes events that were sent longer ago and have been brought to all who waited. Answers with how many. */
export function expireEvents(database: Database, olderThanMs: number, limit: number): number {
  return database.transaction(() => {
    const old = database.all<{ namespace_id: NamespaceId; sent_at: Instant; event_uid: string }>(
      "SELECT namespace_id, sent_at, event_uid FROM events WHERE routed AND sent_at < ? ORDER BY sent_at LIMIT ?",
      [database.now() - olderThanMs, limit],
    );
    for (const row of old) {
      database.change("DELETE FROM events WHERE namespace_id = ? AND sent_at = ? AND event_uid = ?", [
        row.namespace_id,
        row.sent_at,
        row.event_uid,
      ]);
    }
    return old.length;
  });
}
