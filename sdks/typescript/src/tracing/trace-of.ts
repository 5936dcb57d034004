import { type ErrorDetail, type InboxMessage, type Payload, ErrorCode as WireCode } from "@kagzi/proto";
import type { Call } from "../replay/replay.ts";
import { type AskedWait, type Recorded, takeMessage } from "../worker/advance.ts";
import type { WireOutcome } from "../worker/update-buffer.ts";
import { traceApi } from "./api.ts";
import { RunTrace, type TracedRun } from "./run-trace.ts";

export type { RunTrace };

/** The trace of a run; `undefined` where this process has not set up tracing. */
export function runTrace(run: TracedRun, input: Payload | undefined): RunTrace | undefined {
  if (traceApi() === undefined) return undefined;
  const { attempt, namespace, runId, version, workflow } = run;
  return new RunTrace({ runId, workflow, version, namespace, attempt }, input);
}

/** Begins the code of a run, and the first slice of its trace. */
export function beginTraced(trace: RunTrace | undefined, run: () => void): void {
  if (trace === undefined) return run();
  trace.begin();
  trace.outside(run);
}

/** A message that the run is handed: from here on its trace leads to who sent it. */
export function take(call: Call, message: InboxMessage, trace: RunTrace | undefined): Recorded {
  trace?.took(message.payload);
  return takeMessage(call, message);
}

/** A child or an event that says from which run it comes. */
export function sentFrom(trace: RunTrace | undefined, asked: AskedWait): AskedWait {
  if (trace === undefined) return asked;
  if (asked.kind === "child") {
    const input = trace.carried(asked.request.input as Payload | undefined);
    return { ...asked, request: { ...asked.request, ...(input && { input }) } };
  }
  if (asked.kind !== "send") return asked;
  const payload = trace.carried(asked.request.payload as Payload | undefined);
  return { ...asked, request: { ...asked.request, ...(payload && { payload }) } };
}

/** What kind of error a run leaves with; `undefined` if with none. */
export function errorTypeOf({ case: how, value }: WireOutcome): string | undefined {
  if (how !== "fail" && how !== "block") return undefined;
  return typeOf(value.error as ErrorDetail | undefined);
}

/** An error by its name, or, if it is one of ours, by its code. */
export function typeOf(error: Pick<ErrorDetail, "name" | "code"> | undefined): string {
  if (error === undefined) return "Error";
  const isOurs = error.name === "" || error.name === "KagziError";
  return isOurs ? (WireCode[error.code] ?? "INTERNAL") : error.name;
}
