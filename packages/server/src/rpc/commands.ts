import {
  type Command,
  KagziError,
  LIMITS,
  type RunningStep,
  type StepKind,
  checkInteger,
  checkRunId,
  checkStepName,
} from "@kagzi/core";
import type {
  Activity,
  CompleteStepCommand,
  FailRun,
  FailStepCommand,
  RunUpdate,
  SendEventCommand,
  StartChildCommand,
  Command as WireCommand,
  StepKind as WireStepKind,
} from "@kagzi/proto";
import type { ChildStart, EventSend, UpdateRequest } from "../engine/update-request.ts";
import { STEP_KIND, fromTimestamp, fromWireError, fromWirePolicy, given, keyOf } from "./convert.ts";
import { eventRequest } from "./event-service.ts";
import { startRequest } from "./start-request.ts";

/** What a worker says of a step. @throws KagziError `INVALID_ARGUMENT` */
export function toCommand(command: WireCommand): Command | ChildStart | EventSend {
  const { stepName: name, occurrence, observedAt } = command;
  const about = { name, occurrence, ...(observedAt !== undefined && { observedAt: fromTimestamp(observedAt) }) };
  const { case: kind, value } = command.command;
  switch (kind) {
    case "completeStep":
      return {
        ...about,
        do: "completeStep",
        ...attemptOf(value),
        ...(value.output !== undefined && { output: value.output }),
      };
    case "failStep":
      return { ...about, do: "failStep", ...attemptOf(value), error: fromWireError(value.error), ...policyOf(value) };
    case "startSleep":
      if (value.until.case === "at")
        return { ...about, do: "startSleep", due: { at: fromTimestamp(value.until.value) } };
      return { ...about, do: "startSleep", due: { afterMs: Number(value.until.value ?? 0n) } };
    case "completeSleep":
      return { ...about, do: "endWait", kind: "sleep", startedSeq: value.startedSeq };
    case "startEventWait":
      return {
        ...about,
        do: "startEventWait",
        ...given("due", value.timeoutMs === undefined ? undefined : { afterMs: Number(value.timeoutMs) }),
        ...(value.key !== "" && { key: value.key }),
      };
    case "completeEventWait":
      return { ...about, do: "endWait", kind: "event", startedSeq: value.startedSeq };
    case "startChild":
      return { ...about, do: "start", start: childStart(value) };
    case "sendEvent":
      return { ...about, do: "send", event: eventOf(value) };
    case "takeMessage":
      return {
        ...about,
        do: "takeMessage",
        kind: messageKind(value.kind),
        position: value.position,
        failed: value.failed,
      };
    case "cancelStep":
      return {
        ...about,
        do: "cancelStep",
        kind: stepKind(value.kind),
        error: fromWireError(value.error),
        ...given("childRunId", value.childRunId === undefined ? undefined : checkRunId(value.childRunId)),
      };
    case "cancelling":
      return { ...about, name: "", occurrence: 1, do: "cancelRun", error: fromWireError(value.error) };
    default:
      throw new KagziError("INVALID_ARGUMENT", `a command for step ${JSON.stringify(name)} says nothing to do`);
  }
}

function attemptOf({ attempt, durationMs, input }: CompleteStepCommand | FailStepCommand) {
  return { attempt, durationMs: Math.max(0, Number(durationMs)), ...(input !== undefined && { input }) };
}

function policyOf({ retryPolicy }: FailStepCommand | FailRun) {
  return given("policy", retryPolicy && fromWirePolicy(retryPolicy));
}

function childStart({ workflow }: StartChildCommand): ChildStart["start"] {
  if (workflow === undefined) throw new KagziError("INVALID_ARGUMENT", "start_child says no workflow");
  const { namespaceId: _, parent: __, ...start } = startRequest(workflow);
  return { ...start, runId: checkRunId(workflow.runId ?? "") };
}

function eventOf({ event }: SendEventCommand): EventSend["event"] {
  if (event === undefined) throw new KagziError("INVALID_ARGUMENT", "send_event says no event");
  const { eventId = "", runId } = event;
  return { ...eventRequest(event), eventId, ...given("runId", runId === undefined ? undefined : checkRunId(runId)) };
}

function stepKind(kind: WireStepKind): StepKind {
  const known = keyOf(STEP_KIND, kind);
  if (known !== undefined) return known;
  throw new KagziError("INVALID_ARGUMENT", `kind ${kind} is no kind of step`);
}

function messageKind(kind: WireStepKind): "event" | "child" {
  const known = stepKind(kind);
  if (known === "event" || known === "child") return known;
  throw new KagziError("INVALID_ARGUMENT", `a step of kind ${known} takes no message`);
}

/** What a worker says that a run is busy with. @throws KagziError `INVALID_ARGUMENT` */
export function toActivity({ steps }: Activity): readonly RunningStep[] {
  checkInteger("the number of running steps", steps.length, 0, LIMITS.pageSize);
  return steps.map(({ attempt, occurrence, startedAt, stepName }) => ({
    name: checkStepName(stepName),
    occurrence: checkInteger("the occurrence of a step", occurrence, 1, 2 ** 31 - 1),
    attempt: checkInteger("the attempt of a step", attempt, 1, 2 ** 31 - 1),
    startedAt: startedAt === undefined ? 0 : fromTimestamp(startedAt),
  }));
}

/** What a worker says becomes of a run. @throws KagziError `INVALID_ARGUMENT` */
export function toOutcome(update: RunUpdate): UpdateRequest["outcome"] {
  const { case: kind, value } = update.outcome;
  switch (kind) {
    case "park":
      return {
        become: "parked",
        signals: value.signals,
        forMessages: value.forMessages,
        ...given("wakeAt", value.wakeUpAt && fromTimestamp(value.wakeUpAt)),
      };
    case "complete":
      return { become: "completed", ...given("output", value.output) };
    case "fail":
      return { become: "failed", error: fromWireError(value.error), ...policyOf(value) };
    case "release":
      return { become: "released" };
    case "block":
      return { become: "blocked", error: fromWireError(value.error) };
    case "cancel":
      return { become: "cancelled", error: fromWireError(value.error) };
    case "continueAsNew":
      return { become: "continued", runId: checkRunId(value.runId), ...given("input", value.input) };
    default:
      return undefined;
  }
}
