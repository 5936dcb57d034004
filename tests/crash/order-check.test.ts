import { type LedgerEntry, type LedgerLine, NOTES, orderOf } from "@kagzi/test-support";
import { describe, expect, it } from "vitest";
import { type RecordedOrders, findOrderBreaches } from "./order-check.ts";

const ORDERS = 2;
const KEYS = Array.from({ length: ORDERS }, (_, n) => orderOf(n).order);

/** Orders in which nothing went wrong. */
function good(): RecordedOrders {
  const run = { status: "completed", run: "run" };
  const ticks = [5, 6, 7].map((second) => ({ ...run, workflow: "tick", scheduledAt: second * 1000, output: "done" }));
  const runs = KEYS.flatMap((order) => {
    const output = { order, paid: `paid ${order}`, paidAgain: false, notes: NOTES };
    return [
      { ...run, workflow: "bill", eventId: `${order} placed`, output },
      { ...run, workflow: "audit", eventId: `${order} placed`, output: order },
      { ...run, workflow: "notify", eventId: "any", output: order },
    ];
  });
  const events = KEYS.flatMap((order) => [
    { id: `${order} placed`, name: "order.placed", taken: 0 },
    { id: `${order} paid`, name: "order.paid", taken: 1 },
    ...NOTES.map((n) => ({ id: `${order} note ${n}`, name: "note", taken: 1 })),
    { id: `any ${order}`, name: "order.shipped", taken: 0 },
  ]);
  return { runs: [...runs, ...ticks], events };
}

function breaches(recorded: RecordedOrders, ledger: readonly LedgerEntry[] = []): string[] {
  const lines = ledger.map((entry, index): LedgerLine => ({ ...entry, seq: index + 1, at: index }));
  return findOrderBreaches(lines, recorded, ORDERS).map((line) => line.slice(0, 2));
}

/** With one run of a workflow as something else. */
function changed(workflow: string, change: Partial<RecordedOrders["runs"][number]>): RecordedOrders {
  const { events, runs } = good();
  const at = runs.findIndex((run) => run.workflow === workflow);
  return { events, runs: runs.map((run, index) => (index === at ? { ...run, ...change } : run)) };
}

function hold(id: string, limits: readonly string[], pid = 1): LedgerEntry {
  return { kind: "hold", id, run: `run-${id}`, step: "charge", limits, pid };
}

function free(id: string): LedgerEntry {
  return { kind: "free", id };
}

describe("the check of the crash tests of orders", () => {
  it("finds nothing where nothing is wrong", () => {
    expect(breaches(good())).toEqual([]);
  });

  it("finds a run that has not ended, or failed", () => {
    expect(breaches(changed("notify", { status: "waiting" }))).toEqual(["E1"]);
    expect(breaches(changed("tick", { status: "failed" }))).toEqual(["E1"]);
  });

  it("finds an event that was lost, kept twice, or taken by nobody or by two", () => {
    const { events, runs } = good();
    expect(breaches({ runs, events: events.slice(1) })).toEqual(["E2"]);
    expect(breaches({ runs, events: events.slice(0, -1) })).toEqual(["E2"]);
    expect(breaches({ runs, events: [...events, ...events.slice(0, 1)] })).toEqual(["E2"]);
    const [placed, paid, ...others] = events;
    if (placed === undefined || paid === undefined) throw new Error("an order has events");
    for (const taken of [0, 2]) {
      expect(breaches({ runs, events: [placed, { ...paid, taken }, ...others] })).toEqual(["E2", "E2"]);
    }
  });

  it("finds an event that started no run of a subscriber, or two", () => {
    const { events, runs } = good();
    for (const workflow of ["audit", "notify"]) {
      const [one] = runs.filter((run) => run.workflow === workflow);
      if (one === undefined) throw new Error("each workflow has runs");
      expect(breaches({ events, runs: runs.filter((run) => run !== one) })).toEqual(["E3"]);
      expect(breaches({ events, runs: [...runs, one] })).toEqual(["E3"]);
    }
    expect(breaches(changed("audit", { eventId: "of nobody" }))).toEqual(["E3", "E3"]);
  });

  it("finds an event that came to its run twice, not at all, or out of order", () => {
    const order = KEYS[0] ?? "";
    const bill = { order, paid: `paid ${order}`, paidAgain: false, notes: NOTES };
    for (const output of [
      { ...bill, paidAgain: true },
      { ...bill, paid: undefined },
      { ...bill, notes: NOTES.toReversed() },
    ]) {
      expect(breaches(changed("bill", { output }))).toEqual(["E4", "E4"]);
    }
  });

  it("finds a slot without a run, and one with two", () => {
    const { events, runs } = good();
    expect(breaches({ events, runs: runs.filter(({ scheduledAt }) => scheduledAt !== 6000) })).toEqual(["E5"]);
    expect(breaches({ events, runs: runs.filter(({ workflow }) => workflow !== "tick") })).toEqual(["E5"]);
    expect(breaches(changed("tick", { scheduledAt: 6000 }))).toEqual(["E5"]);
  });

  it("finds two executions of one customer, and more of a limit than it has places", () => {
    const one = [hold("a", ["customer 1"]), hold("b", ["customer 2"]), free("a"), hold("c", ["customer 1"])];
    const ends = [free("a"), free("b"), free("c")];
    expect(breaches(good(), [...one, ...ends])).toEqual([]);
    expect(breaches(good(), [...one.filter(({ kind }) => kind !== "free"), ...ends])).toEqual(["E6"]);
    const three = ["a", "b", "c"].map((id) => hold(id, ["api"]));
    expect(breaches(good(), [...three, ...ends])).toEqual(["E6"]);
    expect(breaches(good(), [...three.slice(1), ...ends])).toEqual([]);
    const seven = ["a", "b", "c", "d", "e", "f", "g"];
    const all = (ids: readonly string[]) => [...ids.map((id) => hold(id, ["bills"])), ...ids.map(free)];
    expect(breaches(good(), all(seven))).toEqual(["E6"]);
    expect(breaches(good(), all(seven.slice(1)))).toEqual([]);
  });

  it("finds the place of the dead given to another before they died, and not afterwards", () => {
    const [dead, next]: [LedgerEntry, LedgerEntry] = [hold("dead", ["customer 1"], 1), hold("next", ["customer 1"], 2)];
    const gone: LedgerEntry = { kind: "gone", pid: 1 };
    expect(breaches(good(), [dead, gone, next, free("next")])).toEqual([]);
    expect(breaches(good(), [dead, next, gone, free("next")])).toEqual(["E6"]);
    // What it wrote is read late.
    expect(breaches(good(), [gone, next, dead, free("next")])).toEqual([]);
    // Another process is gone, and its places with it.
    expect(breaches(good(), [dead, { kind: "gone", pid: 3 }, next, free("next"), free("dead")])).toEqual(["E6"]);
  });

  it("finds an execution that never ends though nobody killed it", () => {
    expect(breaches(good(), [hold("a", ["api"])])).toEqual(["E6"]);
  });
});
