import type { NewRecord, RunReference, RunStatus, RunWrite, WaitKey } from "@kagzi/core";
import { isTerminal } from "@kagzi/core";
import type { Database } from "./database.ts";

/** Notes which waits begin and which end with a write that was made, in its transaction. */
export function keepWaits(database: Database, write: RunWrite): void {
  for (const record of write.records) {
    if (record.kind !== "event") continue;
    if (record.type === "started") beginWait(database, write, record);
    else endWait(database, write, record);
  }
}

function endWait(database: Database, { namespaceId, runId }: RunReference, record: NewRecord): void {
  const [ended] = database.all<{ position: number | null }>(
    "DELETE FROM event_waits WHERE namespace_id = ? AND run_id = ? AND name = ? AND occurrence = ? RETURNING position",
    [namespaceId, runId, record.name, record.occurrence],
  );
  if (record.takes === undefined || record.takes === ended?.position) return;
  // A wait whose message another wait of the run took is looked at anew: there may be another event for it.
  database.change(
    "UPDATE event_waits SET state = 'new', position = NULL WHERE namespace_id = ? AND run_id = ? AND position = ?",
    [namespaceId, runId, record.takes],
  );
}

function beginWait(database: Database, { namespaceId, runId }: RunReference, record: NewRecord): void {
  database.change(
    `INSERT INTO event_waits (namespace_id, run_id, name, occurrence, key, since, begun_by, state)
     SELECT namespace_id, run_id, ?1, ?2, ?3, created_at, event_id, 'new' FROM runs
     WHERE namespace_id = ?4 AND run_id = ?5
     ON CONFLICT (namespace_id, run_id, name, occurrence)
       DO UPDATE SET key = excluded.key, state = 'new', position = NULL`,
    [record.name, record.occurrence, record.key ?? null, namespaceId, runId],
  );
}

/** The waits of a run that ask for a key. */
export function waitKeys(database: Database, { namespaceId, runId }: RunReference): readonly WaitKey[] {
  return database.all<{ name: string; occurrence: number; key: string }>(
    `SELECT name, occurrence, key FROM event_waits
     WHERE namespace_id = ? AND run_id = ? AND key IS NOT NULL ORDER BY name, occurrence LIMIT 100`,
    [namespaceId, runId],
  );
}

/** A run that has ended waits for nothing, unless it failed and is retried: its waits go on then. */
export function changeWaits(
  database: Database,
  { namespaceId, runId }: RunReference,
  change: { readonly from: RunStatus; readonly to: RunStatus },
): void {
  const values = [namespaceId, runId];
  const set = (state: "new" | "suspended") =>
    database.change(
      `UPDATE event_waits SET state = '${state}', position = NULL WHERE namespace_id = ? AND run_id = ?`,
      values,
    );
  if (change.to === "failed") set("suspended");
  else if (isTerminal(change.to)) {
    database.change("DELETE FROM event_waits WHERE namespace_id = ? AND run_id = ?", values);
  } else if (change.from === "failed") set("new");
}
