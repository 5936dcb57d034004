import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type RunReference, type Timer, type WaitingFor, sentenceOf, unreachable } from "@kagzi/core";
import {
  WaitingFor_Reason as Reason,
  WaitingForSchema,
  type WaitingFor as WireWaitingFor,
  WaitingFor_Timer as WireTimer,
} from "@kagzi/proto";
import { RUN_STATUS, given, givenTime } from "./convert.ts";
import { toWireError } from "./errors.ts";

const REASON: Readonly<Record<WaitingFor["reason"], Reason>> = {
  time: Reason.TIME,
  worker: Reason.WORKER,
  slot: Reason.SLOT,
  limit: Reason.LIMIT,
  throttle: Reason.THROTTLE,
  paused: Reason.PAUSED,
  event: Reason.EVENT,
  child: Reason.CHILD_WORKFLOW,
  step: Reason.STEP,
  code: Reason.CODE,
  running: Reason.RUNNING,
  cancelling: Reason.CANCELLING,
  ended: Reason.ENDED,
  namespace: Reason.NAMESPACE,
};

const TIMER: Readonly<Record<Timer, WireTimer>> = {
  start: WireTimer.START,
  sleep: WireTimer.SLEEP,
  stepRetry: WireTimer.STEP_RETRY,
  runRetry: WireTimer.RUN_RETRY,
  takeover: WireTimer.TAKEOVER,
  deadline: WireTimer.DEADLINE,
};

/** A reason as the wire has it, with its sentence. */
export function toWireReason({ runId }: RunReference, reason: WaitingFor): WireWaitingFor {
  const stepId = "step" in reason && reason.step !== "" ? `${runId}/${reason.step}` : "";
  return create(WaitingForSchema, {
    reason: REASON[reason.reason],
    message: sentenceOf(reason),
    stepId,
    ...("until" in reason && givenTime("until", reason.until)),
    ...("since" in reason && givenTime("since", reason.since)),
    ...("attempt" in reason && given("attempt", reason.attempt)),
    ...("error" in reason && given("error", reason.error && toWireError(reason.error))),
    ...("workerId" in reason && given("workerId", reason.workerId)),
    ...fieldsOf(reason),
  });
}

/** What only reasons of this kind have. */
function fieldsOf(reason: WaitingFor): MessageInitShape<typeof WaitingForSchema> {
  switch (reason.reason) {
    case "time":
      return { timer: TIMER[reason.timer] };
    case "worker": {
      const { draining: drainingCount, offered, taskQueues } = reason;
      return { offered: [...offered], drainingCount, taskQueues: [...taskQueues] };
    }
    case "slot": {
      const { ahead, holders, slots, taken: slotsTaken, workerCount, workers } = reason;
      return { workers: [...workers], workerCount, slots, slotsTaken, holderRunIds: [...holders], ahead };
    }
    case "limit": {
      const { holders, key, limit, name, waiting } = reason;
      const named = { ...given("limitKey", key), ...given("limitName", name), ...given("waiting", waiting) };
      return { limit, holderRunIds: [...holders], ...named };
    }
    case "throttle": {
      const { key, limit, name, perMs } = reason;
      return { limit, perMs: BigInt(perMs), ...given("limitKey", key), ...given("limitName", name) };
    }
    case "child": {
      const { childRunId, childStatus } = reason;
      return { childRunId, ...given("childStatus", childStatus && RUN_STATUS[childStatus]) };
    }
    case "running":
      return givenTime("heardAt", reason.heardAt);
    case "ended":
      return given("continuedAsRunId", reason.continuedAs);
    case "event":
      return given("eventKey", reason.key);
    case "paused":
    case "step":
    case "code":
    case "cancelling":
    case "namespace":
      return {};
    default:
      return unreachable(reason);
  }
}
