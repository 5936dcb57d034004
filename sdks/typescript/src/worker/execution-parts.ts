import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ErrorDetail, Payload } from "@kagzi/proto";
import type { Connection } from "../connection.ts";
import type { StepRequest } from "../context/create-context.ts";
import { KagziError } from "../error.ts";
import { fromErrorDetail, toErrorDetail } from "../error-detail.ts";
import type { StepKind, StepRecord } from "../replay/records.ts";
import { type Call, Mismatch, type StepOutcome } from "../replay/replay.ts";
import type { Logger } from "../logger.ts";
import type { Payloads } from "../payload/codec.ts";
import { type RetryPolicy, toWirePolicy } from "../retry.ts";
import type { Runtime } from "../runtime.ts";
import type { AskedWait } from "./advance.ts";
import type { Execution } from "./execution.ts";
import type { HeldLease } from "./lease-watch.ts";
import type { StepInterceptor } from "./run-step.ts";
import type { ServerClock } from "./server-clock.ts";
import type { WorkerTask } from "./task.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";
import type { WireOutcome } from "./update-buffer.ts";

/** What an execution needs of its worker. */
export interface ExecutionHost {
  readonly connection: Connection;
  readonly runtime: Runtime;
  readonly clock: ServerClock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly payloads: Payloads;
  /** Of steps that name none. */
  readonly retry: RetryPolicy | undefined;
  readonly intercept: StepInterceptor | undefined;
  readonly metrics: WorkerMetrics;
  /** The named limits that the worker declares. */
  readonly limits: Pick<ReadonlySet<string>, "has">;
  /** Whether a run is surely still the worker's: without that no function of its steps begins. */
  readonly isSure: (run: HeldLease) => boolean;
  /** The execution has something to send. */
  readonly send: (execution: Execution) => void;
}

/** What the code has asked for. */
export type Asked = { readonly name: string } & (
  { readonly kind: "function"; readonly request: StepRequest } | AskedWait
);

/** What the promises in the hands of all runs' code stand for. */
export const CALLS = new WeakMap<object, Call>();

/** How a run ends whose code failed. */
export function failure(error: unknown, retry: RetryPolicy | undefined): WireOutcome {
  const policy = retry && { retryPolicy: toWirePolicy(retry) };
  return { case: "fail", value: { error: toErrorDetail(error), ...policy } };
}

/** What a call is in the history. An event is sent by the server, and is a step like one with a function. */
export function recordedKind({ kind }: Asked): StepKind {
  return kind === "send" ? "function" : kind;
}

/** What the code may know of its run. */
export function factsOf(task: WorkerTask, { namespace }: Pick<ExecutionHost, "namespace">) {
  const { attempt, externalId, runId, schedule, version, workflow } = task;
  return { runId, workflow, version, namespace, externalId, attempt, schedule };
}

/** Gives an outcome to the code that waits for it, as what `read` makes of it. */
export function hand(
  outcome: StepOutcome,
  code: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void },
  read: (payload: Payload | undefined) => unknown,
): void {
  if (outcome.type === "failed") return code.reject(fromErrorDetail(outcome.error));
  try {
    code.resolve(read(outcome.payload));
  } catch (error) {
    code.reject(error);
  }
}

/** A record as messages name it. */
export function describeRecord({ kind, name, occurrence }: StepRecord): string {
  return `${kind} ${JSON.stringify(name)} (number ${occurrence} of that name) is recorded`;
}

/** Code that never asks for a step that is recorded is other code. */
export function notAskedFor(record: StepRecord): Mismatch {
  return new Mismatch(`${describeRecord(record)}, and the code does not ask for it`);
}

/** Why a run is paused whose history is not one of its code. */
export function doesNotMatch(runId: string, message: string): KagziError {
  return new KagziError("NONDETERMINISM", message, { subject: "run", subjectId: runId });
}

/** What was thrown, in a few words. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Why a run fails that has a promise which failed unheard. */
export function strayFailure(runId: string, reason: unknown, where: string): KagziError {
  const message = `a promise in ${where} was rejected and nobody handles it: ${reasonOf(reason)}`;
  return new KagziError("INTERNAL", message, { cause: reason, subject: "run", subjectId: runId });
}

/** Why functions are aborted that are still running when the worker has to go. */
export function workerStops(): KagziError {
  return new KagziError("CANCELLED", "the worker stops; the run goes on elsewhere");
}

/** Why a step fails that lost a race. */
export function givenUp(runId: string, key: string): KagziError {
  return new KagziError(
    "CANCELLED",
    `step ${JSON.stringify(key)} of run ${runId} was given up: another one came first`,
    {
      subject: "step",
      subjectId: `${runId}/${key}`,
    },
  );
}

/** Which events a wait takes, if not any of its name. */
export function keyOf(asked: Asked | undefined): string | undefined {
  return asked?.kind === "event" ? asked.request.key : undefined;
}

/** The named limit that a step needs a slot of. */
export function limitOf(asked: Asked | undefined): string | undefined {
  return asked?.kind === "function" ? asked.request.limit : undefined;
}

/** A step that cannot have a slot fails with the reason, as if its function had. */
export function withoutSlot(request: StepRequest, error: unknown): StepRequest {
  if (error === undefined) return request;
  const fn = () => Promise.reject(error instanceof Error ? error : new Error(reasonOf(error)));
  return { ...request, fn };
}

/** What went wrong in the clean-up of a cancelled run is kept as the cause. */
export function withCause(error: ErrorDetail, outcome: WireOutcome): ErrorDetail {
  const cause = outcome.case === "fail" ? outcome.value.error : undefined;
  if (cause === undefined || cause.message === error.message) return error;
  return { ...error, cause: cause as ErrorDetail };
}

/** Until when a run is parked, and of how many signals its worker knows. */
export function parkUntil(
  { forMessages, wakeAt }: { readonly wakeAt: number | undefined; readonly forMessages: boolean },
  signals: number,
) {
  return { signals, forMessages, ...(wakeAt !== undefined && { wakeUpAt: timestampFromMs(wakeAt) }) };
}

/** What a run fails with that the server refused without saying why. */
export function noReason(): ErrorDetail {
  return toErrorDetail(new KagziError("INTERNAL", "the server refused an update and gave no reason"));
}
