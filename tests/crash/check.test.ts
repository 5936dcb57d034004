import { CHAIN_STEPS, type LedgerEntry, type LedgerLine } from "@kagzi/test-support";
import { describe, expect, it } from "vitest";
import { type RecordedRun, findBreaches } from "./check.ts";

const STEPS = ["one", "two", "left", "right", "five", "six", "seven", "eight"];
const RUN = "run-1";
const LEASE_MS = 1000;

/** What the ledger has of a run in which nothing went wrong. */
function goodLedger(): LedgerEntry[] {
  const steps = STEPS.flatMap((step, index): LedgerEntry[] => {
    const saw = index === 0 ? [] : [`nonce-${index - 1}`];
    const nonce = `nonce-${index}`;
    return [
      { kind: "exec", run: RUN, step, attempt: 1, nonce, saw, by: "w" },
      { kind: "ret", run: RUN, step, nonce, by: "w" },
    ];
  });
  return [
    { kind: "start", key: "order-1" },
    { kind: "ackStart", key: "order-1", run: RUN },
    ...steps,
    { kind: "ackResult", run: RUN, output: goodRun().output ?? "" },
  ];
}

function goodRun(): RecordedRun {
  const steps = STEPS.map((name, index) => ({ name, status: "completed", output: `nonce-${index}` }));
  return {
    run: RUN,
    key: "order-1",
    status: "completed",
    steps,
    output: [...steps.map(({ output }) => output), "order-1"].join(","),
  };
}

function breaches(ledger: readonly LedgerEntry[], runs: readonly RecordedRun[], msPerLine = 1): string[] {
  const lines = ledger.map((entry, index): LedgerLine => ({ ...entry, seq: index + 1, at: index * msPerLine }));
  return findBreaches(lines, runs, { leaseMs: LEASE_MS }).map((line) => line.slice(0, 2));
}

describe("the check of the crash tests", () => {
  it("finds nothing where nothing is wrong", () => {
    expect(STEPS).toHaveLength(CHAIN_STEPS);
    expect(breaches(goodLedger(), [goodRun()])).toEqual([]);
  });

  it("finds a run that was lost, or has not ended", () => {
    expect(breaches(goodLedger(), [])).toEqual(["A1"]);
    expect(breaches(goodLedger(), [{ ...goodRun(), status: "running" }])).toEqual(["A1"]);
  });

  it("finds a run that nobody started, and a second one for a key", () => {
    const ledger = goodLedger().filter(({ kind }) => kind !== "start");
    expect(breaches(ledger, [goodRun()])).toEqual(["A2"]);
    const twin = { ...goodRun(), run: "run-2" };
    expect(breaches(goodLedger(), [goodRun(), twin])).toContain("A2");
  });

  it("finds a result that no execution returned", () => {
    const without = goodLedger().filter((entry) => entry.kind !== "ret" || entry.step !== "five");
    expect(breaches(without, [goodRun()])).toEqual(["A3"]);
    const missing = { ...goodRun(), steps: goodRun().steps.slice(1) };
    expect(breaches(goodLedger(), [missing])).toEqual(expect.arrayContaining(["A3", "A5"]));
  });

  it("finds a step that saw another result than the recorded one", () => {
    const swapped = goodLedger().map((entry) =>
      entry.kind === "exec" && entry.step === "six" ? { ...entry, saw: ["other"] } : entry,
    );
    expect(breaches(swapped, [goodRun()])).toEqual(["A4"]);
  });

  it("finds an output that is not made of the steps, or that a client was given otherwise", () => {
    expect(breaches(goodLedger(), [{ ...goodRun(), output: "else" }])).toEqual(["A5", "A5"]);
  });

  it("finds a step that begins after the end", () => {
    const late: LedgerEntry = {
      kind: "exec",
      run: RUN,
      step: "two",
      attempt: 2,
      nonce: "n",
      saw: ["nonce-0"],
      by: "w",
    };
    expect(breaches([...goodLedger(), late], [goodRun()], LEASE_MS)).toEqual(["A8"]);
  });

  it("finds an attempt executed again, unless something was broken", () => {
    const again: LedgerEntry = { kind: "exec", run: RUN, step: "one", attempt: 1, nonce: "n", saw: [], by: "w" };
    const [start, ack, ...rest] = goodLedger() as [LedgerEntry, LedgerEntry, ...LedgerEntry[]];
    expect(breaches([start, ack, again, ...rest], [goodRun()])).toEqual(["A9"]);
    expect(breaches([start, ack, again, { kind: "fault", what: "w" }, ...rest], [goodRun()])).toEqual([]);
  });
});
