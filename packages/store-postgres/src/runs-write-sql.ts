import type { Statement } from "./database.ts";
import { CLOCK, cut, instant, span, statement } from "./sql.ts";

/**
 * The fence is in `held` and `moved`: the lease must be the run's, and its history as long as the writer thinks. A write
 * that moves the run on takes the row's lock, and its records are kept only if it moved it. One that only adds records
 * takes no lock: whoever comes between adds a record at the same place, and the primary key lets one of them through.
 *
 * There are no joins to plan: rows are found by subqueries, each a look at a primary key, and `seq IS NULL OR` keeps the
 * planner from turning the look-up of `done`, which it hashes, into a join that it may do by trying each with each.
 * `claimed_at IS NOT NULL` says the same as `status = 'running'`, and leads to no index but the primary key.
 */
export function writeStatement(
  schema: string,
  { endsRuns, endsWaits, movesRuns }: { readonly [What in "endsRuns" | "endsWaits" | "movesRuns"]: boolean },
): Statement {
  const lastSeq = `(SELECT coalesce(max(h.seq), 0) FROM ${schema}.history h
           WHERE h.namespace_id = w.namespace_id AND h.run_id = w.run_id)`;
  const guard = `(w.after_seq IS NULL OR w.after_seq = ${lastSeq})
         ${endsWaits ? "AND w.place NOT IN (SELECT place FROM early)" : ""}`;
  // What a wait took from the inbox is copied from there.
  const brought = (column: string, otherwise: string) =>
    endsWaits ? `CASE WHEN r.takes IS NULL THEN ${otherwise} ELSE ${messageColumn(schema, column)} END` : otherwise;
  return statement(
    `runs_write${endsWaits ? "_ending_waits" : ""}${endsRuns ? "_and_runs" : movesRuns ? "_and_move" : ""}`,
    `WITH ${CLOCK},
     write AS MATERIALIZED (
       SELECT w.*, (ordinality - 1)::int AS place
       FROM unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::text[], $7::boolean[],
                   $8::bigint[], $9::bigint[], $10::int[], $11::text[], $12::int[], $13::boolean[], $39::boolean[]) WITH ORDINALITY
         AS w(namespace_id, run_id, epoch, after_seq, next_status, ends, wake_after_ms, wake_at, attempt, pause_error,
              signals, yields, closing)
     ),
     record AS MATERIALIZED (
       SELECT * FROM unnest($14::int[], $15::text[], $16::uuid[], $17::int[], $18::int[], $19::text[], $20::text[],
                            $21::text[], $22::int[], $23::int[], $24::bigint[], $25::bigint[], $26::bigint[],
                            $27::bigint[], $28::int[], $29::int[], $30::text[], $31::int[], $32::int[], $33::text[],
                            $34::text[], $35::int[], $36::uuid[], $37::int[])
         AS r(place, namespace_id, run_id, epoch, seq, kind, type, name, occurrence, attempt, observed_at,
              due_after_ms, due_at, duration_ms, payload_offset, payload_length, payload_metadata, input_offset,
              input_length, input_metadata, error, started_seq, child_run_id, takes)
     ),${endsWaits ? earlyWaits(schema) : ""}
     held AS (
       SELECT w.place FROM write w
       WHERE w.next_status IS NULL AND w.epoch = (
           SELECT r.epoch FROM ${schema}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.claimed_at IS NOT NULL)
         AND ${guard}
     ),${movesRuns ? movedRuns(schema, guard) : ""}
     done AS MATERIALIZED (
       SELECT place, NULL::timestamptz AS available_at, NULL AS status FROM held
       ${movesRuns ? "UNION ALL SELECT place, available_at, status FROM moved" : ""}
     ),${endsWaits ? takenMessages(schema) : ""}${endsRuns ? closedWaits(schema) : ""}
     recorded AS (
       INSERT INTO ${schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, due_at, duration_ms, payload, payload_metadata, input, input_metadata, error,
         child_run_id)
       SELECT r.namespace_id, r.run_id, r.seq, r.epoch, r.kind, r.type, r.name, r.occurrence, r.attempt,
         now, coalesce(${instant("r.observed_at")}, now),
         coalesce(${instant("r.due_at")}, now + ${span("r.due_after_ms")}), r.duration_ms,
         ${brought("payload", cut("$38::bytea", "r.payload_offset", "r.payload_length"))},
         ${brought("payload_metadata", "r.payload_metadata")},
         ${cut("$38::bytea", "r.input_offset", "r.input_length")}, r.input_metadata,
         ${brought("error", "r.error")}, r.child_run_id
       FROM record r, clock
       WHERE r.seq IS NULL OR r.place IN (SELECT place FROM done)
       RETURNING namespace_id, run_id, seq, due_at
     )
     SELECT now, place, available_at AS at, status, NULL::text AS namespace_id, NULL::uuid AS run_id, NULL::int AS seq
     FROM done, clock
     UNION ALL
     SELECT now, NULL, due_at, NULL, namespace_id, run_id, seq FROM recorded, clock WHERE due_at IS NOT NULL`,
  );
}

/** Where none is, its dozen of indexes need not be opened. */
function movedRuns(schema: string, guard: string): string {
  return `
     moved AS (
       UPDATE ${schema}.runs r SET
         status = ${WHERE_TO},
         available_at = CASE ${WHERE_TO}
           WHEN 'pending' THEN now
           WHEN 'paused' THEN NULL
           ELSE least(now + ${span("w.wake_after_ms")}, ${instant("w.wake_at")}) END,
         claimed_at = NULL,
         crashes = 0,
         attempt = coalesce(w.attempt, r.attempt),
         signals_heard = coalesce(w.signals, r.signals_heard),
         closing = r.closing OR w.closing,
         -- The database's clock may have been set back since.
         finished_at = CASE WHEN w.ends THEN greatest(now, r.started_at) END,
         pause_error = CASE WHEN NOT w.ends THEN coalesce(w.pause_error, r.pause_error) END
       FROM write w, clock
       WHERE w.next_status IS NOT NULL AND r.namespace_id = w.namespace_id AND r.run_id = w.run_id
         AND r.claimed_at IS NOT NULL AND r.epoch = w.epoch
         AND NOT (w.yields AND r.cancel_error IS NOT NULL)
         AND ${guard}
       RETURNING w.place, r.available_at, r.status
     ),`;
}

// A run that is to be paused is paused instead of waiting or going back, and one that was sent something of which its
// worker does not know goes on instead of waiting.
const WHERE_TO = `CASE
           WHEN w.ends THEN w.next_status
           WHEN r.pause_error IS NOT NULL THEN 'paused'
           WHEN w.next_status NOT IN ('sleeping', 'waiting') THEN w.next_status
           WHEN w.signals IS NULL AND r.cancel_error IS NULL OR w.signals >= r.signals THEN w.next_status
           ELSE 'pending' END`;

/** Writes that end a wait whose time is not over, or take a message that is not there. */
function earlyWaits(schema: string): string {
  return `
     early AS (
       SELECT r.place FROM record r
       WHERE r.started_seq IS NOT NULL AND (
         SELECT h.due_at <= (SELECT now FROM clock) AND h.kind = r.kind AND h.type = 'started'
           AND h.name = r.name AND h.occurrence = r.occurrence
         FROM ${schema}.history h
         WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id AND h.seq = r.started_seq) IS NOT TRUE
       UNION ALL
       SELECT r.place FROM record r
       WHERE r.takes IS NOT NULL AND (
         SELECT i.kind = r.kind AND (i.error IS NOT NULL) = (r.type = 'failed')
         FROM ${schema}.inbox i
         WHERE i.namespace_id = r.namespace_id AND i.run_id = r.run_id AND i.position = r.takes
           AND i.taken_seq IS NULL) IS NOT TRUE
     ),`;
}

/** What was taken is in the history; of the message its id is kept, so that it is not accepted again. */
function takenMessages(schema: string): string {
  return `
     taken AS (
       UPDATE ${schema}.inbox i SET taken_seq = r.seq, payload = NULL, payload_metadata = NULL, error = NULL
       FROM record r
       WHERE r.takes IS NOT NULL AND r.place IN (SELECT place FROM done)
         AND i.namespace_id = r.namespace_id AND i.run_id = r.run_id AND i.position = r.takes
     ),`;
}

/** A run that has ended waits for no events; one that has failed may be retried. */
function closedWaits(schema: string): string {
  const ended = `write e WHERE e.ends AND e.place IN (SELECT place FROM done)
         AND w.namespace_id = e.namespace_id AND w.run_id = e.run_id`;
  return `
     suspended AS (
       UPDATE ${schema}.event_waits w SET state = 'suspended', position = NULL FROM ${ended} AND e.next_status = 'failed'
     ),
     closed AS (
       DELETE FROM ${schema}.event_waits w USING ${ended} AND e.next_status <> 'failed'
     ),`;
}

function messageColumn(schema: string, column: string): string {
  return `(SELECT i.${column} FROM ${schema}.inbox i
           WHERE i.namespace_id = r.namespace_id AND i.run_id = r.run_id AND i.position = r.takes)`;
}
