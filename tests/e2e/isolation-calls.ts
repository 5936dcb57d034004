import type { DescMethod, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import {
  AdminService,
  ApiKeyRole,
  ApiKeyService,
  EventService,
  NamespaceService,
  StepKind,
  TrendRange,
  WorkerService,
  WorkflowScheduleService,
  WorkflowService,
} from "@kagzi/proto";

/** What lives in one namespace. */
export interface Inhabitants {
  readonly namespaceId: string;
  readonly runId: string;
  /** One that nobody has taken, of the workflow `TYPE`. */
  readonly readyRunId: string;
  readonly failedRunId: string;
  readonly pausedRunId: string;
  readonly externalId: string;
  readonly eventId: string;
  /** Of one that was sent to the whole namespace. */
  readonly newsId: string;
  readonly scheduleId: string;
  /** A limit that only this namespace has; the held run holds its slot, and another step waits for it. */
  readonly ownLimit: string;
  readonly workerId: string;
  /** The run that the worker holds, with the lease, and a step of it. */
  readonly heldRunId: string;
  readonly taskToken: string;
  readonly stepToken: string;
  readonly stepId: string;
}

/** The workflow that both namespaces have. */
export const TYPE = "shared";
/** A version that only the workers of the first namespace have. */
export const OWN_VERSION = "7";
/** The named limit that both namespaces have. */
export const LIMIT = "shared";
/** The event that starts a workflow and is waited for in both namespaces. */
export const NEWS = "news";

/**
 * What becomes of a call for things of another namespace: `missing`: NOT_FOUND. `lost`: as for a run that nobody holds.
 * `empty`: an answer without anything in it. `own`: it is about the caller's own namespace.
 */
export type Expected = "missing" | "lost" | "empty" | "own";

export interface ForeignCall {
  readonly method: DescMethod;
  readonly expected: Expected;
  readonly request: (a: Inhabitants, b: Inhabitants) => object;
}

function foreign<Method extends DescMethodUnary>(
  method: Method,
  expected: Expected,
  request: (a: Inhabitants, b: Inhabitants) => MessageInitShape<Method["input"]>,
): ForeignCall {
  return { method, expected, request };
}

const { method: runs } = WorkflowService;
const { method: workers } = WorkerService;
const { method: admin } = AdminService;
const { method: events } = EventService;
const { method: namespaces } = NamespaceService;
const { method: schedules } = WorkflowScheduleService;
const { method: apiKeys } = ApiKeyService;

/** A run of A, asked for in B. */
const run = (a: Inhabitants, b: Inhabitants) => ({ namespaceId: b.namespaceId, runId: a.runId });
const held = (a: Inhabitants, b: Inhabitants) => ({ namespaceId: b.namespaceId, runId: a.heldRunId });
const worker = (a: Inhabitants, b: Inhabitants) => ({ namespaceId: b.namespaceId, workerId: a.workerId });
const page = (a: Inhabitants) => ({ page: { pageSize: 1000, pageToken: a.readyRunId } });
const schedule = (a: Inhabitants, b: Inhabitants) => ({ namespaceId: b.namespaceId, scheduleId: a.scheduleId });
const slot = (a: Inhabitants, b: Inhabitants, limit: string) => ({
  namespaceId: b.namespaceId,
  runId: a.heldRunId,
  epoch: 1,
  limit,
  stepName: "charge",
  occurrence: 1,
});
const limited = { concurrency: [{ limit: 9 }] };

/**
 * Every call of the contract that goes by single messages, made in namespace B with what lives in namespace A. Those that
 * make something in B under an id of A come last: before them B has no such thing.
 */
export const FOREIGN_CALLS: readonly ForeignCall[] = [
  // First: afterwards it has what was asked for.
  foreign(admin.listAuditLog, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(runs.startWorkflow, "missing", (a, b) => ({
    namespaceId: b.namespaceId,
    workflowType: TYPE,
    parentRunId: a.runId,
    parentStepId: "step",
  })),
  foreign(runs.startWorkflows, "missing", (a, { namespaceId }) => ({
    workflows: [
      { namespaceId, workflowType: TYPE },
      { namespaceId, workflowType: TYPE, parentRunId: a.runId, parentStepId: "step" },
    ],
  })),
  foreign(runs.getWorkflow, "missing", run),
  foreign(runs.getWorkflowByExternalId, "missing", (a, b) => ({
    namespaceId: b.namespaceId,
    externalId: a.externalId,
  })),
  foreign(runs.waitWorkflow, "missing", (a, b) => ({ ...run(a, b), timeoutMs: 1n })),
  foreign(runs.listWorkflows, "empty", (a, b) => ({ namespaceId: b.namespaceId, parentRunId: a.runId })),
  foreign(runs.listWorkflows, "own", (a, b) => ({ namespaceId: b.namespaceId, ...page(a) })),
  foreign(runs.cancelWorkflow, "missing", run),
  foreign(runs.pauseWorkflow, "missing", run),
  foreign(runs.resumeWorkflow, "missing", (a, b) => ({ ...run(a, b), runId: a.pausedRunId })),
  foreign(runs.retryWorkflow, "missing", (a, b) => ({ ...run(a, b), runId: a.failedRunId })),
  foreign(runs.rerunWorkflow, "missing", run),
  foreign(runs.rerunWorkflow, "missing", (a, b) => ({ ...run(b, b), fromStepId: a.stepId })),
  foreign(runs.explainWorkflow, "missing", run),
  foreign(runs.terminateWorkflow, "missing", run),
  foreign(runs.deleteWorkflow, "missing", (a, b) => ({ ...run(a, b), runId: a.failedRunId })),
  foreign(events.sendEvent, "missing", (a, b) => ({ ...run(a, b), name: "go", eventId: a.eventId })),
  foreign(events.listEvents, "own", (_, b) => ({ namespaceId: b.namespaceId, page: { pageSize: 1000 } })),
  foreign(events.sendEvent, "own", (a, b) => ({ namespaceId: b.namespaceId, name: NEWS, eventId: a.newsId })),

  foreign(schedules.getWorkflowSchedule, "missing", schedule),
  foreign(schedules.updateWorkflowSchedule, "missing", (a, b) => ({ ...schedule(a, b), enabled: false })),
  foreign(schedules.pauseWorkflowSchedule, "missing", schedule),
  foreign(schedules.resumeWorkflowSchedule, "missing", schedule),
  foreign(schedules.triggerWorkflowSchedule, "missing", schedule),
  foreign(schedules.previewWorkflowSchedule, "missing", (a, b) => ({ ...schedule(a, b), count: 1 })),
  foreign(schedules.deleteWorkflowSchedule, "missing", schedule),
  foreign(schedules.listWorkflowSchedules, "own", (_, b) => ({ namespaceId: b.namespaceId })),

  foreign(workers.heartbeat, "missing", worker),
  foreign(workers.heartbeat, "own", (a, b) => ({
    ...worker(b, b),
    held: { runs: [{ runId: a.heldRunId, epoch: 1 }] },
  })),
  foreign(workers.deregister, "missing", worker),
  foreign(workers.pollTask, "missing", worker),
  foreign(workers.pollTask, "empty", (_, b) => ({ ...worker(b, b), workflowTypes: [TYPE], timeoutMs: 50n })),
  foreign(workers.beginStep, "missing", (a, b) => ({ ...held(a, b), stepName: "charge" })),
  foreign(workers.beginStep, "missing", (a, b) => ({
    ...held(a, b),
    stepName: "charge",
    kind: StepKind.SLEEP,
    taskToken: a.taskToken,
  })),
  foreign(workers.completeStep, "missing", (a, b) => ({ ...held(a, b), stepId: a.stepId })),
  foreign(workers.completeStep, "missing", (a, b) => ({ ...held(a, b), stepId: a.stepToken })),
  foreign(workers.failStep, "missing", (a, b) => ({ ...held(a, b), stepId: a.stepId, error: { message: "no" } })),
  foreign(workers.failStep, "missing", (a, b) => ({ ...held(a, b), stepId: a.stepToken, error: { message: "no" } })),
  foreign(workers.sleep, "missing", (a, b) => ({ ...held(a, b), stepId: a.stepId, duration: { seconds: 1n } })),
  foreign(workers.sleep, "missing", (a, b) => ({ ...held(a, b), stepId: a.stepToken, duration: { seconds: 1n } })),
  foreign(workers.completeWorkflow, "missing", held),
  foreign(workers.completeWorkflow, "missing", (a, b) => ({ ...held(a, b), taskToken: a.taskToken })),
  foreign(workers.failWorkflow, "missing", (a, b) => ({ ...held(a, b), error: { message: "no" } })),
  foreign(workers.failWorkflow, "missing", (a, b) => ({
    ...held(a, b),
    taskToken: a.taskToken,
    error: { message: "no" },
  })),
  foreign(workers.readHistory, "empty", run),
  foreign(workers.acquireSlot, "missing", (a, b) => slot(a, b, a.ownLimit)),
  foreign(workers.acquireSlot, "lost", (a, b) => slot(a, b, LIMIT)),
  foreign(workers.releaseSlot, "own", (a, b) => slot(a, b, a.ownLimit)),
  foreign(workers.releaseSlot, "own", (a, b) => slot(a, b, LIMIT)),

  foreign(admin.listWorkers, "own", (a, b) => ({
    namespaceId: b.namespaceId,
    page: { pageSize: 1000, pageToken: a.workerId },
  })),
  foreign(admin.getWorker, "missing", worker),
  foreign(admin.drainWorker, "missing", worker),
  foreign(admin.getStep, "missing", (a, b) => ({ namespaceId: b.namespaceId, stepId: a.stepId })),
  foreign(admin.getStep, "missing", (a, b) => ({ namespaceId: b.namespaceId, stepId: a.stepToken })),
  foreign(admin.listSteps, "missing", run),
  foreign(admin.listHistory, "missing", run),
  foreign(admin.getStats, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(admin.getWorkflowVersions, "own", (_, b) => ({ namespaceId: b.namespaceId, workflowType: TYPE })),
  foreign(admin.setDefaultVersion, "missing", (_, b) => ({
    namespaceId: b.namespaceId,
    workflowType: TYPE,
    version: OWN_VERSION,
  })),
  foreign(admin.getWorkflowLimits, "empty", (_, b) => ({ namespaceId: b.namespaceId, workflowType: TYPE })),
  foreign(admin.setWorkflowLimits, "own", (_, b) => ({
    namespaceId: b.namespaceId,
    workflowType: TYPE,
    limits: limited,
  })),
  foreign(admin.getStepLimit, "missing", (a, b) => ({ namespaceId: b.namespaceId, name: a.ownLimit })),
  foreign(admin.getStepLimit, "own", (_, b) => ({ namespaceId: b.namespaceId, name: LIMIT })),
  foreign(admin.setStepLimit, "missing", (a, b) => ({ namespaceId: b.namespaceId, name: a.ownLimit, limits: limited })),
  foreign(admin.setStepLimit, "own", (_, b) => ({ namespaceId: b.namespaceId, name: LIMIT, limits: limited })),
  foreign(apiKeys.createApiKey, "own", (_, b) => ({ namespaceId: b.namespaceId, name: "b", role: ApiKeyRole.CLIENT })),
  foreign(apiKeys.listApiKeys, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  // By an id that is of no namespace; keys of one namespace know only those of theirs, which has a test of its own.
  foreign(apiKeys.revokeApiKey, "missing", () => ({ keyId: "0".repeat(16) })),
  foreign(admin.listWorkflowTypes, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(admin.listQueues, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(admin.getTrends, "own", (_, b) => ({ namespaceId: b.namespaceId, range: TrendRange.HOUR })),
  // About the server, which all namespaces share.
  foreign(admin.healthCheck, "own", () => ({})),
  foreign(admin.getServerInfo, "own", () => ({})),
  // About namespaces themselves: whoever may make these calls at all may name any namespace.
  foreign(namespaces.getNamespace, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(namespaces.listNamespaces, "own", () => ({})),
  foreign(namespaces.updateNamespace, "own", (_, b) => ({ namespaceId: b.namespaceId, description: "B" })),
  foreign(namespaces.disableNamespace, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(namespaces.enableNamespace, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(namespaces.createNamespace, "own", () => ({ namespaceId: "c" })),

  foreign(runs.startWorkflow, "own", (a, b) => ({ namespaceId: b.namespaceId, workflowType: TYPE, runId: a.runId })),
  foreign(runs.startWorkflows, "own", (a, { namespaceId }) => ({
    workflows: [{ namespaceId, workflowType: TYPE, externalId: a.externalId }],
  })),
  foreign(runs.rerunWorkflow, "own", (a, b) => ({ ...run(b, b), newRunId: a.pausedRunId })),
  foreign(events.sendEvent, "own", (a, b) => ({ ...run(b, b), name: "go", eventId: a.eventId })),
  foreign(schedules.createWorkflowSchedule, "own", (a, b) => ({
    ...schedule(a, b),
    workflowType: TYPE,
    cronExpr: "@yearly",
  })),
  foreign(schedules.deleteWorkflowSchedule, "own", schedule),
  foreign(runs.cancelWorkflows, "own", (a, b) => ({ namespaceId: b.namespaceId, pageToken: a.readyRunId })),
  foreign(runs.cancelWorkflows, "own", (_, b) => ({ namespaceId: b.namespaceId })),
  foreign(workers.register, "own", (_, b) => ({
    namespaceId: b.namespaceId,
    workflows: [{ workflowType: TYPE, version: OWN_VERSION, on: [NEWS] }],
  })),
  // It declares what A has: a schedule, a limit of its workflow, a limit of its steps.
  foreign(workers.register, "own", (a, b) => ({
    namespaceId: b.namespaceId,
    workflows: [
      { workflowType: TYPE, version: "1", ...limited, schedules: [{ scheduleId: a.scheduleId, cronExpr: "@yearly" }] },
    ],
    limits: { [a.ownLimit]: limited },
  })),
];
