import type { MessageInitShape } from "@bufbuild/protobuf";
import { type HistoryRecord, checkInteger, checkNamespaceId, checkRunId } from "@kagzi/core";
import {
  type HistoryRecordSchema,
  type ReadHistoryRequest,
  type ReadHistoryResponseSchema,
  StepKind,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { RECORD_TYPE, STEP_KIND, toTimestamp } from "./convert.ts";
import { toWireError } from "./errors.ts";

/** A page of a run's history. A run that is not there has none. */
export async function readHistory(
  engine: Engine,
  request: ReadHistoryRequest,
): Promise<MessageInitShape<typeof ReadHistoryResponseSchema>> {
  const { config, store } = engine.context;
  const position = {
    namespaceId: checkNamespaceId(request.namespaceId),
    runId: checkRunId(request.runId),
    afterSeq: checkInteger("after_seq", request.afterSeq, 0, 2 ** 31 - 1),
  };
  const [page] = await store.history.read([position], config.pageBytes);
  return { records: page?.records.map(toWireRecord) ?? [], hasMore: page?.more ?? false };
}

export function toWireRecord(record: HistoryRecord): MessageInitShape<typeof HistoryRecordSchema> {
  return {
    seq: record.seq,
    type: RECORD_TYPE[record.type],
    kind: record.kind === "run" ? StepKind.UNSPECIFIED : STEP_KIND[record.kind],
    stepName: record.name,
    occurrence: record.occurrence,
    attempt: record.attempt,
    observedAt: toTimestamp(record.observedAt),
    ...(record.payload !== undefined && { payload: record.payload }),
    ...(record.error !== undefined && { error: toWireError(record.error) }),
    ...(record.dueAt !== undefined && { dueAt: toTimestamp(record.dueAt) }),
    ...(record.childRunId !== undefined && { childRunId: record.childRunId }),
  };
}
