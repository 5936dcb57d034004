import type {
  HistoryRecord,
  Instant,
  NewRecord,
  RunEnd,
  RunFacts,
  RunId,
  RunStatus,
  RunWrite,
  WriteOutcome,
} from "@kagzi/core";
import { isTerminal } from "@kagzi/core";
import { type HistoryRow, historyColumns, jsonColumn, metadataColumn, toHistoryRecord } from "@kagzi/core/rows";
import type { Database, Statement, Value } from "./database.ts";
import { isUniqueViolation } from "./errors.ts";
import { CLOCK, PayloadColumn, cut, instant, span, statement } from "./sql.ts";

/**
 * Writes for many runs in one statement. A write whose lease or number of records is not the store's is left out and
 * answered with the run as it is.
 */
export async function writeRuns(database: Database, writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]> {
  // In the order of their keys, so that two statements that touch the same runs wait for each other in one direction.
  const order = [...writes.keys()].toSorted((a, b) => compareRuns(writes[a], writes[b]));
  const sorted = order.flatMap((index) => writes[index] ?? []);
  const written = await writeSorted(database, sorted);
  const refused = sorted.filter((_, index) => written[index] === undefined);
  const facts = refused.length === 0 ? new Map<RunWrite, RunFacts>() : await readFacts(database, refused);
  const outcomes = sorted.map(
    (write, index) => written[index] ?? ({ became: "refused", facts: facts.get(write) } as const),
  );
  const byPlace = new Map(order.map((place, index) => [place, outcomes[index]]));
  return writes.map((_, place) => byPlace.get(place) ?? { became: "refused", facts: undefined });
}

function compareRuns(a: RunWrite | undefined, b: RunWrite | undefined): number {
  const left = `${a?.namespaceId}/${a?.runId}`;
  const right = `${b?.namespaceId}/${b?.runId}`;
  return left < right ? -1 : left > right ? 1 : 0;
}

type Written = Extract<WriteOutcome, { became: "written" }> | undefined;

async function writeSorted(database: Database, writes: readonly RunWrite[]): Promise<readonly Written[]> {
  try {
    return await writeAll(database, writes);
  } catch (error) {
    // Another writer has put a record where one of these wants to: it is not ours any more. Which one, each alone tells.
    if (!isUniqueViolation(error)) throw error;
    if (writes.length === 1) return [undefined];
    const each = await Promise.all(writes.map((write) => writeSorted(database, [write])));
    return each.flat();
  }
}

async function writeAll(database: Database, writes: readonly RunWrite[]): Promise<readonly Written[]> {
  const endsSleeps = writes.some((write) => write.records.some((record) => record.startedSeq !== undefined));
  interface Row {
    now: Instant;
    place: number;
    at: Instant | null;
    run_id: RunId | null;
    seq: number;
  }
  const rows = await database.run<Row>(writeStatement(database.schema, endsSleeps), [
    database.now(),
    ...writeColumns(writes),
    ...recordColumns(writes),
  ]);
  const wakeTimes = new Map<number, Instant | null>();
  const dueTimes = new Map<RunId, Map<number, Instant>>();
  for (const { place, at, run_id: runId, seq } of rows) {
    if (runId === null) wakeTimes.set(place, at);
    else if (at !== null) dueTimes.set(runId, (dueTimes.get(runId) ?? new Map<number, Instant>()).set(seq, at));
  }
  return writes.map((write, place) => {
    const wakeAt = wakeTimes.get(place);
    if (wakeAt === undefined) return undefined;
    const dueAt = dueTimes.get(write.runId) ?? NO_TIMES;
    return { became: "written", now: rows[0]?.now ?? 0, dueAt, ...(wakeAt !== null && { wakeAt }) };
  });
}

const NO_TIMES: ReadonlyMap<number, Instant> = new Map();

function writeColumns(writes: readonly RunWrite[]): Value[] {
  const sleeps = writes.map(({ next }) => (next?.status === "sleeping" ? next : undefined));
  return [
    writes.map((write) => write.namespaceId),
    writes.map((write) => write.runId),
    writes.map((write) => write.epoch),
    writes.map((write) => write.afterSeq ?? null),
    writes.map((write) => write.next?.status ?? null),
    writes.map((write) => write.next !== undefined && isTerminal(write.next.status)),
    sleeps.map((sleep) => sleep?.afterMs ?? null),
    sleeps.map((sleep) => sleep?.at ?? null),
    sleeps.map((sleep) => sleep?.attempt ?? null),
    writes.map((write) => (write.next?.status === "paused" ? jsonColumn(write.next.error) : null)),
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
    records.map((record) => record.observedAt ?? null),
    records.map(({ due }) => (due !== undefined && "afterMs" in due ? due.afterMs : null)),
    records.map(({ due }) => (due !== undefined && "at" in due ? due.at : null)),
    records.map((record) => record.durationMs ?? null),
    payloads.offsets,
    payloads.lengths,
    records.map((record) => metadataColumn(record.payload)),
    inputs.offsets,
    inputs.lengths,
    records.map((record) => metadataColumn(record.input)),
    records.map((record) => jsonColumn(record.error)),
    records.map((record) => record.startedSeq ?? null),
    Buffer.concat(parts),
  ];
}

// The fence is in `held` and `moved`: the lease must be the run's, and its history as long as the writer thinks. A write
// that moves the run on takes the row's lock, and its records are kept only if it moved it. One that only adds records
// takes no lock: whoever comes between adds a record at the same place, and the primary key lets one of them through.
//
// There are no joins to plan: rows are found by subqueries, each a look at a primary key, and `seq IS NULL OR` keeps the
// planner from turning the look-up of `done`, which it hashes, into a join that it may do by trying each with each.
// `claimed_at IS NOT NULL` says the same as `status = 'running'`, and leads to no index but the primary key.
function writeStatement(schema: string, endsSleeps: boolean): Statement {
  const lastSeq = `(SELECT coalesce(max(h.seq), 0) FROM ${schema}.history h
           WHERE h.namespace_id = w.namespace_id AND h.run_id = w.run_id)`;
  const guard = `(w.after_seq IS NULL OR w.after_seq = ${lastSeq})
         ${endsSleeps ? "AND w.place NOT IN (SELECT place FROM early)" : ""}`;
  const early = `
     early AS (
       SELECT r.place FROM record r
       WHERE r.started_seq IS NOT NULL AND (
         SELECT h.due_at <= (SELECT now FROM clock) AND h.kind = r.kind AND h.type = 'started'
           AND h.name = r.name AND h.occurrence = r.occurrence
         FROM ${schema}.history h
         WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id AND h.seq = r.started_seq) IS NOT TRUE
     ),`;
  return statement(
    endsSleeps ? "runs_write_ending_sleeps" : "runs_write",
    `WITH ${CLOCK},
     write AS MATERIALIZED (
       SELECT w.*, (ordinality - 1)::int AS place
       FROM unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::boolean[],
                   $8::bigint[], $9::bigint[], $10::int[], $11::text[]) WITH ORDINALITY
         AS w(namespace_id, run_id, epoch, after_seq, next_status, ends, wake_after_ms, wake_at, attempt, pause_error)
     ),
     record AS MATERIALIZED (
       SELECT * FROM unnest($12::int[], $13::text[], $14::uuid[], $15::int[], $16::int[], $17::text[], $18::text[],
                            $19::text[], $20::int[], $21::int[], $22::bigint[], $23::bigint[], $24::bigint[],
                            $25::bigint[], $26::int[], $27::int[], $28::text[], $29::int[], $30::int[], $31::text[],
                            $32::text[], $33::int[])
         AS r(place, namespace_id, run_id, epoch, seq, kind, type, name, occurrence, attempt, observed_at,
              due_after_ms, due_at, duration_ms, payload_offset, payload_length, payload_metadata, input_offset,
              input_length, input_metadata, error, started_seq)
     ),${endsSleeps ? early : ""}
     held AS (
       SELECT w.place FROM write w
       WHERE w.next_status IS NULL AND w.epoch = (
           SELECT r.epoch FROM ${schema}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.claimed_at IS NOT NULL)
         AND ${guard}
     ),
     moved AS (
       UPDATE ${schema}.runs r SET
         status = w.next_status,
         available_at = CASE w.next_status
           WHEN 'pending' THEN now
           WHEN 'sleeping' THEN least(now + ${span("w.wake_after_ms")}, ${instant("w.wake_at")}) END,
         claimed_at = NULL,
         crashes = 0,
         attempt = coalesce(w.attempt, r.attempt),
         -- The database's clock may have been set back since.
         finished_at = CASE WHEN w.ends THEN greatest(now, r.started_at) END,
         pause_error = w.pause_error
       FROM write w, clock
       WHERE w.next_status IS NOT NULL AND r.namespace_id = w.namespace_id AND r.run_id = w.run_id
         AND r.claimed_at IS NOT NULL AND r.epoch = w.epoch
         AND ${guard}
       RETURNING w.place, r.available_at
     ),
     done AS MATERIALIZED (
       SELECT place, NULL::timestamptz AS available_at FROM held UNION ALL SELECT place, available_at FROM moved
     ),
     recorded AS (
       INSERT INTO ${schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error)
       SELECT r.namespace_id, r.run_id, r.seq, r.epoch, r.kind, r.type, r.name, r.occurrence, r.attempt,
         now, coalesce(${instant("r.observed_at")}, now),
         coalesce(${instant("r.due_at")}, now + ${span("r.due_after_ms")}), r.duration_ms,
         ${cut("$34::bytea", "r.payload_offset", "r.payload_length")}, r.payload_metadata,
         ${cut("$34::bytea", "r.input_offset", "r.input_length")}, r.input_metadata, r.error
       FROM record r, clock
       WHERE r.seq IS NULL OR r.place IN (SELECT place FROM done)
       RETURNING run_id, seq, due_at
     )
     SELECT now, place, available_at AS at, NULL::uuid AS run_id, NULL::int AS seq FROM done, clock
     UNION ALL
     SELECT now, NULL, due_at, run_id, seq FROM recorded, clock WHERE due_at IS NOT NULL`,
  );
}

async function readFacts(database: Database, writes: readonly RunWrite[]): Promise<ReadonlyMap<RunWrite, RunFacts>> {
  type Row = { place: number; status: RunStatus; run_epoch: number } & (HistoryRow | Record<keyof HistoryRow, null>);
  const rows = await database.run<Row>(factsStatement(database.schema), [
    writes.map((write) => write.namespaceId),
    writes.map((write) => write.runId),
    writes.map((write) => write.afterSeq ?? null),
    writes.map((write) => write.records.length),
  ]);
  const facts = new Map<RunWrite, { status: RunStatus; epoch: number; tail: HistoryRecord[] }>();
  for (const row of rows) {
    const write = writes[row.place];
    if (write === undefined) continue;
    const known = facts.get(write) ?? { status: row.status, epoch: row.run_epoch, tail: [] };
    facts.set(write, known);
    if (row.seq !== null) known.tail.push(toHistoryRecord(row));
  }
  return facts;
}

function factsStatement(schema: string): Statement {
  return statement(
    "runs_write_facts",
    `SELECT (w.ordinality - 1)::int AS place, r.status, r.epoch AS run_epoch, ${historyColumns("h")}
     FROM unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) WITH ORDINALITY
       AS w(namespace_id, run_id, after_seq, records)
     JOIN ${schema}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
     LEFT JOIN ${schema}.history h ON h.namespace_id = w.namespace_id AND h.run_id = w.run_id
       AND h.seq > w.after_seq AND h.seq <= w.after_seq + w.records
     ORDER BY w.ordinality, h.seq`,
  );
}

/** Ends a run whoever holds it: the state is the fence that stops its worker. `false` if it had ended before. */
export async function endRun(database: Database, end: RunEnd): Promise<boolean> {
  for (;;) {
    try {
      const rows = await database.run(endStatement(database.schema), [
        database.now(),
        end.namespaceId,
        end.runId,
        end.status,
        jsonColumn(end.error),
      ]);
      return rows.length === 1;
    } catch (error) {
      // The run's worker has just recorded something at the same place; the next try counts it.
      if (!isUniqueViolation(error)) throw error;
    }
  }
}

/** The statement of {@link endRun}: one row if the run was ended by it. */
export function endStatement(schema: string): Statement {
  return statement(
    "runs_end",
    `WITH ${CLOCK},
     ended AS (
       UPDATE ${schema}.runs SET status = $4, available_at = NULL, claimed_at = NULL, pause_error = NULL,
         finished_at = greatest(now, created_at, started_at)
       FROM clock
       WHERE namespace_id = $2 AND run_id = $3 AND finished_at IS NULL
       RETURNING namespace_id, run_id, attempt
     )
     INSERT INTO ${schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, error)
     SELECT e.namespace_id, e.run_id,
       (SELECT coalesce(max(h.seq), 0) + 1 FROM ${schema}.history h
        WHERE h.namespace_id = e.namespace_id AND h.run_id = e.run_id),
       0, 'run', $4, '', 1, e.attempt, now, now, $5
     FROM ended e, clock
     RETURNING seq`,
  );
}
