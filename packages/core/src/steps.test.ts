import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunId } from "./ids.ts";
import type { HistoryRecord } from "./record.ts";
import { stepsOf, withRunning } from "./steps.ts";

const PAYLOAD = { data: new Uint8Array([1]), metadata: {} };
const ERROR = { code: "INTERNAL", message: "m", nonRetryable: false } as const;

function record(seq: number, change: Partial<HistoryRecord>): HistoryRecord {
  return {
    seq,
    epoch: 1,
    kind: "function",
    type: "completed",
    name: "a",
    occurrence: 1,
    attempt: 1,
    observedAt: seq * 10,
    recordedAt: seq * 10,
    ...change,
  };
}

const started = record(1, { kind: "run", type: "started", name: "" });

describe("the steps of a run", () => {
  it("are none before the first is recorded", () => {
    expect(stepsOf([started]).size).toBe(0);
  });

  it("tell what completed, when, and with what", () => {
    const [step] = stepsOf([
      started,
      record(2, { payload: PAYLOAD, input: PAYLOAD, durationMs: 5, attempt: 3 }),
    ]).values();
    expect(step).toEqual({
      name: "a",
      occurrence: 1,
      kind: "function",
      status: "completed",
      attempt: 3,
      createdAt: 15,
      startedAt: 15,
      finishedAt: 20,
      epoch: 1,
      seq: 2,
      input: PAYLOAD,
      output: PAYLOAD,
    });
  });

  it("wait between a failed attempt and the next, and keep what they were begun with", () => {
    const retrying = record(2, { type: "retrying", error: ERROR, dueAt: 99, input: PAYLOAD });
    expect(stepsOf([retrying]).get("a")).toMatchObject({ status: "waiting", dueAt: 99, error: ERROR });
    const steps = stepsOf([retrying, record(3, { attempt: 2 })]);
    expect(steps.get("a")).toMatchObject({ status: "completed", attempt: 2, createdAt: 20, input: PAYLOAD });
  });

  it("sleep until they are due", () => {
    const sleep = { kind: "sleep", name: "nap" } as const;
    const begun = record(2, { ...sleep, type: "started", dueAt: 50 });
    expect(stepsOf([begun]).get("nap")).toMatchObject({ status: "waiting", dueAt: 50 });
    expect(stepsOf([begun, record(3, sleep)]).get("nap")).toMatchObject({ status: "completed", finishedAt: 30 });
  });

  it("fail for good, with the reason or without one", () => {
    expect(stepsOf([record(2, { type: "failed", error: ERROR })]).get("a")).toMatchObject({
      status: "failed",
      error: ERROR,
    });
    expect(stepsOf([record(2, { type: "cancelled" })]).get("a")).toMatchObject({
      status: "failed",
      error: { message: "no reason was recorded" },
    });
  });

  it("of one name are told apart by their number", () => {
    const steps = stepsOf([record(2, {}), record(3, { occurrence: 2 })]);
    expect([...steps.keys()]).toEqual(["a", "a#2"]);
  });

  it("that failed are forgotten when the run is tried again, and those that completed or sleep are kept", () => {
    const history = [
      record(2, { name: "kept" }),
      record(3, { name: "failed", type: "failed", error: ERROR }),
      record(4, { name: "retrying", type: "retrying", error: ERROR, dueAt: 1 }),
      record(5, { name: "nap", kind: "sleep", type: "started", dueAt: 9 }),
      record(6, { kind: "run", type: "retrying", name: "", error: ERROR, dueAt: 1 }),
    ];
    expect([...stepsOf(history).keys()]).toEqual(["kept", "nap"]);
  });

  it("are the same whether a history is folded at once or in parts", () => {
    const histories = fc.array(
      fc.record({
        name: fc.constantFrom("a", "b"),
        occurrence: fc.integer({ min: 1, max: 2 }),
        type: fc.constantFrom("started", "retrying", "completed", "failed"),
        kind: fc.constantFrom("function", "sleep", "run"),
      }),
    );
    fc.assert(
      fc.property(histories, fc.nat(20), (changes, cut) => {
        const history = changes.map((change, index) => record(index + 1, change as Partial<HistoryRecord>));
        const inParts = stepsOf(history.slice(cut), stepsOf(history.slice(0, cut)));
        expect([...inParts]).toEqual([...stepsOf(history)]);
      }),
    );
  });

  it("tell of a child which run it is, and of a wait for an event until when it lasts, if that is fixed", () => {
    const child = { kind: "child", name: "c", childRunId: "r2" as RunId } as const;
    const steps = stepsOf([
      started,
      record(2, { ...child, type: "started" }),
      record(3, { kind: "event", name: "e", type: "started" }),
      record(4, { kind: "event", name: "f", type: "started", dueAt: 99 }),
      record(5, { kind: "child", name: "c", type: "completed" }),
    ]);
    expect(steps.get("c")).toMatchObject({ status: "completed", childRunId: "r2" });
    expect(steps.get("e")).not.toHaveProperty("dueAt");
    expect(steps.get("f")).toMatchObject({ status: "waiting", dueAt: 99 });
  });

  it("have failed where the code was told of a cancellation while it waited for them", () => {
    const steps = stepsOf([
      started,
      record(2, { name: "done" }),
      record(3, { kind: "sleep", name: "nap", type: "started", dueAt: 99 }),
      record(4, { kind: "run", name: "", type: "cancelling", error: ERROR }),
      record(5, { name: "clean-up" }),
    ]);
    expect(Array.from(steps.values(), ({ name, status }) => `${name} ${status}`)).toEqual([
      "done completed",
      "nap failed",
      "clean-up completed",
    ]);
    expect(steps.get("nap")).toMatchObject({ error: ERROR, finishedAt: 40 });
    const nameless = stepsOf([
      started,
      record(2, { kind: "sleep", name: "nap", type: "started", dueAt: 99 }),
      record(3, { kind: "run", name: "", type: "cancelling" }),
    ]);
    expect(nameless.get("nap")).toMatchObject({ status: "failed", error: { message: "no reason was recorded" } });
  });

  it("run as long as their worker says so, and nothing is recorded of it", () => {
    const recorded = stepsOf([
      started,
      record(2, { name: "done" }),
      record(3, { name: "again", type: "retrying", dueAt: 50, error: ERROR, input: PAYLOAD }),
    ]);
    const run = (name: string) => ({ name, occurrence: 1, attempt: 2, startedAt: 70 });
    const steps = withRunning(recorded, { epoch: 4, steps: [run("done"), run("again"), run("new")] });
    expect(Array.from(steps.values(), ({ name, status }) => `${name} ${status}`)).toEqual([
      "done completed",
      "again running",
      "new running",
    ]);
    expect(steps.get("again")).toMatchObject({ attempt: 2, startedAt: 70, createdAt: 30, input: PAYLOAD, epoch: 4 });
    expect(steps.get("new")).toMatchObject({ createdAt: 70, seq: 0 });
  });
});
