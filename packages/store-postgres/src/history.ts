import type { HistoryPage, HistoryPosition, HistoryRecord, RunReference } from "@kagzi/core";
import { type HistoryRow, bareHistoryColumns, historyColumns, toHistoryRecord } from "@kagzi/core/rows";
import type { Database, Statement } from "./database.ts";
import { statement } from "./sql.ts";

/** Records of a page at most, whatever their size. */
const PAGE_RECORDS = 1000;

/** A page of each history: about `maxBytes` of payloads, at least one record, all in one statement. */
export async function readHistories(
  database: Database,
  positions: readonly HistoryPosition[],
  maxBytes: number,
): Promise<readonly HistoryPage[]> {
  const rows = await database.run<HistoryRow & { place: number; last_seq: number }>(readStatement(database.schema), [
    positions.map((position) => position.namespaceId),
    positions.map((position) => position.runId),
    positions.map((position) => position.afterSeq),
    maxBytes,
  ]);
  const pages = positions.map(() => ({ records: [] as HistoryRecord[], more: false }));
  for (const row of rows) {
    const page = pages[row.place];
    page?.records.push(toHistoryRecord(row));
    if (page !== undefined) page.more = row.seq < row.last_seq;
  }
  return pages;
}

// octet_length does not fetch a payload that is stored out of line, so what is left out of a page is never read.
function readStatement(schema: string): Statement {
  return statement(
    "history_read",
    `SELECT (p.ordinality - 1)::int AS place, last.seq AS last_seq, ${historyColumns("h")}
     FROM unnest($1::text[], $2::uuid[], $3::int[]) WITH ORDINALITY AS p(namespace_id, run_id, after_seq)
     CROSS JOIN LATERAL (
       SELECT max(h.seq) AS seq FROM ${schema}.history h WHERE h.namespace_id = p.namespace_id AND h.run_id = p.run_id
     ) last
     CROSS JOIN LATERAL (
       SELECT * FROM (
         SELECT h.*, sum(coalesce(octet_length(h.payload), 0) + coalesce(octet_length(h.input), 0)
                         + coalesce(octet_length(h.error), 0)) OVER (ORDER BY h.seq) AS bytes
         FROM ${schema}.history h
         WHERE h.namespace_id = p.namespace_id AND h.run_id = p.run_id AND h.seq > p.after_seq
         ORDER BY h.seq LIMIT ${PAGE_RECORDS}
       ) sized
       WHERE sized.bytes <= $4 OR sized.seq = p.after_seq + 1
     ) h
     ORDER BY p.ordinality, h.seq`,
  );
}

/** The last records of a run, in order, without what they carry. */
export async function latestRecords(
  database: Database,
  run: RunReference,
  limit: number,
): Promise<readonly HistoryRecord[]> {
  const rows = await database.run<HistoryRow>(
    statement(
      "history_latest",
      `SELECT ${bareHistoryColumns("h")} FROM ${database.schema}.history h
       WHERE h.namespace_id = $1 AND h.run_id = $2 ORDER BY h.seq DESC LIMIT $3`,
    ),
    [run.namespaceId, run.runId, limit],
  );
  return rows.map(toHistoryRecord).toReversed();
}
