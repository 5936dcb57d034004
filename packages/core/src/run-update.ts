import type { Activity, RunningStep } from "./activity.ts";
import { KagziError, type ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { NewRecord, StepKey, StepKind } from "./record.ts";
import { DEFAULT_RUN_RETRY, DEFAULT_STEP_RETRY, type RetryPolicy, decideRetry } from "./retry-policy.ts";
import { type ParentReference, type TerminalStatus, isTerminal } from "./run.ts";
import type { Start } from "./store.ts";
import type { Due, Instant } from "./time.ts";
import { unreachable } from "./unreachable.ts";

/** What a worker says happened to a step, or to the run: one record each. */
export type Command = StepKey & { readonly observedAt?: Instant } & (
    | ({ readonly do: "completeStep"; readonly output?: Payload } & StepAttempt)
    | ({ readonly do: "failStep"; readonly error: ErrorDetail; readonly policy?: RetryPolicy } & StepAttempt)
    | { readonly do: "startSleep"; readonly due: Due }
    /** The time of a sleep is over, or that of a wait for an event. */
    | { readonly do: "endWait"; readonly kind: "sleep" | "event"; readonly startedSeq: number }
    /** Only events with the key are taken, if there is one. */
    | { readonly do: "startEventWait"; readonly due?: Due; readonly key?: string }
    /** The child has been started, or, with an error, could not be. */
    | { readonly do: "startChild"; readonly childRunId: RunId; readonly error?: ErrorDetail }
    /** The event has been sent, or, with an error, could not be. A step like a function, done by the server. */
    | { readonly do: "sendEvent"; readonly error?: ErrorDetail }
    /** What somebody brought becomes what the step came to. */
    | {
        readonly do: "takeMessage";
        readonly kind: "event" | "child";
        readonly position: number;
        readonly failed: boolean;
      }
    /** The code no longer wants the step. */
    | { readonly do: "cancelStep"; readonly kind: StepKind; readonly error: ErrorDetail; readonly childRunId?: RunId }
    /** The code is told that the run is to be cancelled. About the run: without a name. */
    | { readonly do: "cancelRun"; readonly error: ErrorDetail }
  );

interface StepAttempt {
  /** From 1. */
  readonly attempt: number;
  readonly input?: Payload;
  readonly durationMs?: number;
}

/** What a worker says becomes of a run that it no longer executes. */
export type Outcome =
  /** `signals`: of how many the worker knows; with others there the run is not parked but goes on. */
  | { readonly become: "parked"; readonly wakeAt?: Instant; readonly signals?: number; readonly forMessages?: boolean }
  | { readonly become: "completed"; readonly output?: Payload }
  | { readonly become: "cancelled"; readonly error: ErrorDetail }
  /** Over, and to go on as this new run. */
  | { readonly become: "continued"; readonly start: Start }
  /** The policy is the workflow's; one that the run was started with goes before it. */
  | { readonly become: "failed"; readonly error: ErrorDetail; readonly policy?: RetryPolicy }
  | { readonly become: "released" }
  | { readonly become: "blocked"; readonly error: ErrorDetail };

/** What happened in one run under one lease since its last update. */
export interface RunUpdate {
  readonly commands: readonly Command[];
  readonly outcome?: Outcome;
  /** What the run shows of how far it is; the last one counts. */
  readonly progress?: Payload;
  /** What the run is busy with. */
  readonly activity?: readonly RunningStep[];
  /** If this ends the run: it has children that have not ended, and do not outlive it. */
  readonly closesChildren?: boolean;
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
  /** Where the run goes; absent: it stays with its worker. A run that is to be paused is, instead of waiting or going back. */
  readonly next?: NextState;
  readonly progress?: Payload;
  readonly activity?: Activity;
  /** Hears how the run ended, if it ended. */
  readonly parent?: ParentReference;
  /** Begins with the end of this one. */
  readonly continuation?: Start;
  /** The run has ended, and its children are to be cancelled. */
  readonly closing?: boolean;
}

/** What follows `running`. An orderly departure clears the count of crashes. */
export type NextState =
  | { readonly status: "pending" }
  | Parked
  | { readonly status: "paused"; readonly error: ErrorDetail }
  | { readonly status: TerminalStatus };

/** Until the earlier of the two times; `waiting` without one until a message comes. */
export interface Parked {
  readonly status: "sleeping" | "waiting";
  readonly afterMs?: number;
  readonly at?: Instant;
  /** Of the run, if it is a new one. */
  readonly attempt?: number;
  /** Of how many signals the worker knows. If the run has others it goes on at once. */
  readonly signals?: number;
}

/** Whether a request to cancel the run goes before what the write wants. */
export function yieldsToCancel({ next }: RunWrite): boolean {
  if (next === undefined) return false;
  return next.status === "completed" || next.status === "failed" || ("attempt" in next && next.attempt !== undefined);
}

/** What of a run its own retries depend on, and who is told of its end. */
export interface RunAttempt {
  readonly attempt: number;
  readonly retryPolicy?: RetryPolicy;
  readonly parent?: ParentReference;
}

/**
 * Turns an update into what is written. Every decision about it is taken here, once for the stream and the unary
 * calls: whether a failed step or run is tried again and when, and what state the run goes to. `random` gives [0, 1).
 * @throws KagziError `INVALID_ARGUMENT` for a run that would park with nothing to wake it
 */
export function planUpdate(held: HeldRun, run: RunAttempt, update: RunUpdate, random: () => number): RunWrite {
  const records = update.commands.map((command) => recordOf(command, run, random));
  const activity = update.activity && { epoch: held.epoch, steps: update.activity };
  const base = {
    ...held,
    records,
    ...(update.progress !== undefined && { progress: update.progress }),
    ...(activity !== undefined && { activity }),
  };
  const { outcome } = update;
  if (outcome === undefined) return base;
  if (outcome.become === "parked") return { ...base, next: parkUntil(held, outcome, records) };
  const end = endOf(run, outcome, random);
  return {
    ...base,
    records: [...records, ...end.records],
    next: end.next,
    ...(outcome.become === "continued" ? { continuation: outcome.start } : given("parent", run.parent)),
    ...(update.closesChildren === true && isTerminal(end.next.status) && { closing: true }),
  };
}

/**
 * The same write, parking the run until the first of the waits that it records; unchanged if it records none. For
 * workers that leave a run where it waits.
 */
export function parkOnWaits(write: RunWrite): RunWrite {
  const waits = write.records.some((record) => record.due !== undefined);
  return waits && write.next === undefined ? { ...write, next: parkUntil(write, {}, write.records) } : write;
}

function recordOf(command: Command, run: RunAttempt, random: () => number): NewRecord {
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
        ...(command.output !== undefined && { payload: command.output }),
      };
    case "failStep":
      return { ...about, kind: "function", ...attemptOf(command), error: command.error, ...retryOf(command, random) };
    case "startSleep":
      return { ...about, kind: "sleep", type: "started", attempt: 1, due: command.due };
    case "endWait":
      return { ...about, kind: command.kind, type: "completed", attempt: 1, startedSeq: command.startedSeq };
    case "startEventWait":
      return { ...about, kind: "event", type: "started", attempt: 1, ...waitOf(command) };
    case "startChild":
      return { ...about, kind: "child", childRunId: command.childRunId, ...decided("started", command.error) };
    case "sendEvent":
      return { ...about, kind: "function", ...decided("completed", command.error) };
    case "takeMessage":
      return {
        ...about,
        kind: command.kind,
        type: command.failed ? "failed" : "completed",
        attempt: 1,
        takes: command.position,
      };
    case "cancelStep":
      return {
        ...about,
        kind: command.kind,
        type: "cancelled",
        attempt: 1,
        error: command.error,
        ...given("childRunId", command.childRunId),
      };
    case "cancelRun":
      return { ...about, ...ofRun(run), type: "cancelling", error: command.error };
    default:
      return unreachable(command);
  }
}

function waitOf({ due, key }: { readonly due?: Due; readonly key?: string }): Pick<NewRecord, "due" | "key"> {
  return { ...given("due", due), ...given("key", key) };
}

/** What the server did for the run, or why it could not. */
function decided(type: "started" | "completed", error: ErrorDetail | undefined) {
  const about = { attempt: 1, decided: true } as const;
  return error === undefined ? ({ ...about, type } as const) : ({ ...about, type: "failed", error } as const);
}

function attemptOf(command: StepAttempt): Pick<NewRecord, "attempt" | "input" | "durationMs"> {
  return {
    attempt: command.attempt,
    ...(command.input !== undefined && { input: command.input }),
    ...(command.durationMs !== undefined && { durationMs: command.durationMs }),
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
    case "cancelled":
      return {
        records: [{ ...ofRun(run), type: "cancelled", error: outcome.error }],
        next: { status: "cancelled" },
      };
    case "continued":
      return {
        records: [{ ...ofRun(run), type: "completed", childRunId: outcome.start.runId }],
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

function parkUntil(
  held: HeldRun,
  park: Omit<Extract<Outcome, { become: "parked" }>, "become">,
  commands: readonly NewRecord[],
): NextState {
  const { forMessages = false, wakeAt } = park;
  const dues = commands.flatMap((record) => (record.due === undefined ? [] : [record.due]));
  const afterMs = least(dues.flatMap((due) => ("afterMs" in due ? [due.afterMs] : [])));
  const at = least([
    ...(wakeAt === undefined ? [] : [wakeAt]),
    ...dues.flatMap((due) => ("at" in due ? [due.at] : [])),
  ]);
  if (afterMs === undefined && at === undefined && !forMessages) {
    throw new KagziError("INVALID_ARGUMENT", `run ${held.runId} cannot park: it waits for nothing that could wake it`, {
      subject: "run",
      subjectId: held.runId,
    });
  }
  const status = forMessages ? "waiting" : "sleeping";
  return { status, ...given("afterMs", afterMs), ...given("at", at), ...given("signals", park.signals) };
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
