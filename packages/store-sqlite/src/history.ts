import {
  type HistoryPage,
  type HistoryPosition,
  type HistoryRecord,
  type RunReference,
  payloadBytes,
} from "@kagzi/core";
import { type HistoryRow, bareHistoryColumns, historyColumns, toHistoryRecord } from "@kagzi/core/rows";
import type { Database } from "./database.ts";

/** Records of a page at most, whatever their size. */
const PAGE_RECORDS = 1000;
/** Records that are read at a time, so that a page of large ones does not read many that it leaves out. */
const READ_RECORDS = 50;

/** A page of each history: about `maxBytes` of payloads, at least one record. */
export function readHistories(
  database: Database,
  positions: readonly HistoryPosition[],
  maxBytes: number,
): readonly HistoryPage[] {
  return positions.map((position) => readHistory(database, position, maxBytes));
}

function readHistory(database: Database, position: HistoryPosition, maxBytes: number): HistoryPage {
  const records: HistoryRecord[] = [];
  let bytes = 0;
  for (;;) {
    const afterSeq = records.at(-1)?.seq ?? position.afterSeq;
    const rows = database.all<HistoryRow>(
      `SELECT ${historyColumns("h")} FROM history h
       WHERE namespace_id = ? AND run_id = ? AND seq > ? ORDER BY seq LIMIT ${READ_RECORDS}`,
      [position.namespaceId, position.runId, afterSeq],
    );
    for (const record of rows.map(toHistoryRecord)) {
      bytes += payloadBytes(record.payload) + payloadBytes(record.input) + (record.error?.message.length ?? 0);
      const isFull = bytes > maxBytes || records.length === PAGE_RECORDS;
      if (isFull && records.length > 0) return { records, more: true };
      records.push(record);
    }
    if (rows.length < READ_RECORDS) return { records, more: false };
  }
}

/** The last records of a run, in order, without what they carry. */
export function latestRecords(database: Database, run: RunReference, limit: number): readonly HistoryRecord[] {
  const rows = database.all<HistoryRow>(
    `SELECT ${bareHistoryColumns("h")} FROM history h
     WHERE namespace_id = ? AND run_id = ? ORDER BY seq DESC LIMIT ?`,
    [run.namespaceId, run.runId, limit],
  );
  return rows.map(toHistoryRecord).toReversed();
}
