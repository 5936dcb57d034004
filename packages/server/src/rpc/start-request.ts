import { type ParentReference, type RunId, checkNamespaceId, checkRunId } from "@kagzi/core";
import type { StartWorkflowRequest } from "@kagzi/proto";
import type { StartRequest } from "../engine/starts.ts";
import { fromWirePolicy, given } from "./convert.ts";

/** A start as the wire asks for it. @throws KagziError `INVALID_ARGUMENT` */
export function startRequest(request: StartWorkflowRequest): StartRequest {
  const { runId, externalId, input, parentRunId, version, retryPolicy, startTimeoutMs, timeoutMs } = request;
  return {
    namespaceId: checkNamespaceId(request.namespaceId),
    taskQueue: request.taskQueue,
    workflowType: request.workflowType,
    priority: request.priority,
    delayMs: Number(request.delayMs),
    ...given("runId", runId === undefined ? undefined : checkRunId(runId)),
    ...given("externalId", externalId),
    ...given("input", input),
    ...given("version", version),
    ...given("retryPolicy", retryPolicy && fromWirePolicy(retryPolicy)),
    ...given("timeoutMs", timeoutMs === undefined ? undefined : Number(timeoutMs)),
    ...given("startTimeoutMs", startTimeoutMs === undefined ? undefined : Number(startTimeoutMs)),
    limitKeys: request.limitKeys,
    ...given("parent", parentRunId === undefined ? undefined : parentOf(checkRunId(parentRunId), request)),
  };
}

/** A run that goes its own way: its parent is remembered, and neither waits for it nor ends with it. */
function parentOf(runId: RunId, { parentStepId = "" }: StartWorkflowRequest): ParentReference {
  const step = parentStepId.startsWith(`${runId}/`) ? parentStepId.slice(runId.length + 1) : parentStepId;
  return { runId, step, awaited: false };
}
