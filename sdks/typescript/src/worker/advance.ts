import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ErrorDetail,
  type InboxMessage as WireMessage,
  RecordType,
  type RunAck,
  StepKind as WireKind,
} from "@kagzi/proto";
import type { WireSend } from "../client/send-request.ts";
import type { WireStart } from "../client/start-request.ts";
import type { Outcome, StepKind } from "../replay/records.ts";
import type { Call, Replay } from "../replay/replay.ts";
import { instantOf } from "./task.ts";
import type { CommandCase } from "./update-buffer.ts";

/** Until when a sleep lasts. */
export type SleepUntil = { readonly afterMs: number } | { readonly at: number };
/** Which event is waited for. */
export interface EventWait {
  readonly key: string | undefined;
  readonly timeoutMs: number | undefined;
}

/** What is recorded of a step, for the replay and for the server. */
export interface Recorded {
  readonly record: Outcome;
  readonly command: CommandCase;
}

export const WIRE_KIND: Readonly<Record<StepKind, WireKind>> = {
  function: WireKind.FUNCTION,
  sleep: WireKind.SLEEP,
  event: WireKind.EVENT,
  child: WireKind.CHILD_WORKFLOW,
};

/** A wait, a child or an event to be sent, as the code has asked for it. */
export type AskedWait =
  | { readonly kind: "send"; readonly request: WireSend }
  | { readonly kind: "sleep"; readonly request: SleepUntil }
  | { readonly kind: "event"; readonly request: EventWait }
  | { readonly kind: "child"; readonly request: WireStart };

/** What the code has asked for begins; a child or an event under an id of its own. */
export function begin(asked: AskedWait, newId: () => string): Recorded {
  if (asked.kind === "send") return sendEvent({ eventId: newId(), ...asked.request });
  if (asked.kind === "sleep") return beginSleep(asked.request);
  if (asked.kind === "event") return beginEventWait(asked.request);
  return beginChild({ ...asked.request, runId: newId() });
}

function beginSleep(until: SleepUntil): Recorded {
  const value =
    "at" in until
      ? ({ case: "at", value: timestampFromMs(until.at) } as const)
      : ({ case: "durationMs", value: BigInt(until.afterMs) } as const);
  return { record: { type: "started", attempt: 1 }, command: { case: "startSleep", value: { until: value } } };
}

function beginEventWait({ key, timeoutMs }: EventWait): Recorded {
  const value = { key: key ?? "", ...(timeoutMs !== undefined && { timeoutMs: BigInt(timeoutMs) }) };
  return { record: { type: "started", attempt: 1 }, command: { case: "startEventWait", value } };
}

/** A child is to be started; the server will say whether it could be. */
function beginChild(start: WireStart & { readonly runId: string }): Recorded {
  return {
    record: { type: "undecided", attempt: 1, childRunId: start.runId },
    command: { case: "startChild", value: { workflow: start } },
  };
}

/** An event is to be sent; the server will say whether it could be. */
function sendEvent(event: WireSend): Recorded {
  return { record: { type: "undecided", attempt: 1, sends: true }, command: { case: "sendEvent", value: { event } } };
}

/** The time of a wait is over. */
export function endWait(call: Call): Recorded {
  const value = { startedSeq: call.startedSeq ?? 0 };
  const kind = call.kind === "event" ? "completeEventWait" : "completeSleep";
  return { record: { type: "completed", attempt: 1 }, command: { case: kind, value } };
}

/** A message is what the step came to. */
export function takeMessage(call: Call, { error, payload, position }: WireMessage): Recorded {
  const value = { kind: WIRE_KIND[call.kind], position, failed: error !== undefined };
  return {
    record:
      error === undefined
        ? { type: "completed", attempt: 1, ...(payload && { payload }) }
        : { type: "failed", attempt: 1, error },
    command: { case: "takeMessage", value },
  };
}

/** The code gave the step up. */
export function cancelStep({ childRunId, kind }: Call, error: ErrorDetail): Recorded {
  const value = { kind: WIRE_KIND[kind], error, ...(childRunId !== undefined && { childRunId }) };
  return { record: { type: "cancelled", attempt: 1 }, command: { case: "cancelStep", value } };
}

/** What the server has decided, or fixed, in what was written. */
export function heed({ decisions }: Pick<RunAck, "decisions">, replay: Replay): void {
  for (const { dueAt, error, seq, type } of decisions) {
    const retry = type === RecordType.RETRYING;
    replay.decide(seq, { retry, dueAt: dueAt === undefined ? undefined : instantOf(dueAt), error });
  }
}
