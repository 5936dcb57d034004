import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type HistoryRecord, HistoryRecordSchema, RecordType, RunningStepSchema, StepKind } from "@kagzi/proto";
import { describe, expect, it } from "vitest";
import { foldHistory } from "./fold-history.ts";

let seq = 0;
interface Given extends Partial<Omit<HistoryRecord, "recordedAt" | "durationMs" | "dueAt" | "$typeName">> {
  readonly at: number;
  readonly took?: number;
  readonly due?: number;
}
function record({ at, due, took, ...fields }: Given): HistoryRecord {
  return create(HistoryRecordSchema, {
    seq: ++seq,
    kind: StepKind.FUNCTION,
    type: RecordType.COMPLETED,
    stepName: "a",
    occurrence: 1,
    attempt: 1,
    recordedAt: timestampFromMs(at),
    ...(took !== undefined && { durationMs: BigInt(took) }),
    ...(due !== undefined && { dueAt: timestampFromMs(due) }),
    ...fields,
  });
}

describe("a history as steps over time", () => {
  it("shows when a function ran", () => {
    const [row] = foldHistory([record({ at: 100, took: 40 })], []);
    expect(row).toMatchObject({ key: "a", state: "completed", fromMs: 60, toMs: 100 });
    expect(row?.segments).toEqual([{ kind: "attempt", outcome: "completed", fromMs: 60, toMs: 100, attempt: 1 }]);
  });

  it("shows failed attempts and the waits between them", () => {
    const records = [
      record({ at: 100, took: 10, type: RecordType.RETRYING, due: 600 }),
      record({ at: 650, took: 30, attempt: 2 }),
    ];
    const [waiting] = foldHistory(records.slice(0, 1), []);
    expect(waiting).toMatchObject({ state: "retrying", fromMs: 90 });
    expect(waiting?.segments.at(-1)).toMatchObject({ kind: "backoff", outcome: "open", fromMs: 100, dueMs: 600 });
    const [done] = foldHistory(records, []);
    expect(done?.segments.map(({ kind, outcome, fromMs, toMs }) => [kind, outcome, fromMs, toMs])).toEqual([
      ["attempt", "failed", 90, 100],
      ["backoff", "completed", 100, 620],
      ["attempt", "completed", 620, 650],
    ]);
  });

  it("shows waits from their beginning to their end, with the child", () => {
    const wait = { kind: StepKind.CHILD_WORKFLOW, stepName: "c", childRunId: "x" };
    const [row] = foldHistory([record({ at: 10, type: RecordType.STARTED, ...wait }), record({ at: 90, ...wait })], []);
    expect(row).toMatchObject({ childRunId: "x", state: "completed", fromMs: 10, toMs: 90 });
    expect(row?.segments).toHaveLength(1);
  });

  it("ends waits when the run is told that it is to be cancelled", () => {
    const wait = record({ at: 10, type: RecordType.STARTED, kind: StepKind.SLEEP, due: 500 });
    const told = record({ at: 50, type: RecordType.CANCELLING, kind: StepKind.UNSPECIFIED, stepName: "" });
    expect(foldHistory([wait, told], [])[0]).toMatchObject({ state: "cancelled", toMs: 50 });
  });

  it("adds what runs now, and puts steps in the order in which they began", () => {
    const running = create(RunningStepSchema, {
      stepName: "b",
      occurrence: 2,
      attempt: 1,
      startedAt: timestampFromMs(5),
    });
    const rows = foldHistory([record({ at: 100, took: 1 })], [running]);
    expect(rows.map(({ key, state }) => [key, state])).toEqual([
      ["b#2", "running"],
      ["a", "completed"],
    ]);
    const again = create(RunningStepSchema, {
      stepName: "a",
      occurrence: 1,
      attempt: 2,
      startedAt: timestampFromMs(300),
    });
    const [row] = foldHistory([record({ at: 100, took: 9, type: RecordType.RETRYING, due: 250 })], [again]);
    expect(row?.segments.map(({ kind, toMs }) => [kind, toMs])).toEqual([
      ["attempt", 100],
      ["backoff", 300],
      ["attempt", undefined],
    ]);
  });
});
