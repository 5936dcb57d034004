import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId } from "./ids.ts";
import type { HistoryRecord } from "./record.ts";
import { type RunFacts, explainRefusal } from "./refusal.ts";
import { type Command, type Outcome, type RunWrite, planUpdate } from "./run-update.ts";

const HELD = { namespaceId: "default" as NamespaceId, runId: "r1" as RunId, epoch: 3, afterSeq: 4 };
const ERROR: ErrorDetail = { code: "CANCELLED", message: "m", nonRetryable: true };

function plan(commands: readonly Command[], outcome?: Outcome): RunWrite {
  return planUpdate(HELD, { attempt: 1 }, { commands, ...(outcome && { outcome }) }, () => 0);
}

const step = { name: "a", occurrence: 1, attempt: 1 };

describe("a write that matched nothing", () => {
  const write = plan([{ ...step, do: "completeStep" }], { become: "completed" });

  const stored = (from: RunWrite, epoch = from.epoch): HistoryRecord[] =>
    from.records.map((record, index) => ({
      ...record,
      seq: (from.afterSeq ?? 0) + index + 1,
      epoch,
      observedAt: 1,
      recordedAt: 1,
    }));

  const facts = (change: Partial<RunFacts>): RunFacts => ({ status: "running", epoch: 3, tail: [], ...change });

  it("is of a run that is not there", () => {
    expect(explainRefusal(write, undefined)).toBe("notFound");
  });

  it("is of a worker that has lost the run", () => {
    expect(explainRefusal(write, facts({ epoch: 4 }))).toBe("leaseLost");
    expect(explainRefusal(write, facts({ status: "pending" }))).toBe("leaseLost");
    expect(explainRefusal(write, facts({ status: "cancelled" }))).toBe("leaseLost");
  });

  it("is of a worker that holds the run and does not know its history", () => {
    expect(explainRefusal(write, facts({}))).toBe("reload");
    expect(explainRefusal(write, facts({ tail: stored(plan([{ ...step, name: "b", do: "completeStep" }])) }))).toBe(
      "reload",
    );
  });

  it("was applied before if its records are there under its own lease", () => {
    expect(explainRefusal(write, facts({ status: "completed", tail: stored(write) }))).toBe("applied");
    expect(explainRefusal(write, facts({ status: "completed", tail: stored(write, 4) }))).toBe("leaseLost");
    expect(explainRefusal(write, facts({ status: "completed", tail: stored(write).slice(0, 1) }))).toBe("leaseLost");
  });

  it("without records was applied before if the run is where it was sent", () => {
    const release = plan([], { become: "released" });
    expect(explainRefusal(release, facts({ status: "pending" }))).toBe("applied");
    expect(explainRefusal(release, facts({ status: "pending", epoch: 4 }))).toBe("leaseLost");
    expect(explainRefusal(release, facts({ status: "sleeping" }))).toBe("leaseLost");
    expect(explainRefusal(plan([]), facts({}))).toBe("applied");
  });

  it("is never taken for applied by another lease's records", () => {
    const names = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 9 }), (steps, epoch) => {
        const own = plan(steps.map((name) => ({ ...step, name, do: "completeStep" })));
        const refusal = explainRefusal(own, facts({ tail: stored(own, epoch) }));
        expect(refusal === "applied").toBe(epoch === own.epoch);
      }),
    );
  });
});

describe("a write that was refused because of a cancellation", () => {
  const facts: RunFacts = { status: "running", epoch: 3, tail: [], cancelError: ERROR };

  it("says so where the run would have ended otherwise, and only there", () => {
    expect(explainRefusal(plan([], { become: "completed" }), facts)).toBe("cancelled");
    expect(explainRefusal(plan([{ ...step, do: "completeStep" }]), facts)).toBe("reload");
    expect(explainRefusal(plan([], { become: "completed" }), { ...facts, epoch: 4 })).toBe("leaseLost");
  });
});
