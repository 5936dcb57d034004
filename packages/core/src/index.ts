export type { Activity, RunningStep } from "./activity.ts";
export type { Backlog, Connections } from "./backlog.ts";
export {
  type ApiKey,
  type ApiKeyParts,
  LOCAL,
  type NewApiKey,
  type Principal,
  ROLES,
  type Right,
  type Role,
  checkKeyId,
  checkRole,
  formatApiKey,
  mayDo,
  parseApiKey,
  principalOf,
  rolesWith,
  whyInvalid,
} from "./api-key.ts";
export { type AuditEntry, type NewAuditEntry, auditEntry } from "./audit.ts";
export {
  checkInteger,
  checkName,
  checkNamespaceId,
  checkOptionalName,
  checkPayload,
  checkRetryPolicy,
  checkRunId,
  checkStepName,
  checkText,
  checkWaitMs,
  checkWorkerId,
  storableText,
} from "./check.ts";
export {
  type Assignment,
  type Candidate,
  type DispatchKey,
  type FreeWorker,
  type Wanted,
  assignRuns,
  leftOvers,
  refusedWorkers,
} from "./dispatch.ts";
export {
  type ErrorCode,
  type ErrorDetail,
  KagziError,
  errorCodeOf,
  isKagziError,
  leaseLost,
  notFound,
  quoteId,
  retryCanHelp,
} from "./error.ts";
export type {
  EventFilter,
  EventPosition,
  NewEvent,
  Routed,
  SendOutcome,
  SentEvent,
  Subscription,
  WaitKey,
} from "./event.ts";
export { type ExplainFacts, reasonsOf } from "./explain.ts";
export { adviceOn, sentenceOf } from "./explain-text.ts";
export { type NamespaceId, type RunId, type UuidSource, type WorkerId, isUuid, uuidv7Source } from "./ids.ts";
export {
  DELIVERY_GRACE_MS,
  type GivenBack,
  type GrantedLease,
  type LapsedLease,
  type Lease,
  MAX_CRASHES,
  type Takeover,
  compareLeases,
  crashesSince,
  crashesWithClaim,
  matchLeases,
  decideTakeover,
} from "./lease.ts";
export { LIMITS } from "./limits.ts";
export { type Addressed, type Message, type NewMessage, messageOfEnd } from "./message.ts";
export type { Namespace, NamespaceChange } from "./namespace.ts";
export { type Operation, type RunChange, decideOperation, isBlocked } from "./operation.ts";
export { type Payload, payloadBytes } from "./payload.ts";
export {
  type HistoryRecord,
  type NewRecord,
  type RecordKind,
  type RecordType,
  type StepKey,
  type StepKind,
  formatStepKey,
  parseStepKey,
} from "./record.ts";
export {
  DEFAULT_RUN_RETRY,
  DEFAULT_STEP_RETRY,
  LONGEST_RETRY_MS,
  type RetryDecision,
  type RetryPolicy,
  decideRetry,
  retryIntervalMs,
} from "./retry-policy.ts";
export { type Refusal, type RunFacts, explainRefusal } from "./refusal.ts";
export {
  type NewRun,
  type ParentReference,
  RUN_STATUSES,
  RUN_TRANSITIONS,
  type Run,
  type RunState,
  type RunStatus,
  type TerminalStatus,
  isTerminal,
} from "./run.ts";
export {
  type Command,
  type HeldRun,
  type NextState,
  type Outcome,
  type RunAttempt,
  type RunUpdate,
  type RunWrite,
  parkOnWaits,
  planUpdate,
  yieldsToCancel,
} from "./run-update.ts";
export {
  BUFFER_LOOK_MS,
  type DuePlan,
  type Fires,
  type NextSlot,
  ON_TIME_MS,
  type Overlap,
  SCHEDULE_INPUT,
  type Schedule,
  type ScheduleReference,
  type ScheduleSpec,
  type Timing,
  decideFires,
  isSameSpec,
  newSchedule,
  nextOfInterval,
  pauseSchedule,
  planDue,
  postponeSchedule,
  resumeSchedule,
  updateSchedule,
} from "./schedule.ts";
export type { ApiKeyCreation, ApiKeyStore, AuditStore } from "./security-store.ts";
export { type Step, stepsOf, withRunning } from "./steps.ts";
export type {
  ClaimRequest,
  ClaimResult,
  ClaimedRun,
  Hint,
  Hints,
  HistoryPage,
  MessagePage,
  HistoryPosition,
  HistoryStore,
  NamespaceStore,
  RunDetail,
  EventStore,
  Operated,
  RerunSource,
  InboxStore,
  LimitSettings,
  LimitStore,
  LimitUsage,
  Called,
  SlotOutcome,
  SlotStore,
  SlotUsage,
  StepLimitSettings,
  LimitedClaimRequest,
  Signals,
  Touched,
  WorkflowVersions,
  RunFilter,
  RunReference,
  RunStore,
  SchemaState,
  ScheduleChange,
  ScheduleFound,
  ScheduleStore,
  Scheduled,
  Start,
  StartOutcome,
  Store,
  WorkerStore,
  WriteOutcome,
} from "./store.ts";
export { type Due, type Instant, LONGEST_WAIT_MS } from "./time.ts";
export { unreachable } from "./unreachable.ts";
export { MAX_AHEAD, MAX_NAMED, type Timer, type WaitingFor, type WorkerSlots } from "./waiting-for.ts";
export {
  type NewWorker,
  type OfferedWorkflow,
  type Worker,
  type WorkerStats,
  type WorkerStatus,
  type WorkflowVersion,
  compareVersions,
  highestVersion,
} from "./worker.ts";
export {
  type ConcurrencyLimit,
  type Lane,
  type LimitKeys,
  type Throttle,
  type Turn,
  type WorkflowLimits,
  checkLimits,
  effectiveLimits,
  isUnlimited,
  laneOf,
  lanesOf,
  limitKeysOf,
  roomOf,
  shareOut,
} from "./workflow-limits.ts";
export { CALL_MS, type SlotClaim, type SlotFacts, decideSlot, freeSlots } from "./slot.ts";
export { type Begun, type Hold, type Places, type SlotWait, type Standing, holdOf } from "./held-back.ts";
export type { StatisticsStore, TrendRequest } from "./statistics-store.ts";
export { LONGEST_RETENTION_MS, expiresAt, isThrottling, retentionOf } from "./retention.ts";
export {
  type Bucket,
  type Count,
  type Ended,
  type EndedSample,
  type Line,
  type Live,
  type Percentiles,
  type Queued,
  type Samples,
  type StartedSample,
  type Trend,
  bucketsUntil,
  countOf,
  firstRunIdAt,
  sumOf,
  timeOfRunId,
  trendsOf,
} from "./statistics.ts";
