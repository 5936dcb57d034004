import type {
  Addressed,
  Message,
  MessagePage,
  NamespaceId,
  RunId,
  RunReference,
  Signals,
  Touched,
  WorkerId,
} from "@kagzi/core";
import {
  type MessageRow,
  type TouchedRow,
  jsonColumn,
  messageColumns,
  metadataColumn,
  toError,
  toMessage,
  toTouched,
} from "@kagzi/core/rows";
import type { Database, Runner, Statement, Value } from "./database.ts";
import { isUniqueViolation } from "./errors.ts";
import { CLOCK, PayloadColumn, cut, statement } from "./sql.ts";

/** Messages of a page at most, whatever their size. */
const PAGE_MESSAGES = 1000;

/** Locks runs in the order of their keys, so that nobody waits for them in another. */
export async function lockRuns(runner: Runner, schema: string, runs: readonly RunReference[]): Promise<void> {
  if (runs.length === 0) return;
  await runner.run(
    statement(
      "inbox_lock_runs",
      `SELECT FROM ${schema}.runs WHERE (namespace_id, run_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
       ORDER BY namespace_id, run_id FOR UPDATE`,
    ),
    [runs.map((run) => run.namespaceId), runs.map((run) => run.runId)],
  );
}

/** As {@link sendMessages}, in a transaction of its own. */
export async function sendAll(
  database: Database,
  messages: readonly Addressed[],
): Promise<readonly (Touched | undefined)[]> {
  for (;;) {
    try {
      return await sendMessages(database, database, messages);
    } catch (error) {
      // The same message was sent by somebody else just now: the next try finds it.
      if (!isUniqueViolation(error)) throw error;
    }
  }
}

/** Puts messages into inboxes and makes ready who waits for one. One that is there already changes nothing. */
export async function sendMessages(
  database: Database,
  runner: Runner,
  messages: readonly Addressed[],
): Promise<readonly (Touched | undefined)[]> {
  if (messages.length === 0) return [];
  type Row = TouchedRow & { readonly place: number; readonly namespace_id: NamespaceId };
  const rows = await runner.run<Row>(sendStatement(database.schema), [database.now(), ...columnsOf(messages)]);
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  return messages.map((_, place) => {
    const row = byPlace.get(place);
    return row && toTouched(row.namespace_id, row);
  });
}

function columnsOf(messages: readonly Addressed[]): Value[] {
  const parts: Uint8Array[] = [];
  const payloads = new PayloadColumn(parts);
  const all = messages.map(({ message }) => message);
  all.reduce((offset, message) => payloads.push(message.payload, offset), 0);
  return [
    messages.map((each) => each.namespaceId),
    messages.map((each) => each.runId),
    all.map((message) => message.kind),
    all.map((message) => (message.kind === "event" ? message.name : "")),
    all.map((message) => (message.kind === "event" ? (message.key ?? null) : null)),
    all.map((message) => (message.kind === "event" ? message.messageId : message.childRunId)),
    all.map((message) => (message.kind === "child" ? message.childRunId : null)),
    payloads.offsets,
    payloads.lengths,
    all.map((message) => metadataColumn(message.payload)),
    all.map((message) => jsonColumn(message.error)),
    Buffer.concat(parts),
  ];
}

// The run's row is locked first: whether it waits, and which position is the next, stays true until the end.
function sendStatement(schema: string): Statement {
  return statement(
    "inbox_send",
    `WITH ${CLOCK},
     message AS MATERIALIZED (
       SELECT m.*, (ordinality - 1)::int AS place
       FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[],
                   $10::int[], $11::text[], $12::text[]) WITH ORDINALITY
         AS m(namespace_id, run_id, kind, name, key, message_id, child_run_id, payload_offset, payload_length,
              payload_metadata, error)
     ),
     addressee AS MATERIALIZED (
       SELECT r.* FROM ${schema}.runs r
       WHERE (r.namespace_id, r.run_id) IN (SELECT m.namespace_id, m.run_id FROM message m) AND r.finished_at IS NULL
       ORDER BY r.namespace_id, r.run_id FOR UPDATE
     ),
     fresh AS MATERIALIZED (
       SELECT m.*, (a.signals + row_number() OVER (PARTITION BY m.namespace_id, m.run_id ORDER BY m.place))::int AS position
       FROM message m JOIN addressee a USING (namespace_id, run_id)
       WHERE NOT EXISTS (SELECT FROM ${schema}.inbox i WHERE i.namespace_id = m.namespace_id
         AND i.run_id = m.run_id AND i.message_id = m.message_id)
     ),
     touched AS (
       UPDATE ${schema}.runs r SET signals = f.last,
         status = CASE r.status WHEN 'waiting' THEN 'pending' ELSE r.status END,
         available_at = CASE r.status WHEN 'waiting' THEN now ELSE r.available_at END
       FROM clock, (SELECT namespace_id, run_id, max(position) AS last FROM fresh GROUP BY namespace_id, run_id) f
       WHERE r.namespace_id = f.namespace_id AND r.run_id = f.run_id
       RETURNING r.namespace_id, r.run_id, r.status
     ),
     put AS (
       INSERT INTO ${schema}.inbox (namespace_id, run_id, position, kind, name, key, message_id, child_run_id,
         payload, payload_metadata, error, received_at)
       SELECT namespace_id, run_id, position, kind, name, key, message_id, child_run_id,
         ${cut("$13::bytea", "payload_offset", "payload_length")}, payload_metadata, error, now
       FROM fresh, clock
     )
     SELECT m.place, a.namespace_id, a.run_id, a.task_queue, a.workflow_type, a.version, a.worker_id,
       coalesce(t.status, a.status) AS status
     FROM message m JOIN addressee a USING (namespace_id, run_id)
     LEFT JOIN touched t USING (namespace_id, run_id)`,
  );
}

/** Whether the run was ever sent a message with this id. */
export async function knowsMessage(database: Database, run: RunReference, messageId: string): Promise<boolean> {
  const rows = await database.run(
    statement(
      "inbox_knows",
      `SELECT FROM ${database.schema}.inbox WHERE namespace_id = $1 AND run_id = $2 AND message_id = $3`,
    ),
    [run.namespaceId, run.runId, messageId],
  );
  return rows.length === 1;
}

type PlacedRow = MessageRow & { readonly place: number; readonly found: number };

/** Messages of each run that have not been taken, beyond a position: about `maxBytes` for each, at least one. */
export async function readMessages(
  runner: Runner,
  schema: string,
  positions: readonly (RunReference & { readonly after: number })[],
  maxBytes: number,
): Promise<readonly MessagePage[]> {
  const rows = await runner.run<PlacedRow>(readStatement(schema), [
    positions.map((position) => position.namespaceId),
    positions.map((position) => position.runId),
    positions.map((position) => position.after),
    maxBytes,
  ]);
  const pages = positions.map(() => ({ messages: [] as Message[], more: false }));
  for (const row of rows) {
    const page = pages[row.place];
    page?.messages.push(toMessage(row));
    if (page !== undefined) page.more = page.messages.length < row.found;
  }
  return pages;
}

// One more is found than a page may have, which tells whether there are more. octet_length does not fetch a payload
// that is stored out of line.
function readStatement(schema: string): Statement {
  return statement(
    "inbox_read",
    `SELECT (p.ordinality - 1)::int AS place, i.found, ${messageColumns("i")}
     FROM unnest($1::text[], $2::uuid[], $3::int[]) WITH ORDINALITY AS p(namespace_id, run_id, after)
     CROSS JOIN LATERAL (
       SELECT * FROM (
         SELECT i.*, count(*) OVER ()::int AS found, row_number() OVER (ORDER BY i.position) AS number,
           sum(coalesce(octet_length(i.payload), 0) + coalesce(octet_length(i.error), 0)) OVER (ORDER BY i.position) AS bytes
         FROM (
           SELECT * FROM ${schema}.inbox i
           WHERE i.namespace_id = p.namespace_id AND i.run_id = p.run_id AND i.position > p.after AND i.taken_seq IS NULL
           ORDER BY i.position LIMIT ${PAGE_MESSAGES + 1}
         ) i
       ) sized
       WHERE sized.number = 1 OR (sized.bytes <= $4 AND sized.number <= ${PAGE_MESSAGES})
     ) i
     ORDER BY p.ordinality, i.position`,
  );
}

/** What workers have not heard of the runs that they hold; from now on it counts as heard. */
export async function hearSignals(
  database: Database,
  namespaceId: NamespaceId,
  workerIds: readonly WorkerId[],
  maxBytes: number,
): Promise<readonly Signals[]> {
  interface Row {
    run_id: RunId;
    epoch: number;
    worker_id: WorkerId;
    signals: number;
    after: number;
    cancel_error: string | null;
    pause_error: string | null;
  }
  return database.transaction(async (runner) => {
    const rows = await runner.run<Row>(hearStatement(database.schema), [namespaceId, workerIds]);
    if (rows.length === 0) return [];
    const positions = rows.map((row) => ({ namespaceId, runId: row.run_id, after: row.after }));
    const pages = await readMessages(runner, database.schema, positions, maxBytes);
    return rows.map((row, index) => ({
      namespaceId,
      runId: row.run_id,
      epoch: row.epoch,
      workerId: row.worker_id,
      signals: row.signals,
      ...(pages[index] ?? { messages: [], more: false }),
      ...(row.cancel_error !== null && { cancelError: toError(row.cancel_error) }),
      ...(row.pause_error !== null && { pauseError: toError(row.pause_error) }),
    }));
  });
}

function hearStatement(schema: string): Statement {
  return statement(
    "inbox_hear",
    `WITH unheard AS MATERIALIZED (
       SELECT r.run_id, r.signals_heard FROM ${schema}.runs r
       WHERE r.namespace_id = $1 AND r.worker_id = ANY($2::uuid[]) AND r.claimed_at IS NOT NULL
         AND r.signals > r.signals_heard
       ORDER BY r.run_id LIMIT 1000 FOR UPDATE SKIP LOCKED
     )
     UPDATE ${schema}.runs r SET signals_heard = r.signals FROM unheard u
     WHERE r.namespace_id = $1 AND r.run_id = u.run_id
     RETURNING r.run_id, r.epoch, r.worker_id, r.signals, r.cancel_error, r.pause_error,
       u.signals_heard AS after`,
  );
}
