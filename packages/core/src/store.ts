import type { Activity } from "./activity.ts";
import type { Backlog, Connections } from "./backlog.ts";
import type { Assignment, Candidate, DispatchKey, Wanted } from "./dispatch.ts";
import type { ErrorDetail } from "./error.ts";
import type {
  EventFilter,
  EventPosition,
  NewEvent,
  Routed,
  SendOutcome,
  SentEvent,
  Subscription,
  WaitKey,
} from "./event.ts";
import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import type { GivenBack, GrantedLease, LapsedLease, Lease } from "./lease.ts";
import type { Namespace, NamespaceChange } from "./namespace.ts";
import type { Addressed, Message } from "./message.ts";
import type { RunChange } from "./operation.ts";
import type { Payload } from "./payload.ts";
import type { HistoryRecord } from "./record.ts";
import type { NewRun, Run, RunStatus } from "./run.ts";
import type { RunFacts } from "./refusal.ts";
import type { RunWrite } from "./run-update.ts";
import type { Begun, Places } from "./held-back.ts";
import type { SlotClaim } from "./slot.ts";
import type { Schedule, ScheduleReference } from "./schedule.ts";
import type { StatisticsStore } from "./statistics-store.ts";
import type { Instant } from "./time.ts";
import type { NewWorker, Worker, WorkerStats, WorkerStatus, WorkflowVersion } from "./worker.ts";
import type { LimitKeys, Throttle, WorkflowLimits } from "./workflow-limits.ts";
import type { ApiKeyStore, AuditStore } from "./security-store.ts";

/**
 * A database that keeps runs. It decides nothing: states, waits and outcomes come in as values, and what a statement
 * may not touch is in its WHERE clause. Every method is one transaction, durable when its promise resolves, and safe
 * to call again after a failure whose outcome is unknown. All times are by the store's own clock.
 *
 * @throws KagziError `UNAVAILABLE` from every method while the database cannot be reached
 */
export interface Store {
  /** `postgres`, `sqlite`: for people to read. */
  readonly kind: string;
  readonly runs: RunStore;
  readonly history: HistoryStore;
  readonly workers: WorkerStore;
  readonly namespaces: NamespaceStore;
  readonly inbox: InboxStore;
  readonly limits: LimitStore;
  readonly slots: SlotStore;
  readonly events: EventStore;
  readonly schedules: ScheduleStore;
  readonly statistics: StatisticsStore;
  readonly apiKeys: ApiKeyStore;
  readonly audit: AuditStore;
  readonly hints: Hints;
  /**
   * Brings the schema up to date; several servers may do so at once. Answers with its version.
   * @throws KagziError `PRECONDITION_FAILED` for a schema that is newer than this code
   */
  migrate(): Promise<number>;
  /** Which version the schema has, 0 without one, and which `migrate` brings it to. Changes nothing. */
  schemaState(): Promise<SchemaState>;
  /** What in how the database is set up could lose what was acknowledged, or slows down: a line for each, for its operator. */
  risks(): Promise<readonly string[]>;
  /** The store's clock, and whether it answers at all. */
  now(): Promise<Instant>;
  /** One line for each invariant of docs/state-machine.md that a row breaks; none if all is well. */
  violations(): Promise<readonly string[]>;
  /** What has become of its connections; `undefined` for a store that has none. */
  connections(): Connections | undefined;
  close(): Promise<void>;
}

/** Where a schema is, and where it could be. */
export interface SchemaState {
  readonly version: number;
  readonly newest: number;
}

/** Which run is meant. */
export interface RunReference {
  readonly namespaceId: NamespaceId;
  readonly runId: RunId;
}

/** A run to be started, with the input that becomes the first record of its history. */
export type Start = NewRun & { readonly input?: Payload };

/** What became of a start. */
export type StartOutcome =
  /** `claimed` by the worker that the start named; not if that was not heard of in time. */
  | { readonly became: "started"; readonly now: Instant; readonly claimed: boolean }
  /**
   * A run with the external id is there, or the very run: then an earlier try had begun it. Whether it is the same
   * start is for the caller to compare.
   */
  | { readonly became: "found"; readonly runId: RunId; readonly fingerprint: string }
  | { readonly became: "refused"; readonly because: "noNamespace" | "namespaceDisabled" | "parentEnded" };

/** What became of a write: done, with the times the store fixed, or not, with the run as it is. */
export type WriteOutcome =
  | {
      readonly became: "written";
      readonly now: Instant;
      /** By the number of the record. */
      readonly dueAt: ReadonlyMap<number, Instant>;
      /** What became of a run that moved on: paused or ready, perhaps, where the write wanted it to wait. */
      readonly status?: RunStatus;
      /** When a run that waits will be ready. */
      readonly wakeAt?: Instant;
      /** The parent, which has been told of the end. */
      readonly told?: Touched;
    }
  | { readonly became: "refused"; readonly facts: RunFacts | undefined };

/** A run that somebody had something for. */
export interface Touched extends RunReference, DispatchKey {
  readonly status: RunStatus;
  /** Who holds it, if it is running. */
  readonly workerId?: WorkerId;
}

/** Which runs are wanted, and how many at most of each workflow and version. */
export interface ClaimRequest {
  readonly namespaceId: NamespaceId;
  readonly taskQueue: string;
  readonly wanted: readonly Wanted[];
  /** Runs whose sleep is over within so many milliseconds are taken too; default 0. */
  readonly aheadMs?: number;
  /** Called within the transaction, with the ready runs in the order in which they are to be taken. */
  readonly assign: (candidates: readonly Candidate[]) => readonly Assignment[];
}

/** As {@link ClaimRequest}, for one workflow that has limits. */
export interface LimitedClaimRequest extends Omit<ClaimRequest, "wanted" | "aheadMs"> {
  readonly wanted: Wanted;
  /** The keys of a run that was started before its workflow had limits. */
  readonly keysOf: (limits: WorkflowLimits, input: Payload | undefined) => LimitKeys;
}

/** A run that was just claimed, with the number of records its history has. */
export interface ClaimedRun {
  readonly run: Extract<Run, { status: "running" }>;
  readonly lastSeq: number;
  /** Whether the same worker held it before. */
  readonly sameWorker: boolean;
  /** When its sleep is over, if that is still to come: it was taken ahead of its time. */
  readonly readyAt?: Instant;
}

export interface ClaimResult {
  readonly now: Instant;
  readonly claimed: readonly ClaimedRun[];
  /** Workers that were not heard of in time: nothing is leased to them before they are. */
  readonly refused: readonly WorkerId[];
  /** Ready runs whose deadline has passed, among the first ones: nobody is given them, and they stand before others until they end. */
  readonly overdue: readonly RunId[];
  /** Of which workflows there may be more that are ready. */
  readonly more: readonly WorkflowVersion[];
  /** When the next of the wanted runs can be taken; left out where some were claimed and there may be more. */
  readonly nextAt?: Instant;
}

/** What became of an operation on a run. */
export interface Operated {
  readonly before: Run;
  /** As it is now; the same as before if there was nothing to change. */
  readonly after: Run;
  readonly now: Instant;
  /** The parent, which has been told of the end. */
  readonly told?: Touched;
}

/** What a new run takes over from one that is there. */
export interface RerunSource extends RunReference {
  /** Records before this one are taken over, but for waits that have not ended. */
  readonly beforeSeq: number;
}

/** Which runs a list shows, the newest first. */
export interface RunFilter {
  readonly namespaceId: NamespaceId;
  readonly statuses: readonly RunStatus[];
  readonly workflowType?: string;
  readonly createdAfter?: Instant;
  readonly createdBefore?: Instant;
  /** Runs that this one began. */
  readonly parentRunId?: RunId;
}

/** A run with the payloads at the two ends of its history. */
export interface RunDetail {
  readonly run: Run;
  readonly input?: Payload;
  readonly output?: Payload;
  /** Why it failed or was cancelled. */
  readonly error?: ErrorDetail;
  /** The run that goes on where this one ended. */
  readonly continuedAs?: RunId;
  readonly progress?: Payload;
  readonly activity?: Activity;
}

export interface RunStore {
  /** Starts runs that have nothing to do with each other. */
  start(starts: readonly Start[]): Promise<readonly StartOutcome[]>;
  /** Starts all of them, or, if one is not `started`, none. */
  startTogether(starts: readonly Start[]): Promise<readonly StartOutcome[]>;
  /** Writes for runs that have nothing to do with each other, at most one write for each run. */
  write(writes: readonly RunWrite[]): Promise<readonly WriteOutcome[]>;
  /** Of workflows without limits; of others nothing is claimed. Never a run whose deadline has passed, or will before it is ready. */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** Of a workflow with limits, as many as these let through, each key in its turn. `undefined` if it has none. */
  claimLimited(request: LimitedClaimRequest): Promise<ClaimResult | undefined>;
  /**
   * Changes a run that somebody else may hold, as `decide` says, which sees it as it is and is called within the
   * transaction. `undefined` if there is no such run.
   */
  operate(run: RunReference, decide: (run: Run) => RunChange | undefined): Promise<Operated | undefined>;
  /** Starts a run with recorded steps of another one. */
  rerun(start: Start, source: RerunSource): Promise<StartOutcome>;
  /** Gives runs that are paused because they did not match their code another try. Answers with how many. */
  unblock(namespaceId: NamespaceId, workflows: readonly WorkflowVersion[]): Promise<number>;
  /**
   * Runs of a namespace that ended more than `olderThanMs` ago and after `after`, in the order in which they did, at most
   * `limit`, and the time by which they are so old. Of those that ended at `after` none are given.
   */
  expired(
    namespaceId: NamespaceId,
    page: { readonly olderThanMs: number; readonly after: Instant; readonly limit: number },
  ): Promise<{ readonly now: Instant; readonly runs: readonly Run[] }>;
  /**
   * Of runs that have ended those that must stay: something is still to be done for their children, their parent goes on
   * or may be retried, or the run is there that went on where they ended.
   */
  needed(runs: readonly RunReference[]): Promise<readonly RunId[]>;
  /** Removes runs that have ended, with everything that is known of them. Answers with those removed. */
  delete(runs: readonly RunReference[]): Promise<readonly RunId[]>;
  /** Runs that were ended from outside and whose children may not know it yet. */
  closing(limit: number): Promise<readonly RunReference[]>;
  /** Children of a run that it waits for and that have not ended. */
  children(parent: RunReference, limit: number): Promise<readonly RunReference[]>;
  /** Nothing is left to be done for the run's children. */
  closed(parent: RunReference): Promise<void>;
  /** Runs whose deadline has passed, at most `limit`. */
  overdue(limit: number): Promise<readonly RunReference[]>;
  get(runs: readonly RunReference[]): Promise<readonly (RunDetail | undefined)[]>;
  findByExternalId(namespaceId: NamespaceId, externalId: string): Promise<RunId | undefined>;
  /** Of the given runs those that have ended, or are not there. */
  ended(runs: readonly RunReference[]): Promise<readonly RunId[]>;
  list(filter: RunFilter, page: { readonly before?: RunId; readonly limit: number }): Promise<readonly Run[]>;
  /** How many ready runs are to be taken before this one, which is ready itself; counted up to `limit`. */
  ahead(run: Run, limit: number): Promise<number>;
  /** How many runs a list would show, counted up to `limit`. */
  count(filter: RunFilter, limit: number): Promise<number>;
  /** Runs that have not ended, by namespace, state and workflow: of each namespace and state the `limit` oldest. */
  backlog(namespaceIds: readonly NamespaceId[], limit: number): Promise<readonly Backlog[]>;
}

/** What waits in the inbox of a run. */
export interface Signals extends RunReference {
  readonly epoch: number;
  readonly workerId: WorkerId;
  /** How many there have been; what these messages are not is a request to cancel or pause. */
  readonly signals: number;
  readonly cancelError?: ErrorDetail;
  readonly pauseError?: ErrorDetail;
  /** Of those that the code has not taken, in order, the first that the worker has not heard of. */
  readonly messages: readonly Message[];
  /** There are others after them. */
  readonly more: boolean;
}

/** Messages of a run that its code has not taken, in order. */
export interface MessagePage {
  readonly messages: readonly Message[];
  readonly more: boolean;
}

export interface InboxStore {
  /**
   * Puts messages into the inboxes of runs, and makes those ready that wait for one. Answers for each with the run, or
   * `undefined` if that is not there or has ended.
   */
  send(messages: readonly Addressed[]): Promise<readonly (Touched | undefined)[]>;
  /** Whether the run was ever sent a message with this id, also if it has ended since. */
  knows(run: RunReference, messageId: string): Promise<boolean>;
  /** Messages of each run that have not been taken, beyond a position: about `maxBytes` for each, at least one. */
  read(
    positions: readonly (RunReference & { readonly after: number })[],
    maxBytes: number,
  ): Promise<readonly MessagePage[]>;
  /**
   * What the workers have not heard of the runs that they hold; from now on it counts as heard. Where the answer is lost
   * somebody must read everything for them.
   */
  hear(namespaceId: NamespaceId, workerIds: readonly WorkerId[], maxBytes: number): Promise<readonly Signals[]>;
}

/** Events that were sent to whole namespaces, and the waits that they are brought to. */
export interface EventStore {
  /** The workflows that events of a name start, in every version that says so. */
  subscriptions(namespaceId: NamespaceId, name: string): Promise<readonly Subscription[]>;
  /** Keeps an event and starts runs, all in one go. If one with its id is there nothing is changed. */
  send(event: NewEvent, starts: readonly Start[]): Promise<SendOutcome>;
  /**
   * Brings events to waits that they match: to each wait the earliest that its run was not brought yet. A wait that has
   * begun, and an event that was sent, are each looked at after their transaction, so that one of the two finds the
   * other. At most `limit` waits; whoever calls goes on while something is left.
   */
  route(limit: number): Promise<Routed>;
  list(
    filter: EventFilter,
    page: { readonly before?: EventPosition; readonly limit: number },
  ): Promise<readonly SentEvent[]>;
  /** The waits for events of a run that ask for a key, at most 100. */
  keys(run: RunReference): Promise<readonly WaitKey[]>;
  /** How many events a list would show, counted up to `limit`. */
  count(filter: EventFilter, limit: number): Promise<number>;
  /** Deletes events that were sent longer ago and have been brought to all who waited, at most `limit`. Answers with how many. */
  expire(olderThanMs: number, limit: number): Promise<number>;
}

/** A part of a run's history. */
export interface HistoryPage {
  readonly records: readonly HistoryRecord[];
  readonly more: boolean;
}

/** Where a page of a history begins. */
export interface HistoryPosition extends RunReference {
  readonly afterSeq: number;
}

export interface HistoryStore {
  /** A page for each position, of about `maxBytes` and at least one record. */
  read(positions: readonly HistoryPosition[], maxBytes: number): Promise<readonly HistoryPage[]>;
  /** The last records of a run, at most `limit`, in order, without their payloads and inputs. */
  latest(run: RunReference, limit: number): Promise<readonly HistoryRecord[]>;
}

/** What is said of a workflow's limits. */
export interface LimitSettings {
  readonly workflowType: string;
  /** By its code. */
  readonly declared?: WorkflowLimits;
  /** By an operator; goes before what the code says. */
  readonly override?: WorkflowLimits;
}

/** How much of its workflow's limits a key takes up. */
export interface LimitUsage {
  readonly key: string;
  readonly running: number;
  /** Counted up to 1000. */
  readonly waiting: number;
}

/** What is said of a named limit, which steps ask for a slot of. */
export interface StepLimitSettings {
  readonly name: string;
  readonly declared?: WorkflowLimits;
  readonly override?: WorkflowLimits;
}

/** What became of the wish for a slot. */
export type SlotOutcome =
  | { readonly became: "granted" }
  /** The step waits in line, and its run will be called. `until`: not before. */
  | { readonly became: "waiting"; readonly until?: Instant; readonly now: Instant }
  | { readonly became: "refused"; readonly because: "noLimit" | "leaseLost" };

/** Runs that were called because there is room for them. */
export interface Called {
  readonly runs: readonly Touched[];
  readonly now: Instant;
  /** When there may be room for others. */
  readonly nextAt?: Instant;
}

/** Who holds slots of a named limit, and how many wait for one. */
export interface SlotUsage {
  readonly held: number;
  readonly holders: readonly SlotClaim[];
  /** Within the window that was asked for. */
  readonly begun: number;
  readonly first?: Instant;
  /** Counted up to 1000. */
  readonly waiting: number;
}

/** Named limits and their slots. A slot is held for as long as it is not released and its run's lease lasts. */
export interface SlotStore {
  /** What the code says. Limits that it does not name stay as they are. */
  declare(namespaceId: NamespaceId, limits: readonly Required<Omit<StepLimitSettings, "override">>[]): Promise<void>;
  /** What an operator says; `undefined`: nothing, so that the code's word counts again. `false` if there is no such limit. */
  override(namespaceId: NamespaceId, name: string, limits: WorkflowLimits | undefined): Promise<boolean>;
  get(namespaceId: NamespaceId, name: string): Promise<StepLimitSettings | undefined>;
  /** Gives a slot out, or puts the step into the line. A claim that is made again finds its slot or its place. */
  acquire(claim: SlotClaim, slotId: string): Promise<SlotOutcome>;
  /** The step holds no slot any more, and waits for none. */
  release(claim: SlotClaim): Promise<void>;
  /** Calls those at the head of the line for whom there is room: it is as if their runs had been sent something. */
  call(namespaceId: NamespaceId, name: string): Promise<Called>;
  /** Limits that somebody waits for. */
  waited(limit: number): Promise<readonly { readonly namespaceId: NamespaceId; readonly name: string }[]>;
  /** Limits that a run waits for. */
  waits(
    run: RunReference,
  ): Promise<readonly { readonly name: string; readonly step: string; readonly since: Instant }[]>;
  /** At most `limit` holders are named; what was given out is counted for `windowMs`. */
  usage(
    limit: Pick<SlotClaim, "namespaceId" | "name">,
    count: { readonly limit: number; readonly windowMs: number },
  ): Promise<SlotUsage>;
}

export interface LimitStore {
  /** What the code of workflows says. Without limits: that it has none. */
  declare(namespaceId: NamespaceId, workflows: readonly Omit<LimitSettings, "override">[]): Promise<void>;
  /** What an operator says; `undefined`: nothing, so that the code's word counts again. */
  override(namespaceId: NamespaceId, workflowType: string, limits: WorkflowLimits | undefined): Promise<void>;
  /** The keys of a workflow with the most runs that hold a place or wait for one. */
  usage(namespaceId: NamespaceId, workflowType: string, limit: number): Promise<readonly LimitUsage[]>;
  /** Who takes up places of a workflow; with a key, of that one. At most `limit` are named. */
  places(namespaceId: NamespaceId, workflowType: string, key: string | undefined, limit: number): Promise<Places>;
  /** How many runs of a throttle key have begun within its window. */
  begun(namespaceId: NamespaceId, workflowType: string, key: string, throttle: Throttle): Promise<Begun>;
  /** Of those of the workflows that have limits. */
  get(namespaceId: NamespaceId, workflowTypes: readonly string[]): Promise<readonly LimitSettings[]>;
}

/** What is known of a workflow. */
export interface WorkflowVersions {
  readonly registered: readonly string[];
  readonly pinned?: string;
}

export interface WorkerStore {
  /** @throws KagziError `NOT_FOUND` for an unknown namespace */
  register(worker: NewWorker, leaseMs: number): Promise<void>;
  /** Renews every lease of the worker to now + `leaseMs`, and says which these are; `undefined` if there is no such worker. */
  heartbeat(
    worker: Pick<Worker, "namespaceId" | "workerId">,
    leaseMs: number,
    stats: WorkerStats,
  ): Promise<
    { readonly now: Instant; readonly status: WorkerStatus; readonly granted: readonly GrantedLease[] } | undefined
  >;
  /** Gives runs back under the given leases: ready at once, no crash counted. */
  release(namespaceId: NamespaceId, leases: readonly Lease[]): Promise<void>;
  /**
   * The worker of these leases lives, though it has lost them: of each run only claims after its lease count as crashes
   * from now on. Leases that still hold, and runs that have ended, are left alone.
   */
  excuse(namespaceId: NamespaceId, lost: readonly Lease[]): Promise<void>;
  /** Marks the worker offline and gives back all its runs; `false` if there is no such worker. */
  deregister(namespaceId: NamespaceId, workerId: WorkerId): Promise<boolean>;
  /** Sets `draining`; `false` if there is no such worker or it is offline. */
  drain(namespaceId: NamespaceId, workerId: WorkerId): Promise<boolean>;
  get(namespaceId: NamespaceId, workerId: WorkerId): Promise<Worker | undefined>;
  /** The newest first. */
  list(
    filter: { readonly namespaceId: NamespaceId; readonly status?: WorkerStatus; readonly taskQueue?: string },
    page: { readonly before?: WorkerId; readonly limit: number },
  ): Promise<readonly Worker[]>;
  /** The versions of a workflow that workers have ever registered, and the one that new runs are to take. */
  versions(namespaceId: NamespaceId, workflowType: string): Promise<WorkflowVersions>;
  /** Which version new runs take; without one the highest. */
  setDefaultVersion(namespaceId: NamespaceId, workflowType: string, version: string | undefined): Promise<void>;
  /** Leases whose worker was not heard of in time, at most `limit`. */
  lapsed(limit: number): Promise<readonly LapsedLease[]>;
  /** Takes lapsed leases back. One that was renewed meanwhile is left alone. Answers with those taken. */
  takeOver(takeovers: readonly GivenBack[]): Promise<readonly RunId[]>;
  /** Marks workers offline whose leases lapsed, and forgets those that have been offline for `forgetAfterMs`. */
  sweep(forgetAfterMs: number): Promise<void>;
}

export interface NamespaceStore {
  /** `undefined` if it exists already. */
  create(namespaceId: NamespaceId, description: string): Promise<Namespace | undefined>;
  get(namespaceId: NamespaceId): Promise<Namespace | undefined>;
  /** By name. */
  list(page: { readonly after?: NamespaceId; readonly limit: number }): Promise<readonly Namespace[]>;
  update(namespaceId: NamespaceId, change: NamespaceChange): Promise<Namespace | undefined>;
}

/** A schedule as it is in the transaction that is about to change it. */
export interface ScheduleFound {
  readonly now: Instant;
  /** `undefined`: there is no such namespace. */
  readonly namespaceEnabled: boolean | undefined;
  readonly schedule: Schedule | undefined;
  /** Whether a run of the schedule has not ended. */
  readonly hasOpenRun: boolean;
}

/** What becomes of a schedule, and the runs that it starts. */
export interface ScheduleChange {
  readonly after: Schedule;
  readonly starts: readonly Start[];
}

/** What became of a change; nothing of it was done if one of the starts was refused. */
export interface Scheduled {
  readonly now: Instant;
  /** As it is now; `undefined` if there is none. */
  readonly schedule: Schedule | undefined;
  /** In the order of the starts. */
  readonly outcomes: readonly StartOutcome[];
}

export interface ScheduleStore {
  /**
   * Makes a schedule or changes one, as `decide` says, which sees it as it is, is called within the transaction, and
   * perhaps more than once. Runs that it starts are there exactly if the schedule says so.
   */
  change(
    reference: ScheduleReference,
    decide: (found: ScheduleFound) => ScheduleChange | undefined,
  ): Promise<Scheduled>;
  /** Those that are to be looked at by now, and when the next one is. */
  due(limit: number): Promise<{ readonly now: Instant; readonly due: readonly Schedule[]; readonly nextAt?: Instant }>;
  get(reference: ScheduleReference): Promise<Schedule | undefined>;
  /** By name. */
  list(
    filter: { readonly namespaceId: NamespaceId; readonly workflowType?: string },
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly Schedule[]>;
  /** Those that stand in the code of these workflows. */
  declared(namespaceId: NamespaceId, workflowTypes: readonly string[]): Promise<readonly Schedule[]>;
  /** Its runs stay. `false` if there is none; with `declaredBy` only if that is where it stands. */
  delete(reference: ScheduleReference, declaredBy?: string): Promise<boolean>;
}

/** Something that other servers may want to look at now rather than at their next poll. */
export type Hint =
  /** Runs of this kind became ready. */
  | { readonly about: "ready"; readonly key: DispatchKey }
  /** A run that this worker holds has been sent something. */
  | { readonly about: "signal"; readonly namespaceId: NamespaceId; readonly workerId: WorkerId }
  /** A run ended; without an id, many did. */
  | { readonly about: "ended"; readonly runId?: RunId };

/** Word between servers on one database. Losing all of it costs latency and nothing else. */
export interface Hints {
  /** Calls `onHint` for what other servers send; `undefined` when hints may have been missed. Answers with a way to stop. */
  listen(onHint: (hint: Hint | undefined) => void): () => void;
  send(hints: readonly Hint[]): Promise<void>;
}
