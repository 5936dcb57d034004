import type {
  Addressed,
  HistoryRecord,
  Instant,
  NamespaceId,
  NewRecord,
  RunFacts,
  RunId,
  RunReference,
  RunStatus,
  RunWrite,
  WriteOutcome,
} from "@kagzi/core";
import { isTerminal, messageOfEnd, yieldsToCancel } from "@kagzi/core";
import {
  type HistoryRow,
  historyColumns,
  jsonColumn,
  metadataColumn,
  toError,
  toHistoryRecord,
} from "@kagzi/core/rows";
import type { Database, Runner, Statement, Value } from "./database.ts";
import { isUniqueViolation } from "./errors.ts";
import { changesWaits, keepWaits } from "./event-waits.ts";
import { lockRuns, sendMessages } from "./inbox.ts";
import { begin } from "./runs-start.ts";
import { isResult, writeResult } from "./runs-write-result.ts";
import { writeStatement } from "./runs-write-sql.ts";
import { CLOCK, PayloadColumn, cut, sparse, statement } from "./sql.ts";

/**
 * Writes for many runs in one statement. A write whose lease or number of records is not the store's is left out and
 * answered with the run as it is.
 */
export async function writeRuns(database: Database, writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
  // In the order of their keys, so that two statements that touch the same runs wait for each other in one direction.
  const sorted = writes.toSorted(compareRuns);
  const written = await writeSorted(database, sorted);
  const refused = sorted.filter((_, index) => written[index] === undefined);
  const facts = refused.length === 0 ? new Map<RunWrite, RunFacts>() : await readFacts(database, refused);
  const byWrite = new Map(sorted.map((write, index) => [write, written[index]]));
  return writes.map((write) => byWrite.get(write) ?? { became: "refused", facts: facts.get(write) });
}

function compareRuns(a: RunReference, b: RunReference): number {
  if (a.namespaceId !== b.namespaceId) return a.namespaceId < b.namespaceId ? -1 : 1;
  return a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0;
}

type Written = Extract<WriteOutcome, { became: "written" }> | undefined;

async function writeSorted(database: Database, writes: readonly RunWrite[]): Promise<readonly Written[]> {
  try {
    if (writes.some(reachesBeyond)) return await writeWithOthers(database, writes);
    const [only] = writes;
    if (only === undefined || writes.length > 1 || !isResult(only)) return await writeAll(database, database, writes);
    const now = await writeResult(database, database.schema, database.now(), only);
    return [now === undefined ? undefined : { became: "written", now, dueAt: NO_TIMES }];
  } catch (error) {
    // Another writer has put a record where one of these wants to: it is not ours any more. Which one, each alone tells.
    if (!isUniqueViolation(error)) throw error;
    if (writes.length === 1) return [undefined];
    const each = await Promise.all(writes.map((write) => writeSorted(database, [write])));
    return each.flat();
  }
}

/** Whether a write takes more than its own statement: others hear of it or begin with it, or the run waits for events. */
function reachesBeyond(write: RunWrite): boolean {
  return tellsParent(write) || write.continuation !== undefined || saysProgress(write) || changesWaits(write);
}

function saysProgress({ activity, progress }: RunWrite): boolean {
  return activity !== undefined || progress !== undefined;
}

function tellsParent({ next, parent }: RunWrite): boolean {
  return parent?.awaited === true && next !== undefined && isTerminal(next.status);
}

/** The writes, and what they mean for other runs, in one transaction. */
async function writeWithOthers(database: Database, writes: readonly RunWrite[]): Promise<readonly Written[]> {
  return database.transaction(async (runner) => {
    await lockRuns(runner, database.schema, writes.filter(tellsParent).flatMap(withParent));
    const written = await writeAll(database, runner, writes);
    const done = writes.filter((_, place) => written[place] !== undefined);
    const continuations = done.flatMap(({ continuation }) => continuation ?? []);
    if (continuations.length > 0) await begin(database, runner, continuations);
    await saveProgress(database, runner, done);
    await keepWaits(database, runner, done);
    const children = done.filter(tellsParent);
    const told = await sendMessages(database, runner, children.flatMap(endMessage));
    const byWrite = new Map(children.map((write, index) => [write, told[index]]));
    return writes.map((write, place) => {
      const parent = byWrite.get(write);
      return written[place] && { ...written[place], ...(parent !== undefined && { told: parent }) };
    });
  });
}

function withParent({ namespaceId, parent, runId }: RunWrite): RunReference[] {
  return [{ namespaceId, runId }, ...(parent === undefined ? [] : [{ namespaceId, runId: parent.runId }])];
}

/** What the parent of a run hears of its end. */
function endMessage({ namespaceId, parent, records, runId }: RunWrite): Addressed[] {
  const { error, payload } = records.at(-1) ?? {};
  return parent === undefined ? [] : [messageOfEnd({ namespaceId, runId }, parent, { error, payload })];
}

async function saveProgress(database: Database, runner: Runner, writes: readonly RunWrite[]): Promise<void> {
  const rows = writes.filter(saysProgress);
  if (rows.length === 0) return;
  const parts: Uint8Array[] = [];
  const payloads = new PayloadColumn(parts);
  rows.reduce((offset, row) => payloads.push(row.progress, offset), 0);
  await runner.run(progressStatement(database.schema), [
    database.now(),
    rows.map((row) => row.namespaceId),
    rows.map((row) => row.runId),
    payloads.offsets,
    payloads.lengths,
    rows.map((row) => metadataColumn(row.progress)),
    rows.map((row) => jsonColumn(row.activity)),
    Buffer.concat(parts),
  ]);
}

function progressStatement(schema: string): Statement {
  return statement(
    "runs_progress",
    `WITH ${CLOCK}
     INSERT INTO ${schema}.run_progress AS was (namespace_id, run_id, payload, payload_metadata, activity, updated_at)
     SELECT p.namespace_id, p.run_id, ${cut("$8::bytea", "p.payload_offset", "p.payload_length")}, p.metadata, p.activity, now
     FROM clock, unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::text[])
       AS p(namespace_id, run_id, payload_offset, payload_length, metadata, activity)
     ORDER BY p.namespace_id, p.run_id
     ON CONFLICT (namespace_id, run_id) DO UPDATE SET
       payload = CASE WHEN excluded.payload IS NULL THEN was.payload ELSE excluded.payload END,
       payload_metadata = CASE WHEN excluded.payload IS NULL THEN was.payload_metadata ELSE excluded.payload_metadata END,
       activity = coalesce(excluded.activity, was.activity), updated_at = excluded.updated_at`,
  );
}

async function writeAll(database: Database, runner: Runner, writes: readonly RunWrite[]): Promise<readonly Written[]> {
  const endsWaits = writes.some((write) =>
    write.records.some((record) => record.startedSeq !== undefined || record.takes !== undefined),
  );
  const endsRuns = writes.some(({ next }) => next !== undefined && isTerminal(next.status));
  const movesRuns = writes.some(({ next }) => next !== undefined);
  interface Row {
    now: Instant;
    place: number;
    at: Instant | null;
    status: RunStatus | null;
    namespace_id: NamespaceId | null;
    run_id: RunId | null;
    seq: number;
  }
  const rows = await runner.run<Row>(writeStatement(database.schema, { endsWaits, endsRuns, movesRuns }), [
    database.now(),
    ...writeColumns(writes),
    ...recordColumns(writes),
    writes.map((write) => write.closing === true),
  ]);
  const done = new Map<number, Row>();
  const dueTimes = new Map<string, Map<number, Instant>>();
  for (const row of rows) {
    const { at, namespace_id: namespaceId, run_id: runId, seq } = row;
    if (runId === null) done.set(row.place, row);
    else if (at !== null) {
      const name = `${namespaceId}/${runId}`;
      dueTimes.set(name, (dueTimes.get(name) ?? new Map<number, Instant>()).set(seq, at));
    }
  }
  return writes.map((write, place) => {
    const row = done.get(place);
    if (row === undefined) return undefined;
    const { at: wakeAt, now, status } = row;
    const dueAt = dueTimes.size === 0 ? NO_TIMES : dueTimes.get(`${write.namespaceId}/${write.runId}`);
    return {
      became: "written",
      now,
      dueAt: dueAt ?? NO_TIMES,
      ...(status !== null && { status }),
      ...(wakeAt !== null && { wakeAt }),
    };
  });
}

const NO_TIMES: ReadonlyMap<number, Instant> = new Map();

function writeColumns(writes: readonly RunWrite[]): Value[] {
  const parks = writes.map(({ next }) =>
    next?.status === "sleeping" || next?.status === "waiting" ? next : undefined,
  );
  return [
    writes.map((write) => write.namespaceId),
    writes.map((write) => write.runId),
    writes.map((write) => write.epoch),
    sparse(writes.map((write) => write.afterSeq ?? null)),
    sparse(writes.map((write) => write.next?.status ?? null)),
    writes.map((write) => write.next !== undefined && isTerminal(write.next.status)),
    sparse(parks.map((park) => park?.afterMs ?? null)),
    sparse(parks.map((park) => park?.at ?? null)),
    sparse(parks.map((park) => park?.attempt ?? null)),
    sparse(writes.map((write) => (write.next?.status === "paused" ? jsonColumn(write.next.error) : null))),
    sparse(parks.map((park) => park?.signals ?? null)),
    writes.map(yieldsToCancel),
  ];
}

function recordColumns(writes: readonly RunWrite[]): Value[] {
  const rows = writes.flatMap((write, place) =>
    write.records.map((record, index) => ({ write, place, seq: (write.afterSeq ?? 0) + index + 1, record })),
  );
  const records: readonly NewRecord[] = rows.map((row) => row.record);
  const parts: Uint8Array[] = [];
  const payloads = new PayloadColumn(parts);
  const inputs = new PayloadColumn(parts);
  let offset = 0;
  for (const record of records) offset = inputs.push(record.input, payloads.push(record.payload, offset));
  return [
    rows.map((row) => row.place),
    rows.map((row) => row.write.namespaceId),
    rows.map((row) => row.write.runId),
    rows.map((row) => row.write.epoch),
    rows.map((row) => row.seq),
    records.map((record) => record.kind),
    records.map((record) => record.type),
    records.map((record) => record.name),
    records.map((record) => record.occurrence),
    records.map((record) => record.attempt),
    sparse(records.map((record) => record.observedAt ?? null)),
    sparse(records.map(({ due }) => (due !== undefined && "afterMs" in due ? due.afterMs : null))),
    sparse(records.map(({ due }) => (due !== undefined && "at" in due ? due.at : null))),
    sparse(records.map((record) => record.durationMs ?? null)),
    sparse(payloads.offsets),
    sparse(payloads.lengths),
    sparse(records.map((record) => metadataColumn(record.payload))),
    sparse(inputs.offsets),
    sparse(inputs.lengths),
    sparse(records.map((record) => metadataColumn(record.input))),
    sparse(records.map((record) => jsonColumn(record.error))),
    sparse(records.map((record) => record.startedSeq ?? null)),
    sparse(records.map((record) => record.childRunId ?? null)),
    sparse(records.map((record) => record.takes ?? null)),
    Buffer.concat(parts),
  ];
}

async function readFacts(database: Database, writes: readonly RunWrite[]): Promise<ReadonlyMap<RunWrite, RunFacts>> {
  type Row = { place: number; status: RunStatus; run_epoch: number; cancel_error: string | null } & (
    HistoryRow | Record<keyof HistoryRow, null>
  );
  const rows = await database.run<Row>(factsStatement(database.schema), [
    writes.map((write) => write.namespaceId),
    writes.map((write) => write.runId),
    writes.map((write) => write.afterSeq ?? null),
    writes.map((write) => write.records.length),
  ]);
  const facts = new Map<RunWrite, RunFacts & { readonly tail: HistoryRecord[] }>();
  for (const row of rows) {
    const write = writes[row.place];
    if (write === undefined) continue;
    const known = facts.get(write) ?? {
      status: row.status,
      epoch: row.run_epoch,
      ...(row.cancel_error !== null && { cancelError: toError(row.cancel_error) }),
      tail: [],
    };
    facts.set(write, known);
    if (row.seq !== null) known.tail.push(toHistoryRecord(row));
  }
  return facts;
}

function factsStatement(schema: string): Statement {
  return statement(
    "runs_write_facts",
    `SELECT (w.ordinality - 1)::int AS place, r.status, r.epoch AS run_epoch, r.cancel_error, ${historyColumns("h")}
     FROM unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) WITH ORDINALITY
       AS w(namespace_id, run_id, after_seq, records)
     JOIN ${schema}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
     LEFT JOIN ${schema}.history h ON h.namespace_id = w.namespace_id AND h.run_id = w.run_id
       AND h.seq > w.after_seq AND h.seq <= w.after_seq + w.records
     ORDER BY w.ordinality, h.seq`,
  );
}
