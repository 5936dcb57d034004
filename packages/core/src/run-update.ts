import { KagziError, type ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { HistoryRecord, NewRecord, StepKey } from "./record.ts";
import { DEFAULT_RUN_RETRY, DEFAULT_STEP_RETRY, type RetryPolicy, decideRetry } from "./retry-policy.ts";
import type { RunStatus, TerminalStatus } from "./run.ts";
import type { Due, Instant } from "./time.ts";
import { unreachable } from "./unreachable.ts";

/** What a worker says happened to a step: one record each. */
export type Command = StepKey & { readonly observedAt?: Instant } & (
    | ({ readonly do: "completeStep"; readonly output?: Payload } & StepAttempt)
    | ({ readonly do: "failStep"; readonly error: ErrorDetail; readonly policy?: RetryPolicy } & StepAttempt)
    | { readonly do: "startSleep"; readonly due: Due }
    | { readonly do: "completeSleep"; readonly startedSeq: number }
  );

interface StepAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly input?: Payload;
  readonly durationMs?: number;
}

/** What a worker says becomes of a run that it no longer executes. */
export type Outcome =
  | { readonly become: "parked"; readonly wakeAt?: Instant }
  | { readonly become: "completed"; readonly output?: Payload }
  /** The policy is the workflow's; one that the run was started with goes before it. */
  | { readonly become: "failed"; readonly error: ErrorDetail; readonly policy?: RetryPolicy }
  | { readonly become: "released" }
  | { readonly become: "blocked"; readonly error: ErrorDetail };

/** What happened in one run under one lease since its last update. */
export interface RunUpdate {
  readonly commands: readonly Command[];
  readonly outcome?: Outcome;
}

/** A lease as a worker presents it: who it is about, and how far the worker knows the history. */
export interface HeldRun {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
  readonly epoch: number;
  /** How many records the history has before this update; absent where the update records nothing. */
  readonly afterSeq?: number;
}

/** What a store writes for one run: all of it, or, if the lease or the number of records is another, nothing. */
export interface RunWrite extends HeldRun {
  readonly records: readonly NewRecord[];
  /** Where the run goes; absent: it stays with its worker. */
  readonly next?: NextState;
}

/** What follows `running`. An orderly departure clears the count of crashes. */
export type NextState =
  | { readonly status: "pending" }
  /** Until the earlier of the two. */
  | { readonly status: "sleeping"; readonly afterMs?: number; readonly at?: Instant; readonly attempt?: number }
  | { readonly status: "paused"; readonly error: ErrorDetail }
  | { readonly status: TerminalStatus };

/** What of a run its own retries depend on. */
export interface RunAttempt {
  readonly attempt: number;
  readonly retryPolicy?: RetryPolicy;
}

/**
 * Turns an update into what is written. Every decision about it is taken here, once for the stream and the unary
 * calls: whether a failed step or run is tried again and when, and what state the run goes to. `random` gives [0, 1).
 * @throws KagziError `INVALID_ARGUMENT` for a run that would park with nothing to wake it
 */
export function planUpdate(held: HeldRun, run: RunAttempt, update: RunUpdate, random: () => number): RunWrite {
  const records = update.commands.map((command) => recordOf(command, random));
  if (update.outcome === undefined) return { ...held, records };
  if (update.outcome.become === "parked") {
    return { ...held, records, next: sleepUntil(held, update.outcome.wakeAt, records) };
  }
  const end = endOf(run, update.outcome, random);
  return { ...held, records: [...records, ...end.records], next: end.next };
}

/**
 * The same write, parking the run until the first of the waits that it records; unchanged if it records none. For
 * workers that leave a run where it waits.
 */
export function parkOnWaits(write: RunWrite): RunWrite {
  const waits = write.records.some((record) => record.due !== undefined);
  return waits && write.next === undefined ? { ...write, next: sleepUntil(write, undefined, write.records) } : write;
}

function recordOf(command: Command, random: () => number): NewRecord {
  const { name, occurrence } = command;
  const about = {
    name,
    occurrence,
    ...(command.observedAt !== undefined && { observedAt: command.observedAt }),
  };
  switch (command.do) {
    case "completeStep":
      return {
        ...about,
        kind: "function",
        type: "completed",
        ...attemptOf(command),
        ...given("payload", command.output),
      };
    case "failStep":
      return { ...about, kind: "function", ...attemptOf(command), error: command.error, ...retryOf(command, random) };
    case "startSleep":
      return { ...about, kind: "sleep", type: "started", attempt: 1, due: command.due };
    case "completeSleep":
      return { ...about, kind: "sleep", type: "completed", attempt: 1, startedSeq: command.startedSeq };
    default:
      return unreachable(command);
  }
}

function attemptOf(command: StepAttempt): Pick<NewRecord, "attempt" | "input" | "durationMs"> {
  return {
    attempt: command.attempt,
    ...given("input", command.input),
    ...given("durationMs", command.durationMs),
  };
}

function retryOf(
  failed: StepAttempt & { readonly error: ErrorDetail; readonly policy?: RetryPolicy },
  random: () => number,
): Pick<NewRecord, "type" | "due"> {
  const { attempt, error, policy = DEFAULT_STEP_RETRY } = failed;
  const decision = decideRetry({ policy, attempt, error, random: random() });
  return decision.retry ? { type: "retrying", due: { afterMs: decision.afterMs } } : { type: "failed" };
}

interface End {
  readonly records: readonly NewRecord[];
  readonly next: NextState;
}

function endOf(run: RunAttempt, outcome: Exclude<Outcome, { become: "parked" }>, random: () => number): End {
  switch (outcome.become) {
    case "completed":
      return {
        records: [{ ...ofRun(run), type: "completed", ...given("payload", outcome.output) }],
        next: { status: "completed" },
      };
    case "failed":
      return failRun(run, outcome, random);
    case "released":
      return { records: [], next: { status: "pending" } };
    case "blocked":
      return { records: [], next: { status: "paused", error: outcome.error } };
    default:
      return unreachable(outcome);
  }
}

function sleepUntil(held: HeldRun, wakeAt: Instant | undefined, commands: readonly NewRecord[]): NextState {
  const dues = commands.flatMap((record) => (record.due === undefined ? [] : [record.due]));
  const afterMs = least(dues.flatMap((due) => ("afterMs" in due ? [due.afterMs] : [])));
  const at = least([
    ...(wakeAt === undefined ? [] : [wakeAt]),
    ...dues.flatMap((due) => ("at" in due ? [due.at] : [])),
  ]);
  if (afterMs === undefined && at === undefined) {
    throw new KagziError("INVALID_ARGUMENT", `run ${held.runId} cannot park: it waits for nothing that could wake it`, {
      subject: "run",
      subjectId: held.runId,
    });
  }
  return { status: "sleeping", ...given("afterMs", afterMs), ...given("at", at) };
}

function failRun(run: RunAttempt, failed: Extract<Outcome, { become: "failed" }>, random: () => number): End {
  const { attempt, retryPolicy: policy = failed.policy ?? DEFAULT_RUN_RETRY } = run;
  const { error } = failed;
  const decision = decideRetry({ policy, attempt, error, random: random() });
  if (!decision.retry) return { records: [{ ...ofRun(run), type: "failed", error }], next: { status: "failed" } };
  const { afterMs } = decision;
  return {
    records: [{ ...ofRun(run), type: "retrying", error, due: { afterMs } }],
    next: { status: "sleeping", afterMs, attempt: attempt + 1 },
  };
}

function ofRun(run: RunAttempt): { name: string; occurrence: number; kind: "run"; attempt: number } {
  return { name: "", occurrence: 1, kind: "run", attempt: run.attempt };
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });
}

/** What a store finds when a write matched nothing: the run as it is, and its records after the write's `afterSeq`. */
export interface RunFacts {
  readonly status: RunStatus;
  readonly epoch: number;
  readonly tail: readonly HistoryRecord[];
}

/** Why a write matched nothing. */
export type Refusal = "applied" | "leaseLost" | "reload" | "notFound";

/**
 * Explains a write that matched nothing: it had been `applied` before and only its answer was lost; the worker no
 * longer holds the run; or it does, and its idea of the history is wrong.
 */
export function explainRefusal(write: RunWrite, facts: RunFacts | undefined): Refusal {
  if (facts === undefined) return "notFound";
  if (wasApplied(write, facts)) return "applied";
  return facts.status === "running" && facts.epoch === write.epoch ? "reload" : "leaseLost";
}

/** Only the holder of an epoch writes under it, so its own records at the place it meant them are its own write. */
function wasApplied(write: RunWrite, facts: RunFacts): boolean {
  if (write.records.length === 0) {
    return facts.epoch === write.epoch && facts.status === (write.next?.status ?? "running");
  }
  return write.records.every((record, index) => {
    const stored = facts.tail[index];
    return (
      stored !== undefined &&
      stored.epoch === write.epoch &&
      stored.kind === record.kind &&
      stored.type === record.type &&
      stored.name === record.name &&
      stored.occurrence === record.occurrence
    );
  });
}
