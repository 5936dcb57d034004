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
export { type NamespaceId, type RunId, type UuidSource, type WorkerId, isUuid, uuidv7Source } from "./ids.ts";
export {
  DELIVERY_GRACE_MS,
  type GrantedLease,
  type LapsedLease,
  type Lease,
  MAX_CRASHES,
  type Takeover,
  compareLeases,
  matchLeases,
  decideTakeover,
} from "./lease.ts";
export { LIMITS } from "./limits.ts";
export type { Namespace } from "./namespace.ts";
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
export {
  type NewRun,
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
  type Refusal,
  type RunAttempt,
  type RunFacts,
  type RunUpdate,
  type RunWrite,
  explainRefusal,
  parkOnWaits,
  planUpdate,
} from "./run-update.ts";
export { type Step, stepsOf } from "./steps.ts";
export type {
  ClaimRequest,
  ClaimResult,
  ClaimedRun,
  Hint,
  Hints,
  HistoryPage,
  HistoryPosition,
  HistoryStore,
  NamespaceStore,
  RunDetail,
  RunEnd,
  RunFilter,
  RunReference,
  RunStore,
  Start,
  StartOutcome,
  Store,
  WorkerStore,
  WriteOutcome,
} from "./store.ts";
export { type Due, type Instant, LONGEST_WAIT_MS } from "./time.ts";
export { unreachable } from "./unreachable.ts";
export {
  type NewWorker,
  type Worker,
  type WorkerStats,
  type WorkerStatus,
  type WorkflowVersion,
  compareVersions,
  highestVersion,
} from "./worker.ts";
