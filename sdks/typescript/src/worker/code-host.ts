import type { Payload } from "@kagzi/proto";
import type { ContextHost, StepRequest } from "../context/create-context.ts";
import { checkEvent, toEvent } from "../context/event.ts";
import { KagziError } from "../error.ts";
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
  /** Asks for a step; `read` makes of its outcome what the code is handed. */
  readonly ask: (asked: Asked, read: (payload: Payload | undefined) => unknown) => Promise<unknown>;
  readonly giveUp: (promise: unknown) => void;
  readonly report: (progress: Payload | undefined) => void;
  readonly finish: (outcome: WireOutcome) => void;
}

/** Does what the context of a run is asked for. */
export function codeHost(code: CodeSide, host: ExecutionHost): ContextHost {
  const { payloads } = host;
  const decode = (payload: Payload | undefined) => payloads.decode(payload);
  return {
    checkOpen: (what) => checkOpen(code, what),
    step: (request) => {
      checkDeclared(host, request);
      return code.ask({ name: request.name, kind: "function", request }, decode);
    },
    sleep: (name, request) => code.ask({ name, kind: "sleep", request }, () => undefined),
    waitForEvent: (name, { schema, ...request }) =>
      code.ask({ name, kind: "event", request }, (payload) => {
        const event = toEvent(name, payload, payloads);
        return schema === undefined ? event : checkEvent(event, schema);
      }),
    send: (name, request) => code.ask({ name, kind: "send", request: eventSend(host, name, request) }, () => undefined),
    invoke: (name, request) => code.ask({ name, kind: "child", request: childStart(host, request) }, decode),
    startRun: (name, request) => {
      const fn = startDetached(host, code.runId, request, code.now());
      const step: StepRequest = {
        name,
        fn,
        input: undefined,
        timeoutMs: undefined,
        retry: undefined,
        limit: undefined,
      };
      return code.ask({ name, kind: "function", request: step }, decode);
    },
    signal: code.signal,
    giveUp: code.giveUp,
    continueAsNew: (input) => continueAsNew(code, host, input),
    progress: (value) => code.report(payloads.encode(value, "progress", `the progress of run ${code.runId}`)),
    now: code.now,
    isReplaying: code.isReplaying,
  };
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
