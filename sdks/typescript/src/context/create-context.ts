import { durationMs } from "../duration.ts";
import { KagziError } from "../error.ts";
import type { Logger } from "../logger.ts";
import { checkName, checkStepName } from "../names.ts";
import { type RetryPolicy, retryOf } from "../retry.ts";
import { type RunOptions, type WorkflowOrName, nameOf } from "../client/start-request.ts";
import type { ChildOptions, Context, ContextSendOptions, StartedRun, StepFunction, StepOptions } from "./context.ts";
import { RunRandom } from "./deterministic.ts";
import type { WaitOptions } from "./event.ts";
import { race } from "./race.ts";
import { currentStep, refuseInStep } from "./scope.ts";

/** A step as its execution needs it. */
export interface StepRequest {
  readonly name: string;
  readonly fn: StepFunction<never, unknown>;
  readonly input: unknown;
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | undefined;
  /** A named limit, of which the step needs a slot. */
  readonly limit: string | undefined;
}

/** A run that is to be started. */
export interface RunRequest {
  readonly workflow: WorkflowOrName;
  readonly input: unknown;
  readonly options: RunOptions;
}

/** An event that is waited for. */
export interface EventRequest {
  readonly key: string | undefined;
  readonly timeoutMs: number | undefined;
  readonly schema: WaitOptions["schema"] | undefined;
}

/** An event that is to be sent. */
export interface SendRequest {
  readonly payload: unknown;
  readonly options: ContextSendOptions;
}

/** Who does what the context is asked for. */
export interface ContextHost {
  readonly signal: () => AbortSignal;
  /** Throws once the run has ended. */
  readonly checkOpen: (what: string) => void;
  readonly step: (request: StepRequest) => Promise<unknown>;
  readonly sleep: (name: string, until: { readonly afterMs: number } | { readonly at: number }) => Promise<unknown>;
  readonly waitForEvent: (name: string, wait: EventRequest) => Promise<unknown>;
  readonly send: (name: string, request: SendRequest) => Promise<unknown>;
  readonly invoke: (name: string, request: RunRequest) => Promise<unknown>;
  readonly startRun: (name: string, request: RunRequest) => Promise<unknown>;
  /** The code no longer wants what this promise of the context stands for. */
  readonly giveUp: (promise: unknown) => void;
  readonly continueAsNew: (input: unknown) => Promise<never>;
  readonly progress: (value: unknown) => void;
  readonly now: () => number;
  readonly isReplaying: () => boolean;
  /** In which trace the run is, for its log. */
  readonly traceIds: () => object;
}

/** The facts of a run that its code may see. */
export type RunFacts = Pick<
  Context,
  "runId" | "namespace" | "workflow" | "version" | "externalId" | "attempt" | "schedule"
>;

/** The context of one execution. Its functions may be taken off it. */
export function createContext(run: RunFacts, host: ContextHost, logger: Logger): Context {
  return new RunContext(run, host, logger);
}

/**
 * A class, and the two that are seldom looked at as getters that all share: an object literal with a getter among so many
 * functions is kept as a dictionary, ten times as large and slow, and there is one for each run in memory.
 */
class RunContext implements Context {
  readonly runId: Context["runId"];
  readonly namespace: Context["namespace"];
  readonly workflow: Context["workflow"];
  readonly version: Context["version"];
  readonly externalId: Context["externalId"];
  readonly attempt: Context["attempt"];
  readonly schedule: Context["schedule"];
  readonly #host: ContextHost;
  readonly #logger: Logger;
  readonly #random: RunRandom;
  #log: Logger | undefined;

  constructor(run: RunFacts, host: ContextHost, logger: Logger) {
    this.runId = run.runId;
    this.namespace = run.namespace;
    this.workflow = run.workflow;
    this.version = run.version;
    this.externalId = run.externalId;
    this.attempt = run.attempt;
    this.schedule = run.schedule;
    this.#host = host;
    this.#logger = logger;
    this.#random = new RunRandom(run.runId);
  }

  get signal(): AbortSignal {
    return this.#host.signal();
  }

  get log(): Logger {
    this.#log ??= replayAware(this.#logger, this.#host, this);
    return this.#log;
  }

  readonly step: Context["step"] = (name: string, second: unknown, third?: unknown) =>
    promised(() => {
      this.#ask("ctx.step");
      return this.#host.step(stepRequest(name, second, third));
    });

  readonly sleep: Context["sleep"] = (name, duration) =>
    promised(() => {
      this.#ask("ctx.sleep");
      const what = `the duration of sleep ${JSON.stringify(checkStepName(name))}`;
      return this.#host.sleep(name, { afterMs: durationMs(duration, what) }) as Promise<void>;
    });

  readonly sleepUntil: Context["sleepUntil"] = (name, date) =>
    promised(() => {
      this.#ask("ctx.sleepUntil");
      return this.#host.sleep(checkStepName(name), { at: instantOf(name, date) }) as Promise<void>;
    });

  readonly waitForEvent: Context["waitForEvent"] = (name: string, options: WaitOptions = {}) =>
    promised(() => {
      this.#ask("ctx.waitForEvent");
      return this.#host.waitForEvent(checkStepName(name), eventRequest(name, options)) as Promise<never>;
    });

  readonly send: Context["send"] = (name: string, payload?: unknown, options: ContextSendOptions = {}) =>
    promised(() => {
      this.#ask("ctx.send");
      return this.#host.send(checkStepName(name), { payload, options }) as Promise<void>;
    });

  readonly invoke: Context["invoke"] = (workflow: WorkflowOrName, input?: unknown, options: ChildOptions = {}) =>
    promised(() => {
      this.#ask("ctx.invoke");
      return this.#host.invoke(stepNameOf(workflow, options), { workflow, input, options });
    });

  readonly start: Context["start"] = (workflow: WorkflowOrName, input?: unknown, options: ChildOptions = {}) =>
    promised(() => {
      this.#ask("ctx.start");
      return this.#host.startRun(stepNameOf(workflow, options), { workflow, input, options }) as Promise<StartedRun>;
    });

  readonly race: Context["race"] = (entries) => {
    this.#ask("ctx.race");
    return race(entries, (promise) => this.#host.giveUp(promise));
  };

  readonly continueAsNew: Context["continueAsNew"] = (input?: unknown) => {
    this.#ask("ctx.continueAsNew");
    return this.#host.continueAsNew(input);
  };

  readonly progress: Context["progress"] = (value) => {
    this.#ask("ctx.progress");
    this.#host.progress(value);
  };

  readonly now: Context["now"] = () => {
    this.#ask("ctx.now");
    return new Date(this.#host.now());
  };

  readonly random: Context["random"] = () => {
    this.#ask("ctx.random");
    return this.#random.random();
  };

  readonly uuid: Context["uuid"] = () => {
    this.#ask("ctx.uuid");
    return this.#random.uuid();
  };

  #ask(what: string): void {
    refuseInStep(what);
    this.#host.checkOpen(what);
  }
}

/** What is wrong with a call is how its promise ends. Nobody need listen to it: it is no harm to the process then. */
function promised<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return ask();
  } catch (error) {
    const failed = Promise.reject<Result>(error);
    failed.catch(() => {});
    return failed;
  }
}

function stepNameOf(workflow: WorkflowOrName, { name }: ChildOptions): string {
  return checkStepName(name ?? nameOf(workflow));
}

function eventRequest(name: string, { key, schema, timeout }: WaitOptions): EventRequest {
  const what = `the timeout of the wait for event ${JSON.stringify(name)}`;
  return {
    key: key === undefined ? undefined : checkName("the key of an event", key),
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout, what),
    schema,
  };
}

function stepRequest(name: string, second: unknown, third: unknown): StepRequest {
  const what = `step ${JSON.stringify(checkStepName(name))}`;
  const options = (typeof second === "function" ? {} : (second ?? {})) as StepOptions<unknown>;
  const fn = typeof second === "function" ? second : third;
  if (typeof fn !== "function") throw new KagziError("INVALID_ARGUMENT", `${what} has no function`);
  return {
    name,
    fn: fn as StepFunction<never, unknown>,
    input: options.input,
    timeoutMs: options.timeout === undefined ? undefined : durationMs(options.timeout, `the timeout of ${what}`),
    retry: retryOf(options, what),
    limit: options.limit === undefined ? undefined : checkName(`the limit of ${what}`, options.limit),
  };
}

/** The latest time that a timer of the server's can have: 100 years from 2030. */
const LATEST = Date.UTC(2130, 0, 1);

function instantOf(name: string, date: Date | string | number): number {
  const at = new Date(date).getTime();
  if (Number.isNaN(at) || at > LATEST) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `sleep ${JSON.stringify(name)} cannot last until ${JSON.stringify(date)}: give a Date, an ISO 8601 text or milliseconds since 1970, before 2130`,
    );
  }
  return Math.max(0, at);
}

function replayAware(logger: Logger, host: ContextHost, run: RunFacts): Logger {
  const { attempt, runId, workflow } = run;
  const write = (level: keyof Logger) => (message: string, attributes?: object) => {
    if (host.isReplaying()) return;
    logger[level](message, { runId, workflow, attempt, ...currentStep(), ...host.traceIds(), ...attributes });
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
