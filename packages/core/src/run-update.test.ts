import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId } from "./ids.ts";
import type { HistoryRecord } from "./record.ts";
import { DEFAULT_STEP_RETRY } from "./retry-policy.ts";
import {
  type Command,
  type Outcome,
  type RunFacts,
  type RunWrite,
  explainRefusal,
  parkOnWaits,
  planUpdate,
} from "./run-update.ts";

const HELD = { namespaceId: "default" as NamespaceId, runId: "r1" as RunId, epoch: 3, afterSeq: 4 };
const ERROR: ErrorDetail = { code: "INTERNAL", message: "m", nonRetryable: false };
const PAYLOAD = { data: new Uint8Array([1]), metadata: {} };
const POLICY = { ...DEFAULT_STEP_RETRY, jitter: false };

function plan(commands: readonly Command[], outcome?: Outcome, run = { attempt: 1 }): RunWrite {
  return planUpdate(HELD, run, { commands, ...(outcome && { outcome }) }, () => 0);
}

const step = { name: "a", occurrence: 1, attempt: 1 };
const nap = { name: "nap", occurrence: 1, do: "startSleep" } as const;

describe("what is written of an update", () => {
  it("is a record for each command, under the lease that was presented", () => {
    const write = plan([
      { ...step, do: "completeStep", output: PAYLOAD, input: PAYLOAD, durationMs: 3, observedAt: 9 },
      { ...step, occurrence: 2, do: "completeStep" },
      { ...nap, due: { at: 50 } },
      { name: "nap", occurrence: 1, do: "completeSleep", startedSeq: 2 },
    ]);
    expect(write).toEqual({
      ...HELD,
      records: [
        {
          ...step,
          kind: "function",
          type: "completed",
          payload: PAYLOAD,
          input: PAYLOAD,
          durationMs: 3,
          observedAt: 9,
        },
        { ...step, occurrence: 2, kind: "function", type: "completed" },
        { name: "nap", occurrence: 1, attempt: 1, kind: "sleep", type: "started", due: { at: 50 } },
        { name: "nap", occurrence: 1, attempt: 1, kind: "sleep", type: "completed", startedSeq: 2 },
      ],
    });
  });

  it("says of a failed step whether and when it is tried again", () => {
    const fail = { ...step, do: "failStep", error: ERROR, policy: { ...POLICY, maximumAttempts: 2 } } as const;
    expect(plan([fail]).records).toMatchObject([{ type: "retrying", error: ERROR, due: { afterMs: 1000 } }]);
    expect(plan([{ ...fail, attempt: 2 }]).records).toMatchObject([{ type: "failed", error: ERROR }]);
    expect(plan([{ ...fail, attempt: 2 }]).records[0]).not.toHaveProperty("due");
  });

  it("tries a step again as the default says where no policy is given", () => {
    const write = plan([{ ...step, do: "failStep", error: ERROR }]);
    expect(write.records).toMatchObject([{ type: "retrying", due: { afterMs: 500 } }]);
  });

  it("parks a run until the first of its waits, whichever clock knows it", () => {
    const write = plan(
      [
        { ...nap, due: { afterMs: 70 } },
        { ...nap, due: { afterMs: 30 } },
        { ...nap, due: { at: 900 } },
      ],
      {
        become: "parked",
        wakeAt: 800,
      },
    );
    expect(write.next).toEqual({ status: "sleeping", afterMs: 30, at: 800 });
    expect(plan([{ ...nap, due: { at: 900 } }], { become: "parked" }).next).toEqual({ status: "sleeping", at: 900 });
  });

  it("refuses to park a run that nothing would wake (P4)", () => {
    expect(() => plan([{ ...step, do: "completeStep" }], { become: "parked" })).toThrow(
      "run r1 cannot park: it waits for nothing that could wake it",
    );
  });

  it("ends a run with its output or its error as the last record", () => {
    expect(plan([], { become: "completed", output: PAYLOAD })).toMatchObject({
      records: [{ kind: "run", type: "completed", name: "", payload: PAYLOAD }],
      next: { status: "completed" },
    });
    expect(plan([], { become: "completed" }).records[0]).not.toHaveProperty("payload");
    expect(plan([], { become: "failed", error: ERROR })).toMatchObject({
      records: [{ kind: "run", type: "failed", error: ERROR }],
      next: { status: "failed" },
    });
  });

  it("sends a run to its next attempt by the policy of its start, before that of its workflow", () => {
    const once = { ...POLICY, maximumAttempts: 2 };
    const none = { ...POLICY, maximumAttempts: 1 };
    const failed = { become: "failed", error: ERROR, policy: once } as const;
    expect(plan([], failed)).toMatchObject({
      records: [{ kind: "run", type: "retrying", attempt: 1, due: { afterMs: 1000 } }],
      next: { status: "sleeping", afterMs: 1000, attempt: 2 },
    });
    const run = { attempt: 1, retryPolicy: none };
    expect(planUpdate(HELD, run, { commands: [], outcome: failed }, () => 0).next).toEqual({ status: "failed" });
  });

  it("gives a run back, or pauses it, without a record", () => {
    expect(plan([], { become: "released" })).toMatchObject({ records: [], next: { status: "pending" } });
    expect(plan([], { become: "blocked", error: ERROR })).toMatchObject({
      records: [],
      next: { status: "paused", error: ERROR },
    });
  });

  it("has a case for every command and outcome", () => {
    expect(() => plan([{ ...step, do: "surprise" } as never])).toThrow("no case");
    expect(() => plan([], { become: "surprise" } as never)).toThrow("no case");
  });
});

describe("a write of a worker that leaves its run where it waits", () => {
  it("parks the run if it records a wait, and is left as it is if it does not", () => {
    const retry = plan([{ ...step, do: "failStep", error: ERROR, policy: POLICY }]);
    expect(parkOnWaits(retry).next).toEqual({ status: "sleeping", afterMs: 1000 });
    const done = plan([{ ...step, do: "completeStep" }]);
    expect(parkOnWaits(done)).toBe(done);
    const ended = plan([{ ...nap, due: { afterMs: 1 } }], { become: "completed" });
    expect(parkOnWaits(ended)).toBe(ended);
  });
});

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
