import type { NamespaceId, NewRecord, Run, RunChange, RunId, RunReference, RunWrite, WaitKey } from "@kagzi/core";
import { isTerminal } from "@kagzi/core";
import type { Database, Runner, Statement } from "./database.ts";
import { statement } from "./sql.ts";

/** Whether waits for events begin or end with a write. Those of a run that ends are gone with it, but for one that failed. */
export function changesWaits({ next, records }: RunWrite): boolean {
  const isOver = next?.status === "completed" || next?.status === "cancelled";
  return !isOver && records.some((record) => record.kind === "event");
}

type WaitRecord = RunReference & { readonly record: NewRecord };

/** Notes which waits begin and which end with writes that were made, in the transaction that made them. */
export async function keepWaits(database: Database, runner: Runner, writes: readonly RunWrite[]): Promise<void> {
  const last = writes.filter(changesWaits).flatMap(lastOfEach);
  const begun = last.filter(({ record }) => record.type === "started");
  const ended = last.filter(({ record }) => record.type !== "started");
  if (ended.length > 0) await endWaits(database, runner, ended);
  if (begun.length > 0) await beginWaits(database, runner, begun);
}

/** Of each wait what the write says of it last. */
function lastOfEach({ namespaceId, records, runId }: RunWrite): readonly WaitRecord[] {
  const own = records.filter((record) => record.kind === "event");
  const byKey = new Map(own.map((record) => [`${record.occurrence} ${record.name}`, { namespaceId, runId, record }]));
  return [...byKey.values()];
}

async function endWaits(database: Database, runner: Runner, ended: readonly WaitRecord[]): Promise<void> {
  const rows = await runner.run<{ namespace_id: NamespaceId; run_id: RunId; position: number | null }>(
    endStatement(database.schema),
    keysOf(ended),
  );
  const own = new Set(rows.map((row) => `${row.namespace_id}/${row.run_id} ${row.position}`));
  const took = ended.filter(
    ({ namespaceId, record, runId }) =>
      record.takes !== undefined && !own.has(`${namespaceId}/${runId} ${record.takes}`),
  );
  if (took.length === 0) return;
  await runner.run(againStatement(database.schema), [
    took.map(({ namespaceId }) => namespaceId),
    took.map(({ runId }) => runId),
    took.map(({ record }) => record.takes ?? null),
  ]);
}

function keysOf(waits: readonly WaitRecord[]) {
  return [
    waits.map(({ namespaceId }) => namespaceId),
    waits.map(({ runId }) => runId),
    waits.map(({ record }) => record.name),
    waits.map(({ record }) => record.occurrence),
  ];
}

// Rows are locked in the order of their keys, as whoever brings events does.
function endStatement(schema: string): Statement {
  return statement(
    "event_waits_end",
    `WITH ended AS MATERIALIZED (
       SELECT w.namespace_id, w.run_id, w.name, w.occurrence
       FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[]) AS r(namespace_id, run_id, name, occurrence)
       JOIN ${schema}.event_waits w USING (namespace_id, run_id, name, occurrence)
       ORDER BY w.namespace_id, w.run_id, w.name, w.occurrence FOR UPDATE OF w
     )
     DELETE FROM ${schema}.event_waits w USING ended e
     WHERE w.namespace_id = e.namespace_id AND w.run_id = e.run_id AND w.name = e.name AND w.occurrence = e.occurrence
     RETURNING w.namespace_id, w.run_id, w.position`,
  );
}

/** A wait whose message another wait of the run took is looked at anew: there may be another event for it. */
function againStatement(schema: string): Statement {
  return statement(
    "event_waits_again",
    `UPDATE ${schema}.event_waits w SET state = 'new', position = NULL
     FROM unnest($1::text[], $2::uuid[], $3::int[]) AS t(namespace_id, run_id, position)
     WHERE w.namespace_id = t.namespace_id AND w.run_id = t.run_id AND w.position = t.position`,
  );
}

async function beginWaits(database: Database, runner: Runner, begun: readonly WaitRecord[]): Promise<void> {
  const keys = begun.map(({ record }) => record.key ?? null);
  await runner.run(beginStatement(database.schema), [...keysOf(begun), keys]);
}

/** A run that has ended with the same write waits for nothing, unless it is retried. */
function beginStatement(schema: string): Statement {
  return statement(
    "event_waits_begin",
    `INSERT INTO ${schema}.event_waits (namespace_id, run_id, name, occurrence, key, since, begun_by, state)
     SELECT b.namespace_id, b.run_id, b.name, b.occurrence, b.key, r.created_at, r.event_id,
       CASE WHEN r.finished_at IS NULL THEN 'new' ELSE 'suspended' END
     FROM unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::text[])
       AS b(namespace_id, run_id, name, occurrence, key)
     JOIN ${schema}.runs r ON r.namespace_id = b.namespace_id AND r.run_id = b.run_id
     WHERE r.finished_at IS NULL OR r.status = 'failed'
     ORDER BY b.namespace_id, b.run_id, b.name, b.occurrence
     ON CONFLICT (namespace_id, run_id, name, occurrence)
       DO UPDATE SET key = excluded.key, state = excluded.state, position = NULL`,
  );
}

/** The waits of a run that ask for a key. */
export async function waitKeys(database: Database, { namespaceId, runId }: RunReference): Promise<readonly WaitKey[]> {
  return database.run<{ name: string; occurrence: number; key: string }>(
    statement(
      "event_waits_keys",
      `SELECT name, occurrence, key FROM ${database.schema}.event_waits
       WHERE namespace_id = $1 AND run_id = $2 AND key IS NOT NULL ORDER BY name, occurrence LIMIT 100`,
    ),
    [namespaceId, runId],
  );
}

/** A run that has ended waits for nothing, unless it failed and is retried: its waits go on then. */
export async function changeWaits(
  database: Database,
  runner: Runner,
  before: Run,
  { status }: RunChange,
): Promise<void> {
  const { schema } = database;
  const values = [before.namespaceId, before.runId];
  const of = `${schema}.event_waits WHERE namespace_id = $1 AND run_id = $2`;
  if (status === "failed") await runner.run(stateStatement(schema, "suspended"), values);
  else if (isTerminal(status)) await runner.run(statement("event_waits_close", `DELETE FROM ${of}`), values);
  else if (before.status === "failed") await runner.run(stateStatement(schema, "new"), values);
}

function stateStatement(schema: string, state: "new" | "suspended"): Statement {
  return statement(
    `event_waits_${state}`,
    `UPDATE ${schema}.event_waits SET state = '${state}', position = NULL WHERE namespace_id = $1 AND run_id = $2`,
  );
}
