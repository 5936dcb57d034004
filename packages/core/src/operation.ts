import { type ErrorDetail, KagziError } from "./error.ts";
import type { NewRecord } from "./record.ts";
import { type Run, type RunStatus, type TerminalStatus, isTerminal } from "./run.ts";

/** What somebody who does not hold a run does to it. */
export type Operation =
  /** Lets the code clean up for `graceMs`, then ends the run. */
  | { readonly do: "cancel"; readonly error: ErrorDetail; readonly graceMs: number }
  /** Ends the run at once; with an epoch only while that lease holds it. */
  | {
      readonly do: "end";
      readonly status: "failed" | "cancelled";
      readonly error: ErrorDetail;
      readonly epoch?: number;
    }
  | { readonly do: "pause"; readonly error: ErrorDetail }
  | { readonly do: "resume" }
  /** Gives a failed run another attempt, with the steps that it has completed. */
  | { readonly do: "retry" };

/** How a run changes: these fields, whatever they were. */
export interface RunChange {
  readonly status: RunStatus;
  /** Claimable at once; otherwise when it was, if the state has not changed. */
  readonly ready?: boolean;
  /** Where it is ready: not before it was to be when it was paused. */
  readonly keepsTime?: boolean;
  readonly pauseError?: ErrorDetail;
  readonly cancelError?: ErrorDetail;
  readonly attempt: number;
  /** From now, at the latest; `anew`: whatever it was before, without `withinMs` none. */
  readonly deadline?: { readonly withinMs?: number; readonly anew: boolean };
  /** Who holds the run, or waits for it to be claimed, is to look. */
  readonly signal: boolean;
  /** Its children are to be cancelled. */
  readonly closing: boolean;
  /** Its parent no longer waits for it. */
  readonly disowned?: boolean;
  readonly record?: NewRecord;
}

/**
 * Decides what an operation does to a run; `undefined` if there is nothing left to do.
 * @throws KagziError `PRECONDITION_FAILED` for a run in whose state the operation makes no sense
 */
export function decideOperation(run: Run, operation: Operation): RunChange | undefined {
  switch (operation.do) {
    case "cancel":
      return decideCancel(run, operation);
    case "end":
      return decideEnd(run, operation);
    case "pause":
      return decidePause(run, operation.error);
    case "resume":
      return decideResume(run);
    default:
      return decideRetryOfRun(run);
  }
}

function decideEnd(run: Run, { epoch, error, status }: Extract<Operation, { do: "end" }>): RunChange | undefined {
  if (isTerminal(run.status)) return undefined;
  if (epoch !== undefined && (run.status !== "running" || run.epoch !== epoch)) return undefined;
  return endOf(run, status, error);
}

/** A run whose code has begun is asked to clean up; one whose code has nothing to say is ended. */
function decideCancel(run: Run, { error, graceMs }: Extract<Operation, { do: "cancel" }>): RunChange | undefined {
  if (isTerminal(run.status) || run.cancelError !== undefined) return undefined;
  // It says so of itself in either case: a caller whose first answer was lost is told that it came first.
  if (run.startedAt === undefined || isBlocked(run)) return { ...endOf(run, "cancelled", error), cancelError: error };
  const change = { attempt: run.attempt, cancelError: error, signal: true, closing: false };
  const deadline = { withinMs: graceMs, anew: false };
  if (run.status === "running") return { ...change, deadline, status: "running" };
  return { ...change, deadline, status: "pending", ready: true };
}

function decidePause(run: Run, error: ErrorDetail): RunChange | undefined {
  if (isTerminal(run.status)) throw refused(run, "paused", "only a run that has not ended can be");
  if (run.pauseError !== undefined) return undefined;
  if (run.cancelError !== undefined) throw refused(run, "paused", "it is being cancelled");
  const status = run.status === "running" ? "running" : "paused";
  return { status, attempt: run.attempt, pauseError: error, signal: status === "running", closing: false };
}

function decideResume(run: Run): RunChange | undefined {
  if (isTerminal(run.status)) throw refused(run, "resumed", "to run it again use retry or rerun");
  if (run.pauseError === undefined) return undefined;
  const cancelError = run.cancelError === undefined ? {} : { cancelError: run.cancelError };
  const change = { attempt: run.attempt, signal: false, closing: false, ...cancelError };
  return run.status === "paused"
    ? { ...change, status: "pending", ready: true, keepsTime: true }
    : { ...change, status: run.status };
}

function decideRetryOfRun(run: Run): RunChange {
  if (run.status !== "failed") {
    throw refused(run, "retried", "only a failed run can be; rerun starts a new run from the steps of any other");
  }
  const attempt = run.attempt + 1;
  const withinMs = run.timeoutMs === undefined ? {} : { withinMs: run.timeoutMs };
  const error: ErrorDetail = { code: "INTERNAL", message: "retried by an operator", nonRetryable: false };
  return {
    status: "pending",
    ready: true,
    attempt,
    deadline: { ...withinMs, anew: true },
    signal: false,
    closing: false,
    disowned: true,
    record: {
      name: "",
      occurrence: 1,
      kind: "run",
      type: "retrying",
      attempt: run.attempt,
      error,
      due: { afterMs: 0 },
    },
  };
}

function endOf(run: Run, status: TerminalStatus, error: ErrorDetail): RunChange {
  const cancelError = run.cancelError === undefined ? {} : { cancelError: run.cancelError };
  return {
    status,
    attempt: run.attempt,
    signal: false,
    closing: run.startedAt !== undefined,
    ...cancelError,
    record: { name: "", occurrence: 1, kind: "run", type: status, attempt: run.attempt, error },
  };
}

/** Whether the run is paused because its code no longer matches its history. */
export function isBlocked(run: Run): boolean {
  return run.status === "paused" && run.pauseError.code === "NONDETERMINISM";
}

function refused(run: Run, done: string, why: string): KagziError {
  return new KagziError("PRECONDITION_FAILED", `run ${run.runId} is ${run.status} and cannot be ${done}: ${why}`, {
    subject: "run",
    subjectId: run.runId,
  });
}
