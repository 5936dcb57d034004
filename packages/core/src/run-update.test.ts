import { describe, expect, it } from "vitest";
import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId } from "./ids.ts";
import { DEFAULT_STEP_RETRY } from "./retry-policy.ts";
import {
  type Command,
  type Outcome,
  type RunAttempt,
  type RunWrite,
  parkOnWaits,
  planUpdate,
  yieldsToCancel,
} from "./run-update.ts";

const HELD = { namespaceId: "default" as NamespaceId, runId: "r1" as RunId, epoch: 3, afterSeq: 4 };
const ERROR: ErrorDetail = { code: "INTERNAL", message: "m", nonRetryable: false };
const PAYLOAD = { data: new Uint8Array([1]), metadata: {} };
const POLICY = { ...DEFAULT_STEP_RETRY, jitter: false };

function plan(commands: readonly Command[], outcome?: Outcome, run: RunAttempt = { attempt: 1 }): RunWrite {
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
      { name: "nap", occurrence: 1, do: "endWait", kind: "sleep", startedSeq: 2 },
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

describe("what others bring, and what others are told", () => {
  const start = { runId: "r2" as RunId, namespaceId: HELD.namespaceId, taskQueue: "", workflowType: "w", version: "1" };
  const parent = { runId: "p" as RunId, step: "child", awaited: true };

  it("is a record each for waits, children, events sent, messages taken, steps given up and the cancellation", () => {
    const key = { name: "a", occurrence: 1 };
    const child = "c1" as RunId;
    const { records } = plan([
      { ...key, do: "startEventWait" },
      { ...key, do: "startEventWait", due: { afterMs: 5 }, key: "k" },
      { ...key, do: "endWait", kind: "event", startedSeq: 5 },
      { ...key, do: "startChild", childRunId: child },
      { ...key, do: "startChild", childRunId: child, error: ERROR },
      { ...key, do: "sendEvent" },
      { ...key, do: "sendEvent", error: ERROR },
      { ...key, do: "takeMessage", kind: "event", position: 7, failed: false },
      { ...key, do: "takeMessage", kind: "child", position: 8, failed: true },
      { ...key, do: "cancelStep", kind: "child", error: ERROR, childRunId: child },
      { ...key, do: "cancelStep", kind: "sleep", error: ERROR },
      { ...key, do: "cancelRun", error: ERROR },
    ]);
    const about = { ...key, attempt: 1 };
    expect(records).toEqual([
      { ...about, kind: "event", type: "started" },
      { ...about, kind: "event", type: "started", due: { afterMs: 5 }, key: "k" },
      { ...about, kind: "event", type: "completed", startedSeq: 5 },
      { ...about, kind: "child", type: "started", childRunId: child, decided: true },
      { ...about, kind: "child", type: "failed", childRunId: child, error: ERROR, decided: true },
      { ...about, kind: "function", type: "completed", decided: true },
      { ...about, kind: "function", type: "failed", error: ERROR, decided: true },
      { ...about, kind: "event", type: "completed", takes: 7 },
      { ...about, kind: "child", type: "failed", takes: 8 },
      { ...about, kind: "child", type: "cancelled", error: ERROR, childRunId: child },
      { ...about, kind: "sleep", type: "cancelled", error: ERROR },
      { name: "", occurrence: 1, kind: "run", type: "cancelling", attempt: 1, error: ERROR },
    ]);
  });

  it("waits for messages, with or without a time", () => {
    const parked = { become: "parked", forMessages: true, signals: 3 } as const;
    expect(plan([], parked).next).toEqual({ status: "waiting", signals: 3 });
    expect(plan([{ ...nap, due: { afterMs: 9 } }], parked).next).toEqual({ status: "waiting", signals: 3, afterMs: 9 });
  });

  it("tells the parent of an end, and of nothing else", () => {
    const run = { attempt: 1, parent };
    expect(plan([], { become: "completed" }, run).parent).toEqual(parent);
    expect(plan([], { become: "cancelled", error: ERROR }, run)).toMatchObject({
      parent,
      next: { status: "cancelled" },
      records: [{ kind: "run", type: "cancelled", error: ERROR }],
    });
    expect(plan([], undefined, run).parent).toBeUndefined();
    expect(plan([], { become: "parked", wakeAt: 5 }, run).parent).toBeUndefined();
  });

  it("ends in order to go on, which the parent need not know", () => {
    const next = { ...start, priority: 0, delayMs: 0, parent };
    const write = plan([], { become: "continued", start: next }, { attempt: 1, parent });
    expect(write).toMatchObject({
      next: { status: "completed" },
      continuation: next,
      records: [{ kind: "run", type: "completed", childRunId: "r2" }],
    });
    expect(write.parent).toBeUndefined();
  });

  it("leaves children to be cancelled where it ends, and nowhere else", () => {
    const closing = (outcome: Outcome) =>
      planUpdate(HELD, { attempt: 1 }, { commands: [], outcome, closesChildren: true }, () => 0).closing;
    expect(closing({ become: "completed" })).toBe(true);
    expect(closing({ become: "released" })).toBeUndefined();
    expect(plan([], { become: "completed" }).closing).toBeUndefined();
  });

  it("says what the run is busy with under its lease", () => {
    const steps = [{ ...step, startedAt: 7 }];
    expect(planUpdate(HELD, { attempt: 1 }, { commands: [], activity: steps }, () => 0).activity).toEqual({
      epoch: HELD.epoch,
      steps,
    });
  });

  it("carries the progress", () => {
    expect(planUpdate(HELD, { attempt: 1 }, { commands: [], progress: PAYLOAD }, () => 0)).toEqual({
      ...HELD,
      records: [],
      progress: PAYLOAD,
    });
  });

  it("gives way to a cancellation where the code would have its way: at its end, and where it would begin anew", () => {
    const again = { become: "failed", error: ERROR, policy: POLICY } as const;
    const yields = [{ become: "completed" }, { become: "failed", error: ERROR }, again] as const;
    for (const outcome of yields) expect(yieldsToCancel(plan([], outcome))).toBe(true);
    const stays = [
      undefined,
      { become: "parked", wakeAt: 5 },
      { become: "released" },
      { become: "cancelled", error: ERROR },
      { become: "blocked", error: ERROR },
    ] as const;
    for (const outcome of stays) expect(yieldsToCancel(plan([], outcome))).toBe(false);
  });
});
