import type { Instant, NewRecord, RunWrite } from "@kagzi/core";
import { jsonColumn, metadataColumn } from "@kagzi/core/rows";
import type { Runner, Statement } from "./database.ts";
import { CLOCK, instant, statement } from "./sql.ts";

/** The result of one step, and nothing else that a run has to say. */
export interface ResultWrite extends RunWrite {
  readonly afterSeq: number;
  readonly records: readonly [NewRecord];
}

/** Whether a write that is for nobody but its run is the result of one step: what a run says again and again that is alone. */
export function isResult(write: RunWrite): write is ResultWrite {
  const { afterSeq, next, records } = write;
  const [record] = records;
  if (record === undefined || records.length > 1 || next !== undefined || afterSeq === undefined) return false;
  return record.due === undefined && record.startedSeq === undefined && record.takes === undefined;
}

/**
 * Writes the result of one step, under the fence that {@link writeStatement} has. When it was written; `undefined` if it
 * was not. A statement for many takes arrays of its columns apart, and costs twice as much for one.
 */
export async function writeResult(runner: Runner, schema: string, now: string | null, write: ResultWrite) {
  const { afterSeq, epoch, namespaceId, runId } = write;
  const [record] = write.records;
  const rows = await runner.run<{ now: Instant }>(resultStatement(schema), [
    now,
    namespaceId,
    runId,
    afterSeq,
    epoch,
    record.kind,
    record.type,
    record.name,
    record.occurrence,
    record.attempt,
    record.observedAt ?? null,
    record.durationMs ?? null,
    record.payload?.data ?? null,
    metadataColumn(record.payload),
    record.input?.data ?? null,
    metadataColumn(record.input),
    jsonColumn(record.error),
    record.childRunId ?? null,
  ]);
  return rows.at(0)?.now;
}

function resultStatement(schema: string): Statement {
  return statement(
    "runs_write_result",
    `WITH ${CLOCK}
     INSERT INTO ${schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, duration_ms, payload, payload_metadata, input, input_metadata, error, child_run_id)
     SELECT $2, $3::uuid, $4::int + 1, $5::int, $6, $7, $8, $9::int, $10::int,
       now, coalesce(${instant("$11::bigint")}, now), $12::bigint, $13::bytea, $14, $15::bytea, $16, $17, $18::uuid
     FROM clock
     WHERE $5::int = (
         SELECT r.epoch FROM ${schema}.runs r
         WHERE r.namespace_id = $2 AND r.run_id = $3::uuid AND r.claimed_at IS NOT NULL)
       AND $4::int = (
         SELECT coalesce(max(h.seq), 0) FROM ${schema}.history h WHERE h.namespace_id = $2 AND h.run_id = $3::uuid)
     RETURNING recorded_at AS now`,
  );
}
