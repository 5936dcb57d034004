import type { Duration } from "../duration-grammar.ts";
import type { Logger } from "../logger.ts";
import type { RetryOptions } from "../retry.ts";

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
  /** Aborted when the run is no longer this worker's, or the worker stops. */
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

  /** The time when the code was last handed something: the same on every replay. */
  now(): Date;
  /** [0, 1), the same on every replay. */
  random(): number;
  /** A UUIDv4, the same on every replay. */
  uuid(): string;
}
