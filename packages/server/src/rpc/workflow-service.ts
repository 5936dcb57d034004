import {
  KagziError,
  RUN_STATUSES,
  type RunDetail,
  type RunFilter,
  type RunReference,
  type RunStatus,
  checkName,
  checkNamespaceId,
  checkRunId,
  isTerminal,
} from "@kagzi/core";
import {
  type CancelWorkflowsRequest,
  type ListWorkflowsRequest,
  type RerunWorkflowRequest,
  type WorkflowStatus,
  type Workflow,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { LONGEST_WAIT_CALL_MS } from "../engine/runs.ts";
import { rerun } from "../engine/reruns.ts";
import {
  RUN_STATUS,
  fromTimestamp,
  fromWirePage,
  given,
  keyOf,
  toWirePage,
  toWireOutcome,
  toWireRun,
} from "./convert.ts";
import { toWireReason } from "./explain.ts";
import type { Service } from "./service.ts";
import { startRequest } from "./start-request.ts";
import type { WorkflowService } from "@kagzi/proto";

/** The states of runs that can be cancelled. */
const OPEN = RUN_STATUSES.filter((status) => !isTerminal(status));

export function createWorkflowService(engine: Engine): Service<typeof WorkflowService> {
  const { operations, runs, starts } = engine;

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
      const outcome = await runs.wait(referenceOf(request), timeoutMs, signal);
      return { workflow: toWireOutcome(outcome), finished: isTerminal(outcome.status) };
    },

    async listWorkflows(request) {
      const parent = request.parentRunId === undefined ? undefined : checkRunId(request.parentRunId);
      const filter = { ...filterOf(request), ...given("parentRunId", parent) };
      const page = await runs.list(filter, fromWirePage(request.page));
      return { workflows: page.items.map((run) => toWireRun(run)), page: toWirePage(page) };
    },

    async cancelWorkflow(request) {
      const reference = referenceOf(request);
      const graceMs = request.graceMs === undefined ? undefined : Number(request.graceMs);
      await operations.cancel(reference, request.reason, graceMs);
      return { workflow: await describeRun(await operations.current(reference)) };
    },

    async pauseWorkflow(request) {
      const reference = referenceOf(request);
      await operations.pause(reference, request.reason);
      return { workflow: await describeRun(await operations.current(reference)) };
    },

    async resumeWorkflow(request) {
      const reference = referenceOf(request);
      await operations.operate(reference, { do: "resume" });
      return { workflow: await describeRun(await operations.current(reference)) };
    },

    async retryWorkflow(request) {
      const reference = referenceOf(request);
      await operations.operate(reference, { do: "retry" });
      return { workflow: await describeRun(reference) };
    },

    rerunWorkflow: (request) =>
      rerun(runs, starts, {
        ...referenceOf(request),
        ...given("fromStep", request.fromStepId && stepOf(request)),
        ...given("newRunId", request.newRunId === undefined ? undefined : checkRunId(request.newRunId)),
        ...given("input", request.input),
        ...given("externalId", request.externalId),
      }),

    // One that has ended stays as it is: the answer tells how it ended.
    async terminateWorkflow(request) {
      const reference = referenceOf(request);
      await operations.terminate(reference, request.reason);
      return { workflow: await describeRun(await operations.current(reference)) };
    },

    async cancelWorkflows(request) {
      const graceMs = request.graceMs === undefined ? undefined : Number(request.graceMs);
      const before = request.pageToken === "" ? undefined : checkRunId(request.pageToken);
      const how = { reason: request.reason, ...given("graceMs", graceMs), ...given("before", before) };
      const filter = filterOf(request);
      const statuses = filter.statuses.length === 0 ? OPEN : filter.statuses;
      const { cancelled, next = "" } = await operations.cancelMany({ ...filter, statuses }, how);
      return { cancelled, nextPageToken: next };
    },

    async explainWorkflow(request) {
      const { next, reasons, run } = await engine.explanations.explain(referenceOf(request));
      const { runId, status, version, workflowType } = run;
      const about = { runId, workflowType, version, status: RUN_STATUS[status], next };
      return { ...about, reasons: reasons.map((reason) => toWireReason(run, reason)) };
    },

    async deleteWorkflow(request) {
      await operations.delete(referenceOf(request));
      return {};
    },
  };
}

async function withReason(engine: Engine, detail: RunDetail): Promise<Workflow> {
  const { run } = detail;
  const [waitingFor, expiresAt] = await Promise.all([
    engine.explanations.waitingFor(detail),
    engine.retention.expiresAt(run),
  ]);
  const reason = given("waitingFor", waitingFor && toWireReason(run, waitingFor));
  return toWireRun(run, { ...detail, ...reason, ...given("expiresAt", expiresAt) });
}

function filterOf(request: ListWorkflowsRequest | CancelWorkflowsRequest): RunFilter {
  const { workflowType, createdAfter, createdBefore } = request;
  return {
    namespaceId: checkNamespaceId(request.namespaceId),
    statuses: request.statusFilter.map(runStatus),
    ...given("workflowType", workflowType && checkName("the name of a workflow", workflowType)),
    ...given("createdAfter", createdAfter && fromTimestamp(createdAfter)),
    ...given("createdBefore", createdBefore && fromTimestamp(createdBefore)),
  };
}

/** The step that a rerun begins with, given by its id or by its name. */
function stepOf({ fromStepId = "", runId }: RerunWorkflowRequest): string {
  return fromStepId.startsWith(`${runId}/`) ? fromStepId.slice(runId.length + 1) : fromStepId;
}

function referenceOf(request: { readonly namespaceId: string; readonly runId: string }): RunReference {
  return { namespaceId: checkNamespaceId(request.namespaceId), runId: checkRunId(request.runId) };
}

function runStatus(status: WorkflowStatus): RunStatus {
  const known = keyOf(RUN_STATUS, status);
  if (known !== undefined) return known;
  throw new KagziError("INVALID_ARGUMENT", `status_filter holds ${status}, which is no status of a run`);
}
