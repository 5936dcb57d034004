import { describe, expect, it } from "vitest";
import { type Situation, planCalls } from "./plan.ts";
import type { Call } from "./replay.ts";

const call = (key: string, change: Partial<Call> = {}): Call => ({
  key,
  name: key,
  occurrence: 1,
  kind: "function",
  afterSeq: 1,
  failures: 0,
  startedSeq: undefined,
  dueAt: undefined,
  childRunId: undefined,
  askedAt: 0,
  givenUpAfter: undefined,
  settle: () => {},
  ...change,
});
const situation = (change: Partial<Situation> = {}): Situation => ({
  now: 1000,
  ackedSeq: 1,
  sentSeq: 1,
  running: new Map(),
  stopping: false,
  inbox: { messages: [], isPartial: false },
  slotOf: () => undefined,
  keyOf: () => undefined,
  isSend: () => false,
  ...change,
});

describe("what is done about what the code asked for", () => {
  it("runs a step once what the code knew is durable", () => {
    const early = call("early", { afterSeq: 1 });
    const later = call("later", { afterSeq: 2 });
    expect(planCalls([early, later], situation())).toMatchObject({ run: [early], next: { do: "wait" } });
    expect(planCalls([early, later], situation({ ackedSeq: 2 })).run).toEqual([early, later]);
  });

  it("runs no step twice at once, and none before its next attempt is due", () => {
    const running = call("running");
    const waiting = call("waiting", { failures: 1, dueAt: 1001 });
    const plan = planCalls([running, waiting], situation({ running: new Map([[running, {}]]) }));
    expect(plan).toMatchObject({ run: [], next: { do: "wait", until: 1001 } });
    expect(planCalls([waiting], situation({ now: 1001 })).run).toEqual([waiting]);
  });

  it("asks for the slot that a step needs, once, and runs it when it has it", () => {
    const limited = call("limited");
    const planIn = (slot: "wanted" | "asking" | "waiting" | "held") =>
      planCalls([limited], situation({ slotOf: () => slot }));
    expect(planIn("wanted")).toMatchObject({ ask: [limited], run: [], next: { do: "wait" } });
    expect(planIn("asking")).toMatchObject({ ask: [], run: [], next: { do: "wait" } });
    expect(planIn("held")).toMatchObject({ ask: [], run: [limited] });
    expect(planIn("waiting")).toMatchObject({ ask: [], run: [], next: { do: "park", forMessages: true } });
  });

  it("asks for no slot before all that led to the step is durable, nor while the worker stops", () => {
    const limited = call("limited", { afterSeq: 2 });
    expect(planCalls([limited], situation({ slotOf: () => "wanted" })).ask).toEqual([]);
    const stopping = situation({ ackedSeq: 2, stopping: true, slotOf: () => "wanted" });
    expect(planCalls([limited], stopping)).toMatchObject({ ask: [], next: { do: "release" } });
  });

  it("keeps a run whose other step runs while one waits for its slot", () => {
    const [limited, running] = [call("limited"), call("running")];
    const slotOf = (each: Call) => (each === limited ? "waiting" : undefined);
    const plan = planCalls([limited, running], situation({ slotOf, running: new Map([[running, {}]]) }));
    expect(plan.next.do).toBe("wait");
  });

  it("parks the run when nothing can move before a wait is over", () => {
    const soon = call("soon", { kind: "sleep", startedSeq: 1, dueAt: 2000 });
    const late = call("late", { failures: 2, dueAt: 3000 });
    expect(planCalls([late, soon], situation()).next).toEqual({ do: "park", wakeAt: 2000, forMessages: false });
    const begun = call("begun", { kind: "sleep", startedSeq: 2 });
    expect(planCalls([begun], situation()).next).toEqual({
      do: "park",
      wakeAt: undefined,
      forMessages: false,
    });
  });

  it("does not park while a wait's end is on its way from the server, or there is nothing to wait for", () => {
    const sent = call("sent", { kind: "sleep", startedSeq: 1 });
    expect(planCalls([sent], situation()).next).toEqual({ do: "wait", until: undefined });
    expect(planCalls([], situation()).next).toEqual({ do: "wait", until: undefined });
  });

  it("begins waits at once, and ends them in the order in which they end", () => {
    const fresh = call("fresh", { kind: "sleep" });
    const second = call("second", { kind: "sleep", startedSeq: 1, dueAt: 900 });
    const first = call("first", { kind: "sleep", startedSeq: 2, dueAt: 800 });
    expect(planCalls([fresh, second, first], situation())).toMatchObject({ begin: [fresh], end: [first, second] });
  });

  it("sends an event once what the code knew is durable, and runs nothing for it", () => {
    const early = call("early", { afterSeq: 1 });
    const later = call("later", { afterSeq: 2 });
    const sends = situation({ isSend: () => true });
    expect(planCalls([early, later], sends)).toMatchObject({ begin: [early], run: [] });
    expect(planCalls([early], { ...sends, stopping: true })).toMatchObject({ begin: [], next: { do: "release" } });
  });

  it("begins no function when the worker stops, and gives the run back when none runs", () => {
    const open = call("open");
    const running = call("running");
    const busy = situation({ stopping: true, running: new Map([[running, {}]]) });
    expect(planCalls([open, running], busy)).toMatchObject({ run: [], next: { do: "wait" } });
    expect(planCalls([open], situation({ stopping: true }))).toMatchObject({ run: [], next: { do: "release" } });
  });
});
