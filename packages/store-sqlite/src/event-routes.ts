import type { NamespaceId, Routed, RunId, Touched } from "@kagzi/core";
import type { Database } from "./database.ts";
import { addressee, insertEvent, raiseSignals } from "./inbox.ts";

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
export function routeEvents(database: Database, limit: number): Routed {
  const events = unroutedEvents(database);
  const candidates = findCandidates(database, events, limit);
  if (events.length + candidates.length === 0) return { touched: [], left: "nothing" };
  return database.transaction(() => {
    const touched = oneOfEach(candidates).flatMap((wait) => bring(database, wait) ?? []);
    for (const event of events) markRouted(database, event);
    return { touched, left: candidates.length === 0 && events.length < EVENTS ? "nothing" : "more" };
  });
}

/** One wait of a name in a run at a time: the next one is looked at when it is known what this one was brought. */
function oneOfEach(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...new Map(candidates.map((wait) => [`${wait.namespace_id}/${wait.run_id}/${wait.name}`, wait])).values()];
}

function unroutedEvents(database: Database): readonly Unrouted[] {
  return database.all<Unrouted>(
    `SELECT namespace_id, name, key, sent_at, event_uid, event_id FROM events
     WHERE NOT routed ORDER BY sent_at LIMIT ${EVENTS}`,
  );
}

function findCandidates(database: Database, events: readonly Unrouted[], limit: number): readonly Candidate[] {
  const fresh = database.all<Candidate>(
    "SELECT namespace_id, run_id, name, occurrence FROM event_waits WHERE state = 'new' LIMIT ?",
    [limit],
  );
  const found = [...fresh];
  for (const event of events) {
    if (found.length >= limit) break;
    found.push(...waitsFor(database, event, limit - found.length));
  }
  return found;
}

/** Waits that could still be brought an event, at most `limit` of either kind. */
function waitsFor(database: Database, event: Unrouted, limit: number): readonly Candidate[] {
  const { event_id: eventId, event_uid: eventUid, key, name, namespace_id: namespaceId, sent_at: sentAt } = event;
  const find = (withKey: string, ...keys: readonly string[]) =>
    database.all<Candidate>(
      `SELECT namespace_id, run_id, name, occurrence FROM event_waits w
       WHERE namespace_id = ? AND name = ? AND ${withKey} AND state IN ('new', 'open') AND since <= ?
         AND begun_by IS NOT ? AND NOT EXISTS (SELECT 1 FROM inbox i
           WHERE i.namespace_id = w.namespace_id AND i.run_id = w.run_id AND i.message_id = ?) LIMIT ?`,
      [namespaceId, name, ...keys, sentAt, eventId, eventUid, limit],
    );
  const ofAny = find("key IS NULL");
  return key === null ? ofAny : [...ofAny, ...find("key = ?", key)];
}

function markRouted(database: Database, event: Unrouted): void {
  if (waitsFor(database, event, 1).length > 0) return;
  database.change("UPDATE events SET routed = 1 WHERE namespace_id = ? AND sent_at = ? AND event_uid = ?", [
    event.namespace_id,
    event.sent_at,
    event.event_uid,
  ]);
}

/** Gives a wait the earliest event that its run has not been brought, and marks it as having it, or as open. */
function bring(database: Database, wait: Candidate): Touched | undefined {
  const reference = { namespaceId: wait.namespace_id, runId: wait.run_id };
  const run = addressee(database, reference);
  if (run === undefined) return mark(database, wait, "suspended", null);
  const event = earliest(database, wait);
  if (event === undefined) return mark(database, wait, "open", null);
  const position = run.signals + 1;
  mark(database, wait, "brought", position);
  insertEvent(database, reference, { ...event, position });
  return raiseSignals(database, run, position);
}

function mark(database: Database, wait: Candidate, state: string, position: number | null): undefined {
  database.change(
    `UPDATE event_waits SET state = ?, position = ?
     WHERE namespace_id = ? AND run_id = ? AND name = ? AND occurrence = ?`,
    [state, position, wait.namespace_id, wait.run_id, wait.name, wait.occurrence],
  );
}

type Found = { readonly sentAt: number; readonly eventUid: string };

function earliest(database: Database, { name, namespace_id: namespaceId, occurrence, run_id: runId }: Candidate) {
  const [wait] = database.all<{ key: string | null; since: number; begun_by: string | null }>(
    `SELECT key, since, begun_by FROM event_waits
     WHERE namespace_id = ? AND run_id = ? AND name = ? AND occurrence = ?`,
    [namespaceId, runId, name, occurrence],
  );
  if (wait === undefined) return undefined;
  const [found] = database.all<Found>(
    `SELECT sent_at AS sentAt, event_uid AS eventUid FROM events e
     WHERE namespace_id = ? AND name = ? ${wait.key === null ? "" : "AND key = ?"} AND sent_at >= ?
       AND event_id IS NOT ? AND NOT EXISTS (SELECT 1 FROM inbox i
         WHERE i.namespace_id = e.namespace_id AND i.run_id = ? AND i.message_id = e.event_uid)
     ORDER BY sent_at, event_uid LIMIT 1`,
    [namespaceId, name, ...(wait.key === null ? [] : [wait.key]), wait.since, wait.begun_by, runId],
  );
  return found;
}
