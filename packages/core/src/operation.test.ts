import { describe, expect, it } from "vitest";
import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import { messageOfEnd } from "./message.ts";
import { type Operation, decideOperation, isBlocked } from "./operation.ts";
import { RUN_STATUSES, RUN_TRANSITIONS, type Run, type RunState, type RunStatus, isTerminal } from "./run.ts";

const REASON: ErrorDetail = { code: "CANCELLED", message: "enough", nonRetryable: true };
const BLOCKED: ErrorDetail = { code: "NONDETERMINISM", message: "other code", nonRetryable: true };

const STATES: Readonly<Record<RunStatus, RunState>> = {
  pending: { status: "pending", availableAt: 1 },
  running: { status: "running", workerId: "w" as WorkerId, claimedAt: 1 },
  sleeping: { status: "sleeping", availableAt: 9 },
  waiting: { status: "waiting" },
  paused: { status: "paused", pauseError: REASON },
  completed: { status: "completed", finishedAt: 5 },
  failed: { status: "failed", finishedAt: 5 },
  cancelled: { status: "cancelled", finishedAt: 5 },
};

function run(status: RunStatus, change: Partial<Run> = {}): Run {
  return {
    namespaceId: "default" as NamespaceId,
    runId: "r1" as RunId,
    taskQueue: "",
    workflowType: "w",
    version: "1",
    priority: 0,
    attempt: 2,
    epoch: 3,
    crashes: 0,
    signals: 0,
    createdAt: 0,
    startedAt: 1,
    ...STATES[status],
    ...change,
  } as Run;
}

const CANCEL: Operation = { do: "cancel", error: REASON, graceMs: 100 };
const END: Operation = { do: "end", status: "failed", error: REASON };
const PAUSE: Operation = { do: "pause", error: REASON };
const RESUME: Operation = { do: "resume" };
const RETRY: Operation = { do: "retry" };

describe("an operation on a run", () => {
  it("makes a change of state that the table of transitions has, or none (R1)", () => {
    for (const status of RUN_STATUSES) {
      for (const operation of [CANCEL, END, PAUSE, RESUME, RETRY]) {
        const to = statusAfter(run(status), operation);
        expect([status, ...RUN_TRANSITIONS[status]]).toContain(to);
      }
    }
  });

  it("changes nothing of a run that has ended, but for the retry of one that failed (R2)", () => {
    for (const status of RUN_STATUSES.filter(isTerminal)) {
      expect(decideOperation(run(status), CANCEL)).toBeUndefined();
      expect(decideOperation(run(status), END)).toBeUndefined();
      for (const refused of [PAUSE, RESUME]) {
        expect(() => decideOperation(run(status), refused)).toThrow(`run r1 is ${status}`);
      }
    }
  });
});

describe("ending a run", () => {
  it("records why, and has its children cancelled if its code has begun", () => {
    const record = { name: "", occurrence: 1, kind: "run", type: "failed", attempt: 2, error: REASON };
    expect(decideOperation(run("running"), END)).toMatchObject({ status: "failed", closing: true, record });
    const { startedAt: _, ...unstarted } = run("pending");
    expect(decideOperation(unstarted as Run, END)).toMatchObject({ closing: false });
    expect(decideOperation(run("running", { cancelError: REASON }), END)).toMatchObject({ cancelError: REASON });
  });

  it("of one lease leaves every other alone", () => {
    expect(decideOperation(run("running"), { ...END, epoch: 3 })).toBeDefined();
    expect(decideOperation(run("running"), { ...END, epoch: 2 })).toBeUndefined();
    expect(decideOperation(run("pending"), { ...END, epoch: 3 })).toBeUndefined();
  });
});

describe("cancelling a run", () => {
  it("asks code that has begun to clean up, within the grace", () => {
    const asked = { cancelError: REASON, signal: true, deadline: { withinMs: 100, anew: false } };
    expect(decideOperation(run("running"), CANCEL)).toMatchObject({ ...asked, status: "running" });
    for (const status of ["pending", "sleeping", "waiting", "paused"] as const) {
      expect(decideOperation(run(status), CANCEL)).toMatchObject({ ...asked, status: "pending", ready: true });
    }
  });

  it("ends a run whose code has not begun, or cannot go on", () => {
    const { startedAt: _, ...unstarted } = run("pending");
    const blocked = run("paused", { pauseError: BLOCKED });
    expect([isBlocked(blocked), isBlocked(run("paused")), isBlocked(run("running"))]).toEqual([true, false, false]);
    for (const each of [unstarted as Run, blocked]) {
      const ended = { status: "cancelled", record: { type: "cancelled" }, cancelError: REASON };
      expect(decideOperation(each, CANCEL)).toMatchObject(ended);
    }
  });

  it("is done once", () => {
    expect(decideOperation(run("running", { cancelError: REASON }), CANCEL)).toBeUndefined();
  });
});

describe("pausing a run", () => {
  it("stops it at once where nobody holds it, and else asks who does", () => {
    expect(decideOperation(run("sleeping"), PAUSE)).toMatchObject({ status: "paused", signal: false });
    expect(decideOperation(run("running"), PAUSE)).toMatchObject({ status: "running", signal: true });
    expect(decideOperation(run("running", { pauseError: REASON }), PAUSE)).toBeUndefined();
    expect(() => decideOperation(run("running", { cancelError: REASON }), PAUSE)).toThrow("it is being cancelled");
  });

  it("is over when somebody resumes it, whatever it was for", () => {
    expect(decideOperation(run("sleeping"), RESUME)).toBeUndefined();
    expect(decideOperation(run("paused"), RESUME)).toMatchObject({ status: "pending", ready: true, keepsTime: true });
    const change = decideOperation(run("running", { pauseError: REASON, cancelError: REASON }), RESUME);
    expect(change).toMatchObject({ status: "running", cancelError: REASON });
    expect(change?.pauseError).toBeUndefined();
  });
});

describe("retrying a run", () => {
  it("gives a failed one another attempt, which its parent does not wait for", () => {
    expect(decideOperation(run("failed", { timeoutMs: 70 }), RETRY)).toMatchObject({
      status: "pending",
      attempt: 3,
      disowned: true,
      deadline: { withinMs: 70, anew: true },
      record: { type: "retrying", attempt: 2 },
    });
    expect(decideOperation(run("failed"), RETRY)?.deadline).toEqual({ anew: true });
    expect(() => decideOperation(run("cancelled"), RETRY)).toThrow("rerun starts a new run");
  });
});

describe("the end of a child", () => {
  it("is a message to its parent: with its output, or why it has none, under the id that the parent knows", () => {
    const child = { namespaceId: "default" as NamespaceId, runId: "c" as RunId };
    const parent = { runId: "p" as RunId, step: "child", awaited: true };
    const to = { namespaceId: "default", runId: "p" };
    const payload = { data: new Uint8Array([1]), metadata: {} };
    expect(messageOfEnd(child, parent, { payload })).toEqual({
      ...to,
      message: { kind: "child", childRunId: "c", payload },
    });
    expect(messageOfEnd(child, { ...parent, startedAs: "f" as RunId }, { error: REASON })).toEqual({
      ...to,
      message: { kind: "child", childRunId: "f", error: REASON },
    });
  });
});

function statusAfter(before: Run, operation: Operation): RunStatus {
  try {
    return decideOperation(before, operation)?.status ?? before.status;
  } catch {
    return before.status;
  }
}
