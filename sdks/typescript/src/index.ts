export { Client, type ClientOptions, type StartItem, type StartOptions } from "./client/client.ts";
export type { ApiKey, ApiKeyFilter, ApiKeyRole, ApiKeysClient, NewApiKey } from "./client/api-keys.ts";
export type { AuditEntry, AuditLogClient } from "./client/audit-log.ts";
export type { LimitsClient, StepLimitInfo } from "./client/limits.ts";
export type { EventFilter, EventInfo, EventList, EventPage, EventsClient, SendResult } from "./client/events.ts";
export type { Namespace, NamespacesClient } from "./client/namespaces.ts";
export type { Explanation } from "./client/explanation.ts";
export type { CancelOptions, ResultOptions, RunHandle } from "./client/run-handle.ts";
export type { RunInfo } from "./client/run-info.ts";
export type { RunStatus } from "./client/run-status.ts";
export type { ListFilter, PageOptions, RerunOptions, RunFilter, RunList, RunPage, RunsClient } from "./client/runs.ts";
export type { SendOptions } from "./client/send-request.ts";
export type { RunOptions } from "./client/start-request.ts";
export type {
  NewSchedule,
  ScheduleChange,
  ScheduleInfo,
  ScheduleList,
  SchedulePage,
  SchedulesClient,
} from "./client/schedules.ts";
export type { WaitingFor, WaitingReason, WorkerSlots } from "./client/waiting-for.ts";
export type { LimitUsage, WorkflowLimitsInfo, WorkflowsClient, WorkflowVersions } from "./client/workflows.ts";
export type { Connection } from "./connection.ts";
export type { ClientTls } from "./credentials.ts";
export type {
  ChildOptions,
  Context,
  ContextSendOptions,
  StartedRun,
  StepContext,
  StepFunction,
  StepOptions,
} from "./context/context.ts";
export type { ReceivedEvent, WaitOptions } from "./context/event.ts";
export type { RaceResult } from "./context/race.ts";
export type { Duration } from "./duration-grammar.ts";
export { durationMs } from "./duration.ts";
export { type ErrorCode, KagziError, isKagziError } from "./error.ts";
export type { EncodedPayload, PayloadCodec } from "./payload/codec.ts";
export type { Logger } from "./logger.ts";
export { Retry, type RetryOptions, type RetryPolicy } from "./retry.ts";
export type {
  ScheduleDeclaration,
  ScheduleDeclarations,
  ScheduleOverlapPolicy,
  ScheduleRules,
  ScheduleTiming,
  ScheduledFire,
} from "./schedule.ts";
export type { Runtime } from "./runtime.ts";
export { type ExportedHistory, replayHistory } from "./worker/replay-history.ts";
export type { InterceptedStep, StepInterceptor } from "./worker/run-step.ts";
export { Worker, type WorkerOptions } from "./worker/worker.ts";
export type { ConcurrencyLimit, LimitOptions, Throttle, WorkflowLimits } from "./workflow-limits.ts";
export { type Workflow, type WorkflowFunction, type WorkflowOptions, workflow } from "./workflow.ts";
