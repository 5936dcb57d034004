import type { Payload } from "@kagzi/proto";
import type { ContextHost, EventRequest, RunRequest, SendRequest, StepRequest } from "../context/create-context.ts";
import { checkEvent, toEvent } from "../context/event.ts";
import { KagziError } from "../error.ts";
import type { SleepUntil } from "./advance.ts";
import type { Asked, ExecutionHost } from "./execution-parts.ts";
import { derivedRunId } from "./ids.ts";
import { childStart, eventSend, startDetached } from "./other-runs.ts";
import type { WireOutcome } from "./update-buffer.ts";

/** What the code of a run may do with its execution. */
export interface CodeSide {
  readonly runId: string;
  readonly signal: () => AbortSignal;
  readonly now: () => number;
  readonly isReplaying: () => boolean;
  readonly hasEnded: () => boolean;
  /** In which trace the run is, for its log. */
  readonly traceIds: () => object;
  /** Asks for a step; `read` makes of its outcome what the code is handed. */
  readonly ask: (asked: Asked, read: (payload: Payload | undefined) => unknown) => Promise<unknown>;
  readonly giveUp: (promise: unknown) => void;
  readonly report: (progress: Payload | undefined) => void;
  readonly finish: (outcome: WireOutcome) => void;
}

/** Does what the context of a run is asked for. */
export class CodeHost implements ContextHost {
  readonly #code: CodeSide;
  readonly #host: ExecutionHost;

  constructor(code: CodeSide, host: ExecutionHost) {
    this.#code = code;
    this.#host = host;
  }

  checkOpen(what: string): void {
    checkOpen(this.#code, what);
  }

  step(request: StepRequest): Promise<unknown> {
    checkDeclared(this.#host, request);
    return this.#code.ask({ name: request.name, kind: "function", request }, this.#decode());
  }

  sleep(name: string, request: SleepUntil): Promise<unknown> {
    return this.#code.ask({ name, kind: "sleep", request }, nothing);
  }

  waitForEvent(name: string, { schema, ...request }: EventRequest): Promise<unknown> {
    const { payloads } = this.#host;
    return this.#code.ask({ name, kind: "event", request }, (payload) => {
      const event = toEvent(name, payload, payloads);
      return schema === undefined ? event : checkEvent(event, schema);
    });
  }

  send(name: string, request: SendRequest): Promise<unknown> {
    return this.#code.ask({ name, kind: "send", request: eventSend(this.#host, name, request) }, nothing);
  }

  invoke(name: string, request: RunRequest): Promise<unknown> {
    return this.#code.ask({ name, kind: "child", request: childStart(this.#host, request) }, this.#decode());
  }

  startRun(name: string, request: RunRequest): Promise<unknown> {
    const fn = startDetached(this.#host, this.#code.runId, request, this.#code.now());
    const step: StepRequest = {
      name,
      fn,
      input: undefined,
      timeoutMs: undefined,
      retry: undefined,
      limit: undefined,
    };
    return this.#code.ask({ name, kind: "function", request: step }, this.#decode());
  }

  signal(): AbortSignal {
    return this.#code.signal();
  }

  giveUp(promise: unknown): void {
    this.#code.giveUp(promise);
  }

  continueAsNew(input: unknown): Promise<never> {
    return continueAsNew(this.#code, this.#host, input);
  }

  progress(value: unknown): void {
    const { payloads } = this.#host;
    this.#code.report(payloads.encode(value, "progress", `the progress of run ${this.#code.runId}`));
  }

  now(): number {
    return this.#code.now();
  }

  isReplaying(): boolean {
    return this.#code.isReplaying();
  }

  traceIds(): object {
    return this.#code.traceIds();
  }

  #decode() {
    const { payloads } = this.#host;
    return (payload: Payload | undefined) => payloads.decode(payload);
  }
}

function nothing(): undefined {
  return undefined;
}

function checkDeclared({ limits }: ExecutionHost, { limit, name }: StepRequest): void {
  if (limit === undefined || limits.has(limit)) return;
  throw new KagziError(
    "INVALID_ARGUMENT",
    `step ${JSON.stringify(name)} asks for the limit ${JSON.stringify(limit)}, which its worker does not declare: add it to the worker's limits`,
  );
}

function checkOpen({ hasEnded, runId }: CodeSide, what: string): void {
  if (!hasEnded()) return;
  const message = `${what} was called after run ${runId} had ended: await every step before the workflow returns`;
  throw new KagziError("PRECONDITION_FAILED", message, { subject: "run", subjectId: runId });
}

function continueAsNew(code: CodeSide, { payloads }: ExecutionHost, input: unknown): Promise<never> {
  const payload = payloads.encode(input, "input", `the input that run ${code.runId} goes on with`);
  const runId = derivedRunId(`${code.runId}/continue-as-new`, code.now());
  code.finish({ case: "continueAsNew", value: { runId, ...(payload && { input: payload }) } });
  // Nothing follows for this run's code: its function never hears of the end.
  return new Promise<never>(() => {});
}
