import { create } from "@bufbuild/protobuf";
import {
  type ErrorDetail,
  KagziError,
  type RunReference,
  type RunStatus,
  checkName,
  checkNamespaceId,
  checkRunId,
  checkText,
} from "@kagzi/core";
import {
  type StartWorkflowRequest,
  WaitingFor_Reason as Reason,
  type WorkflowStatus,
  type Workflow,
  WaitingForSchema,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { LONGEST_WAIT_CALL_MS, type WaitingFor } from "../engine/runs.ts";
import type { StartRequest } from "../engine/starts.ts";
import {
  RUN_STATUS,
  fromTimestamp,
  fromWirePage,
  fromWirePolicy,
  given,
  givenTime,
  keyOf,
  toWirePage,
  toWireRun,
} from "./convert.ts";
import { type Service, notOffered } from "./service.ts";
import type { WorkflowService } from "@kagzi/proto";

const REASON: Readonly<Record<WaitingFor["reason"], Reason>> = {
  time: Reason.TIME,
  worker: Reason.WORKER,
  slot: Reason.SLOT,
  paused: Reason.PAUSED,
};

export function createWorkflowService(engine: Engine): Service<typeof WorkflowService> {
  const { runs, starts } = engine;

  const describeRun = async (reference: RunReference): Promise<Workflow> => {
    const detail = await runs.get(reference);
    return withReason(engine, detail);
  };

  return {
    startWorkflow: (request) => starts.start(startRequest(request)),

    async startWorkflows(request) {
      const requests = request.workflows.map(startRequest);
      if (new Set(requests.map((start) => start.namespaceId)).size > 1) {
        throw new KagziError("INVALID_ARGUMENT", "the workflows of one StartWorkflows must be in one namespace");
      }
      return { workflows: [...(await starts.startTogether(requests))] };
    },

    async getWorkflow(request) {
      return { workflow: await describeRun(referenceOf(request)) };
    },

    async getWorkflowByExternalId(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const detail = await runs.getByExternalId(namespaceId, checkName("an external id", request.externalId));
      return { workflow: await withReason(engine, detail) };
    },

    async waitWorkflow(request, { signal }) {
      const timeoutMs = request.timeoutMs === undefined ? LONGEST_WAIT_CALL_MS : Number(request.timeoutMs);
      const detail = await runs.wait(referenceOf(request), timeoutMs, signal);
      return { workflow: toWireRun(detail.run, detail), finished: "finishedAt" in detail.run };
    },

    async listWorkflows(request) {
      const { workflowType, createdAfter, createdBefore } = request;
      const filter = {
        namespaceId: checkNamespaceId(request.namespaceId),
        statuses: request.statusFilter.map(runStatus),
        ...given("workflowType", workflowType && checkName("the name of a workflow", workflowType)),
        ...given("createdAfter", createdAfter && fromTimestamp(createdAfter)),
        ...given("createdBefore", createdBefore && fromTimestamp(createdBefore)),
      };
      const page = await runs.list(filter, fromWirePage(request.page));
      return { workflows: page.items.map((run) => toWireRun(run)), page: toWirePage(page) };
    },

    cancelWorkflow: notOffered("CancelWorkflow"),
    pauseWorkflow: notOffered("PauseWorkflow"),
    resumeWorkflow: notOffered("ResumeWorkflow"),
    retryWorkflow: notOffered("RetryWorkflow"),
    rerunWorkflow: notOffered("RerunWorkflow"),

    async terminateWorkflow(request) {
      const reference = referenceOf(request);
      // One that has ended stays as it is: the answer tells how it ended.
      await runs.get(reference);
      await engine.end({ ...reference, status: "cancelled", error: terminated(reference, request.reason) });
      return { workflow: await describeRun(reference) };
    },
  };
}

async function withReason(
  engine: Engine,
  detail: Parameters<typeof toWireRun>[1] & { run: Parameters<typeof toWireRun>[0] },
) {
  const waitingFor = await engine.runs.waitingFor(detail.run);
  return toWireRun(detail.run, { ...detail, ...given("waitingFor", waitingFor && toWireReason(waitingFor)) });
}

function terminated({ runId }: RunReference, reason: string): ErrorDetail {
  const because = checkText("the reason", reason);
  const message = because === "" ? `run ${runId} was terminated` : `run ${runId} was terminated: ${because}`;
  return new KagziError("CANCELLED", message, { subject: "run", subjectId: runId }).detail;
}

function toWireReason({ reason, message, until }: WaitingFor) {
  return create(WaitingForSchema, {
    reason: REASON[reason],
    message,
    ...givenTime("until", until),
  });
}

function referenceOf(request: { readonly namespaceId: string; readonly runId: string }): RunReference {
  return { namespaceId: checkNamespaceId(request.namespaceId), runId: checkRunId(request.runId) };
}

function runStatus(status: WorkflowStatus): RunStatus {
  const known = keyOf(RUN_STATUS, status);
  if (known !== undefined) return known;
  throw new KagziError("INVALID_ARGUMENT", `status_filter holds ${status}, which is no status of a run`);
}

function startRequest(request: StartWorkflowRequest): StartRequest {
  const { runId, externalId, input, version, retryPolicy, timeoutMs } = request;
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
  };
}
