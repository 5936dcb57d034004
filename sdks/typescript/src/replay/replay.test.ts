import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReplayRecord, StepRecord } from "./records.ts";
import { Mismatch, Replay } from "./replay.ts";

const begin: ReplayRecord = { kind: "run", type: "started", observedAt: 100 };
const done = (name: string, observedAt = 200, occurrence = 1): StepRecord => ({
  kind: "function",
  type: "completed",
  name,
  occurrence,
  attempt: 1,
  observedAt,
});
const ignore = () => {};

describe("a history that is replayed", () => {
  it("is handed out in its own order, whatever order the code asks in", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 });
    const order = names.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    fc.assert(
      fc.property(order, ([recorded, asked]) => {
        const replay = new Replay([begin, ...recorded.map((name) => done(name))]);
        for (const name of asked) replay.call(name, "function", ignore);
        const seen = recorded.map(() => replay.next());
        expect(seen.map((next) => (next.do === "settle" ? next.call.name : next.do))).toEqual(recorded);
        expect(replay.next()).toEqual({ do: "live" });
        expect(replay.open).toEqual([]);
      }),
    );
  });

  it("numbers steps of one name in the order in which the code asks for them", () => {
    const replay = new Replay([begin, done("a", 200, 2), done("a", 300, 1)]);
    const first = replay.call("a", "function", ignore);
    const second = replay.call("a", "function", ignore);
    expect([first.key, second.key]).toEqual(["a", "a#2"]);
    expect(replay.next()).toMatchObject({ do: "settle", call: second });
    expect(replay.next()).toMatchObject({ do: "settle", call: first });
  });

  it("stands still at a record that the code has not asked for", () => {
    const replay = new Replay([begin, done("old"), done("new")]);
    replay.call("new", "function", ignore);
    expect(replay.next()).toMatchObject({ do: "missing", record: { name: "old" } });
    expect(replay.missing()).toMatchObject({ name: "old" });
    replay.call("old", "function", ignore);
    expect(replay.next()).toMatchObject({ do: "settle", call: { name: "old" } });
    expect(replay.missing()).toBeUndefined();
  });

  it("is refused to code that asks for another kind of step by that name", () => {
    const replay = new Replay([begin, done("pause")]);
    replay.call("pause", "sleep", ignore);
    expect(() => replay.next()).toThrow(Mismatch);
  });

  it("tells the time of what was handed out last, which never goes back", () => {
    const replay = new Replay([begin, done("a", 500), done("b", 400)]);
    expect(replay.now).toBe(100);
    replay.call("a", "function", ignore);
    replay.call("b", "function", ignore);
    replay.next();
    expect(replay.now).toBe(500);
    replay.next();
    expect(replay.now).toBe(500);
    expect(replay.isReplaying).toBe(false);
  });

  it("waits where the server has not yet decided, and goes on by what it decides", () => {
    const replay = new Replay([begin]);
    const call = replay.call("a", "function", ignore);
    const error = { $typeName: "kagzi.v1.ErrorDetail", message: "no" } as never;
    const seq = replay.append({ ...done("a"), type: "undecided", error });
    expect([seq, replay.next()]).toEqual([2, { do: "wait" }]);
    replay.decide(seq, { retry: true, dueAt: 900 });
    expect(replay.next()).toEqual({ do: "live" });
    expect(call).toMatchObject({ failures: 1, dueAt: 900 });
    const last = replay.append({ ...done("a"), attempt: 2, type: "undecided", error });
    replay.decide(last, { retry: false, dueAt: undefined });
    expect(replay.next()).toMatchObject({ do: "settle", outcome: { type: "failed" } });
  });

  it("keeps of an attempt of the run that failed what completed, and forgets what failed", () => {
    const failed = { ...done("bad"), type: "failed", error: {} } as unknown as StepRecord;
    const retrying: ReplayRecord = { kind: "run", type: "retrying", observedAt: 600, dueAt: 600 };
    const replay = new Replay([begin, done("good"), failed, retrying]);
    const good = replay.call("good", "function", ignore);
    replay.call("bad", "function", ignore);
    expect(replay.next()).toMatchObject({ do: "settle", call: good });
    expect(replay.next()).toEqual({ do: "live" });
    expect(replay.open).toMatchObject([{ name: "bad", failures: 0 }]);
  });
});
