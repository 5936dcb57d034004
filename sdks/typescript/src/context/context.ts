import type { Duration } from "../duration-grammar.ts";
import type { Logger } from "../logger.ts";
import type { RetryOptions } from "../retry.ts";
import type { SendOptions } from "../client/send-request.ts";
import type { RunOptions } from "../client/start-request.ts";
import type { Workflow } from "../workflow.ts";
import type { ReceivedEvent, WaitOptions } from "./event.ts";
import type { RaceResult } from "./race.ts";

/** What the function of a step is given. */
export interface StepContext<Input = undefined> {
  /** What was given as `input` in the step's options. */
  readonly input: Input;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the step's time is over, its run is no longer this worker's, or the worker stops. */
  readonly signal: AbortSignal;
  /** The same for every attempt of this step of this run, and for no other: pass it on to what must not happen twice. */
  readonly idempotencyKey: string;
  /** Says that a long step is alive: its timeout begins anew. */
  readonly heartbeat: () => void;
}

export type StepFunction<Input, Output> = (step: StepContext<Input>) => Output | Promise<Output>;

/** What may be said of a step beside its name and its function. */
export interface StepOptions<Input = undefined> extends RetryOptions {
  /** Of each attempt; one that takes longer fails with TIMEOUT. */
  readonly timeout?: Duration;
  /** Recorded with the step and passed to its function. */
  readonly input?: Input;
  /**
   * A named limit that the worker declares: an attempt begins when a slot of it is free in the whole fleet. Until then the
   * run waits, and holds no slot of the worker's.
   */
  readonly limit?: string;
}

/** What may be said of a run that a workflow starts. */
export interface ChildOptions extends RunOptions {
  /** Of the step; default: the workflow's name. */
  readonly name?: string;
}

/** A run that was started by a workflow and goes its own way. */
export interface StartedRun {
  /** A UUIDv7. */
  readonly id: string;
  /** The run was there before: it was started with the same id and the same input. */
  readonly alreadyExists: boolean;
}

/** What may be said of an event that a workflow sends. */
export interface ContextSendOptions extends SendOptions {
  /** Sends it to this run alone. */
  readonly runId?: string;
}

/** What a workflow's function works with. */
export interface Context {
  readonly runId: string;
  readonly namespace: string;
  /** The name of the workflow. */
  readonly workflow: string;
  readonly version: string;
  /** The idempotency key that the run was started with. */
  readonly externalId: string | undefined;
  /** Of the run itself, from 1. */
  readonly attempt: number;
  /** The schedule that started the run, and the time for which it did: none where it was triggered. */
  readonly schedule: { readonly id: string; readonly scheduledAt: Date | undefined } | undefined;
  /** Aborted when the run is to be cancelled, is no longer this worker's, or the worker stops. */
  readonly signal: AbortSignal;
  /** Silent during replay, so that each line is written once. */
  readonly log: Logger;

  /**
   * Runs a function and remembers its result for ever. It runs at least once, its outcome is recorded once; a failure
   * that is tried no more is thrown as a KagziError, now and on every replay.
   */
  step<Output>(name: string, fn: StepFunction<undefined, Output>): Promise<Awaited<Output>>;
  step<Output, Input = undefined>(
    name: string,
    options: StepOptions<Input>,
    fn: StepFunction<Input, Output>,
  ): Promise<Awaited<Output>>;

  /** Waits, for seconds or for months. Holds no slot meanwhile; the end is fixed when the sleep begins. */
  sleep(name: string, duration: Duration): Promise<void>;
  /** Waits until a point in time; not at all if it is past. */
  sleepUntil(name: string, date: Date | string | number): Promise<void>;

  /**
   * Waits for an event: the earliest one with this name (and key) that was sent since the run started, to it or to its
   * whole namespace, and that it has not taken yet. `null` if the timeout comes first.
   */
  waitForEvent<Payload = unknown>(name: string, options?: WaitOptions<Payload>): Promise<ReceivedEvent<Payload> | null>;

  /**
   * Sends an event to the namespace, once: it starts the workflows that subscribe and wakes the runs that wait for it. It
   * is a step under the event's name.
   */
  send(event: string, payload?: unknown, options?: ContextSendOptions): Promise<void>;

  /**
   * Starts a child and waits for its result. It fails as the child does; the child is cancelled with this run, or when
   * its step is given up.
   */
  invoke<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: Input,
    options?: ChildOptions,
  ): Promise<Awaited<Output>>;
  invoke(workflow: string, input?: unknown, options?: ChildOptions): Promise<unknown>;

  /** Starts a run that goes its own way, once. */
  start<Input>(workflow: Workflow<Input, unknown>, input: Input, options?: ChildOptions): Promise<StartedRun>;
  start(workflow: string, input?: unknown, options?: ChildOptions): Promise<StartedRun>;

  /**
   * Waits for the first of some steps, sleeps, events or children, and gives the others up: a step is aborted, a child is
   * cancelled, and their promises fail with CANCELLED. Only promises as this context gave them can be given up.
   */
  race<Entries extends Readonly<Record<string, unknown>>>(entries: Entries): Promise<RaceResult<Entries>>;

  /** Ends this run, and goes on as a new one with this input and an empty history. Use it as `return ctx.continueAsNew(…)`. */
  continueAsNew(input?: unknown): Promise<never>;

  /** Says how far the run is, for whoever looks at it. The last word counts; during replay nothing is said. */
  progress(value: unknown): void;

  /** The time when the code was last handed something: the same on every replay. */
  now(): Date;
  /** [0, 1), the same on every replay. */
  random(): number;
  /** A UUIDv4, the same on every replay. */
  uuid(): string;
}
