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
import { refuseInStep } from "./scope.ts";

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
}

/** The facts of a run that its code may see. */
export type RunFacts = Pick<
  Context,
  "runId" | "namespace" | "workflow" | "version" | "externalId" | "attempt" | "schedule"
>;

/** The context of one execution. Its functions may be taken off it. */
export function createContext(run: RunFacts, host: ContextHost, logger: Logger): Context {
  const random = new RunRandom(run.runId);
  const ask = (what: string) => {
    refuseInStep(what);
    host.checkOpen(what);
  };
  return {
    // Named one by one: an object that is spread into one with so many functions is kept as a slow dictionary.
    runId: run.runId,
    namespace: run.namespace,
    workflow: run.workflow,
    version: run.version,
    externalId: run.externalId,
    attempt: run.attempt,
    schedule: run.schedule,
    get signal() {
      return host.signal();
    },
    log: replayAware(logger, host, run),
    step: (name: string, second: unknown, third?: unknown) =>
      promised(() => {
        ask("ctx.step");
        return host.step(stepRequest(name, second, third));
      }),
    sleep: (name, duration) =>
      promised(() => {
        ask("ctx.sleep");
        const what = `the duration of sleep ${JSON.stringify(checkStepName(name))}`;
        return host.sleep(name, { afterMs: durationMs(duration, what) }) as Promise<void>;
      }),
    sleepUntil: (name, date) =>
      promised(() => {
        ask("ctx.sleepUntil");
        return host.sleep(checkStepName(name), { at: instantOf(name, date) }) as Promise<void>;
      }),
    waitForEvent: (name: string, options: WaitOptions = {}) =>
      promised(() => {
        ask("ctx.waitForEvent");
        return host.waitForEvent(checkStepName(name), eventRequest(name, options)) as Promise<never>;
      }),
    send: (name: string, payload?: unknown, options: ContextSendOptions = {}) =>
      promised(() => {
        ask("ctx.send");
        return host.send(checkStepName(name), { payload, options }) as Promise<void>;
      }),
    invoke: (workflow: WorkflowOrName, input?: unknown, options: ChildOptions = {}) =>
      promised(() => {
        ask("ctx.invoke");
        return host.invoke(stepNameOf(workflow, options), { workflow, input, options });
      }),
    start: (workflow: WorkflowOrName, input?: unknown, options: ChildOptions = {}) =>
      promised(() => {
        ask("ctx.start");
        return host.startRun(stepNameOf(workflow, options), { workflow, input, options }) as Promise<StartedRun>;
      }),
    race: (entries) => {
      ask("ctx.race");
      return race(entries, host.giveUp);
    },
    continueAsNew: (input?: unknown) => {
      ask("ctx.continueAsNew");
      return host.continueAsNew(input);
    },
    progress: (value) => {
      ask("ctx.progress");
      host.progress(value);
    },
    now: () => {
      ask("ctx.now");
      return new Date(host.now());
    },
    random: () => {
      ask("ctx.random");
      return random.random();
    },
    uuid: () => {
      ask("ctx.uuid");
      return random.uuid();
    },
  };
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
  const about = { runId: run.runId, workflow: run.workflow };
  const write = (level: keyof Logger) => (message: string, attributes?: object) => {
    if (!host.isReplaying()) logger[level](message, { ...about, ...attributes });
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
