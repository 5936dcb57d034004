import type { Right } from "@kagzi/core";

/** What a call takes: a right; `nothing`: not even a key; or a right in all namespaces at once. */
export type Needed = Right | "nothing" | "read everywhere" | "admin everywhere";

/** What pages take that are no calls, by their path. */
export const PAGES: Readonly<Record<string, Needed>> = {
  "/healthz": "nothing",
  "/readyz": "nothing",
  // They tell of all namespaces.
  "/metrics": "read everywhere",
};

/**
 * What each call takes, by its service and name. A call that is not here is refused to everybody; a test finds it.
 */
export const NEEDED: Readonly<Record<string, Readonly<Record<string, Needed>>>> = {
  "kagzi.v1.WorkflowService": {
    StartWorkflow: "start",
    StartWorkflows: "start",
    GetWorkflow: "read",
    GetWorkflowByExternalId: "read",
    WaitWorkflow: "read",
    ListWorkflows: "read",
    ExplainWorkflow: "read",
    CancelWorkflow: "use",
    CancelWorkflows: "use",
    PauseWorkflow: "use",
    ResumeWorkflow: "use",
    RetryWorkflow: "use",
    RerunWorkflow: "use",
    TerminateWorkflow: "admin",
    DeleteWorkflow: "admin",
  },
  "kagzi.v1.WorkerService": {
    Register: "work",
    Heartbeat: "work",
    Deregister: "work",
    PollTask: "work",
    BeginStep: "work",
    CompleteStep: "work",
    FailStep: "work",
    CompleteWorkflow: "work",
    FailWorkflow: "work",
    Sleep: "work",
    Work: "work",
    ReadHistory: "read",
    AcquireSlot: "work",
    ReleaseSlot: "work",
  },
  "kagzi.v1.WorkflowScheduleService": {
    CreateWorkflowSchedule: "use",
    GetWorkflowSchedule: "read",
    ListWorkflowSchedules: "read",
    UpdateWorkflowSchedule: "use",
    DeleteWorkflowSchedule: "use",
    PauseWorkflowSchedule: "use",
    ResumeWorkflowSchedule: "use",
    TriggerWorkflowSchedule: "use",
    PreviewWorkflowSchedule: "read",
  },
  "kagzi.v1.EventService": { SendEvent: "use", ListEvents: "read" },
  "kagzi.v1.AdminService": {
    ListWorkers: "read",
    GetWorker: "read",
    GetStep: "read",
    ListSteps: "read",
    ListHistory: "read",
    HealthCheck: "nothing",
    GetServerInfo: "read",
    GetStats: "read",
    DrainWorker: "admin",
    GetWorkflowVersions: "read",
    SetDefaultVersion: "admin",
    GetWorkflowLimits: "read",
    SetWorkflowLimits: "admin",
    GetStepLimit: "read",
    SetStepLimit: "admin",
    ListAuditLog: "admin",
    ListWorkflowTypes: "read",
    ListQueues: "read",
    GetTrends: "read",
  },
  "kagzi.v1.NamespaceService": {
    CreateNamespace: "admin everywhere",
    GetNamespace: "read",
    ListNamespaces: "read",
    UpdateNamespace: "admin",
    EnableNamespace: "admin",
    DisableNamespace: "admin",
  },
  "kagzi.v1.ApiKeyService": { CreateApiKey: "admin", ListApiKeys: "admin", RevokeApiKey: "admin" },
  // Load balancers ask it, and have no keys.
  "grpc.health.v1.Health": { Check: "nothing", List: "nothing", Watch: "nothing" },
  "grpc.reflection.v1.ServerReflection": { ServerReflectionInfo: "read" },
  "grpc.reflection.v1alpha.ServerReflection": { ServerReflectionInfo: "read" },
};

/** What a call takes, by its path `/<service>/<method>`, or a page; `undefined` if there is no such call or page. */
export function neededFor(path: string): Needed | undefined {
  if (Object.hasOwn(PAGES, path)) return PAGES[path];
  const [, service = "", method = "", ...rest] = path.split("/");
  if (rest.length > 0 || !Object.hasOwn(NEEDED, service)) return undefined;
  const methods = NEEDED[service] ?? {};
  return Object.hasOwn(methods, method) ? methods[method] : undefined;
}
