import type { MessageInitShape } from "@bufbuild/protobuf";
import { type HistoryRecord, type RunningStep, checkInteger, checkNamespaceId, checkRunId } from "@kagzi/core";
import {
  type HistoryRecordSchema,
  type ListHistoryRequest,
  type ListHistoryResponseSchema,
  type ReadHistoryRequest,
  type ReadHistoryResponseSchema,
  type RunningStepSchema,
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

/** The same for people: with times, and what runs now. @throws KagziError `NOT_FOUND` */
export async function listHistory(
  engine: Engine,
  request: ListHistoryRequest,
): Promise<MessageInitShape<typeof ListHistoryResponseSchema>> {
  const { config, store } = engine.context;
  const run = { namespaceId: checkNamespaceId(request.namespaceId), runId: checkRunId(request.runId) };
  const afterSeq = checkInteger("after_seq", request.afterSeq, 0, 2 ** 31 - 1);
  const { activity, run: known } = await engine.runs.get(run);
  const [page] = await store.history.read([{ ...run, afterSeq }], config.pageBytes);
  const isNow = known.status === "running" && activity?.epoch === known.epoch;
  const records = page?.records ?? [];
  return {
    records: records.map((record) => toTimedRecord(request.omitPayloads ? withoutPayloads(record) : record)),
    hasMore: page?.more ?? false,
    running: isNow ? activity.steps.map(toWireRunning) : [],
  };
}

function withoutPayloads({ payload: _payload, input: _input, ...record }: HistoryRecord): HistoryRecord {
  return record;
}

function toWireRunning({ name, startedAt, ...step }: RunningStep): MessageInitShape<typeof RunningStepSchema> {
  return { ...step, stepName: name, startedAt: toTimestamp(startedAt) };
}

function toTimedRecord(record: HistoryRecord): MessageInitShape<typeof HistoryRecordSchema> {
  return {
    ...fieldsOf(record),
    recordedAt: toTimestamp(record.recordedAt),
    ...(record.durationMs !== undefined && { durationMs: BigInt(Math.round(record.durationMs)) }),
    ...(record.input !== undefined && { input: record.input }),
  };
}

export function toWireRecord(record: HistoryRecord): MessageInitShape<typeof HistoryRecordSchema> {
  return fieldsOf(record);
}

function fieldsOf(record: HistoryRecord) {
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
