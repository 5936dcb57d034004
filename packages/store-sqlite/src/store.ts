import type {
  ApiKeyStore,
  AuditStore,
  EventStore,
  Hints,
  HistoryStore,
  InboxStore,
  Instant,
  LimitStore,
  NamespaceStore,
  RunStore,
  SchemaState,
  SlotStore,
  StatisticsStore,
  ScheduleStore,
  Store,
  WorkerStore,
} from "@kagzi/core";
import { createApiKey, findApiKey, listApiKeys, revokeApiKey, usedApiKeys } from "./api-keys.ts";
import { addAuditEntry, expireAudit, listAudit } from "./audit.ts";
import { Database, type SqliteOptions } from "./database.ts";
import { expiredRuns, neededRuns } from "./runs-expire.ts";
import { routeEvents } from "./event-routes.ts";
import { waitKeys } from "./event-waits.ts";
import { countEvents, expireEvents, listEvents, sendEvent, subscriptions } from "./events.ts";
import { latestRecords, readHistories } from "./history.ts";
import { hearSignals, knowsMessage, readMessages, sendAll } from "./inbox.ts";
import {
  deregisterWorker,
  excuseLeases,
  heartbeat,
  lapsedLeases,
  releaseLeases,
  sweepWorkers,
  takeOver,
} from "./leases.ts";
import { declareLimits, getLimits, limitBegun, limitPlaces, limitUsage, overrideLimits } from "./limits.ts";
import { migrate, schemaState } from "./migrate.ts";
import { createNamespace, getNamespace, listNamespaces, updateNamespace } from "./namespaces.ts";
import { risks } from "./risks.ts";
import { countBacklog } from "./runs-backlog.ts";
import { claimRuns } from "./runs-claim.ts";
import { claimLimitedRuns } from "./runs-claim-limited.ts";
import { countAhead, countRuns, endedRuns, findRunByExternalId, getRuns, listRuns, overdueRuns } from "./runs-read.ts";
import { startRuns, startRunsTogether } from "./runs-start.ts";
import { closedRun, closingRuns, deleteRuns, openChildren, rerunRun, unblockRuns } from "./runs-manage.ts";
import { operateOnRun } from "./runs-operate.ts";
import { writeRuns } from "./runs-write.ts";
import {
  acquireSlot,
  callWaiting,
  declareStepLimits,
  getStepLimit,
  overrideStepLimit,
  releaseSlot,
  slotUsage,
  slotWaits,
  waitedLimits,
} from "./slots.ts";
import {
  changeSchedule,
  declaredSchedules,
  deleteSchedule,
  dueSchedules,
  getSchedule,
  listSchedules,
} from "./schedules.ts";
import {
  endedOfWorkflows,
  endedSamples,
  listWorkflows,
  liveRuns,
  queuedRuns,
  readyLines,
  startedSamples,
} from "./statistics.ts";
import { violations } from "./violations.ts";
import { drainWorker, getWorker, listWorkers, registerWorker, setDefaultVersion, workflowVersions } from "./workers.ts";

/**
 * Keeps runs in a SQLite file for one server. Statements run at once, on the thread that asks: the promises are there
 * because the port has them.
 */
export class SqliteStore implements Store {
  readonly kind = "sqlite";
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
  readonly hints: Hints = NO_HINTS;
  readonly #database: Database;

  /** Opens the file. @throws KagziError `PRECONDITION_FAILED` if another process has it */
  constructor(options: SqliteOptions) {
    const database = new Database(options);
    this.#database = database;
    this.runs = {
      start: async (starts) => startRuns(database, starts),
      startTogether: async (starts) => startRunsTogether(database, starts),
      write: async (writes) => writeRuns(database, writes),
      claim: async (request) => claimRuns(database, request),
      claimLimited: async (request) => claimLimitedRuns(database, request),
      operate: async (run, decide) => operateOnRun(database, run, decide),
      rerun: async (start, source) => rerunRun(database, start, source),
      unblock: async (namespaceId, workflows) => unblockRuns(database, namespaceId, workflows),
      expired: async (namespaceId, page) => expiredRuns(database, namespaceId, page),
      needed: async (runs) => neededRuns(database, runs),
      delete: async (runs) => deleteRuns(database, runs),
      closing: async (limit) => closingRuns(database, limit),
      children: async (parent, limit) => openChildren(database, parent, limit),
      closed: async (parent) => closedRun(database, parent),
      overdue: async (limit) => overdueRuns(database, limit),
      get: async (runs) => getRuns(database, runs),
      findByExternalId: async (namespaceId, externalId) => findRunByExternalId(database, namespaceId, externalId),
      ended: async (runs) => endedRuns(database, runs),
      list: async (filter, page) => listRuns(database, filter, page),
      count: async (filter, limit) => countRuns(database, filter, limit),
      ahead: async (run, limit) => countAhead(database, run, limit),
      backlog: async (namespaceIds, limit) => countBacklog(database, namespaceIds, limit),
    };
    this.inbox = {
      send: async (messages) => sendAll(database, messages),
      knows: async (run, messageId) => knowsMessage(database, run, messageId),
      read: async (positions, maxBytes) => readMessages(database, positions, maxBytes),
      hear: async (namespaceId, workerIds, maxBytes) => hearSignals(database, namespaceId, workerIds, maxBytes),
    };
    this.limits = {
      declare: async (namespaceId, workflows) => declareLimits(database, namespaceId, workflows),
      override: async (namespaceId, workflowType, limits) =>
        overrideLimits(database, namespaceId, workflowType, limits),
      get: async (namespaceId, workflowTypes) => getLimits(database, namespaceId, workflowTypes),
      places: async (namespaceId, workflowType, key, limit) =>
        limitPlaces(database, { namespaceId, workflowType, key }, limit),
      begun: async (namespaceId, workflowType, key, throttle) =>
        limitBegun(database, { namespaceId, workflowType, key }, throttle),
      usage: async (namespaceId, workflowType, limit) => limitUsage(database, namespaceId, workflowType, limit),
    };
    this.slots = {
      declare: async (namespaceId, limits) => declareStepLimits(database, namespaceId, limits),
      override: async (namespaceId, name, limits) => overrideStepLimit(database, namespaceId, name, limits),
      get: async (namespaceId, name) => getStepLimit(database, namespaceId, name),
      acquire: async (claim, slotId) => acquireSlot(database, claim, slotId),
      release: async (claim) => releaseSlot(database, claim),
      call: async (namespaceId, name) => callWaiting(database, namespaceId, name),
      waited: async (limit) => waitedLimits(database, limit),
      waits: async (run) => slotWaits(database, run),
      usage: async (limit, count) => slotUsage(database, limit, count),
    };
    this.events = {
      subscriptions: async (namespaceId, name) => subscriptions(database, namespaceId, name),
      send: async (event, starts) => sendEvent(database, event, starts),
      route: async (limit) => routeEvents(database, limit),
      list: async (filter, page) => listEvents(database, filter, page),
      keys: async (run) => waitKeys(database, run),
      count: async (filter, limit) => countEvents(database, filter, limit),
      expire: async (olderThanMs, limit) => expireEvents(database, olderThanMs, limit),
    };
    this.history = {
      read: async (positions, maxBytes) => readHistories(database, positions, maxBytes),
      latest: async (run, limit) => latestRecords(database, run, limit),
    };
    this.workers = {
      register: async (worker, leaseMs) => registerWorker(database, worker, leaseMs),
      heartbeat: async (worker, leaseMs, stats) => heartbeat(database, worker, leaseMs, stats),
      release: async (namespaceId, leases) => releaseLeases(database, namespaceId, leases),
      excuse: async (namespaceId, leases) => excuseLeases(database, namespaceId, leases),
      deregister: async (namespaceId, workerId) => deregisterWorker(database, namespaceId, workerId),
      drain: async (namespaceId, workerId) => drainWorker(database, namespaceId, workerId),
      get: async (namespaceId, workerId) => getWorker(database, namespaceId, workerId),
      list: async (filter, page) => listWorkers(database, filter, page),
      versions: async (namespaceId, workflowType) => workflowVersions(database, namespaceId, workflowType),
      lapsed: async (limit) => lapsedLeases(database, limit),
      takeOver: async (takeovers) => takeOver(database, takeovers),
      setDefaultVersion: async (namespaceId, workflowType, version) =>
        setDefaultVersion(database, namespaceId, workflowType, version),
      sweep: async (forgetAfterMs) => sweepWorkers(database, forgetAfterMs),
    };
    this.namespaces = {
      create: async (namespaceId, description) => createNamespace(database, namespaceId, description),
      get: async (namespaceId) => getNamespace(database, namespaceId),
      list: async (page) => listNamespaces(database, page),
      update: async (namespaceId, change) => updateNamespace(database, namespaceId, change),
    };
    this.schedules = {
      change: async (reference, decide) => changeSchedule(database, reference, decide),
      due: async (limit) => dueSchedules(database, limit),
      get: async (reference) => getSchedule(database, reference),
      list: async (filter, page) => listSchedules(database, filter, page),
      declared: async (namespaceId, workflowTypes) => declaredSchedules(database, namespaceId, workflowTypes),
      delete: async (reference, declaredBy) => deleteSchedule(database, reference, declaredBy),
    };
    this.statistics = {
      workflows: async (namespaceId, page) => listWorkflows(database, namespaceId, page),
      queued: async (namespaceId, workflowTypes, limit) => queuedRuns(database, namespaceId, workflowTypes, limit),
      lines: async (namespaceId, workflowTypes, count) => readyLines(database, namespaceId, workflowTypes, count),
      live: async (namespaceId, limit) => liveRuns(database, namespaceId, limit),
      ended: async (namespaceId, workflowTypes, count) => endedOfWorkflows(database, namespaceId, workflowTypes, count),
      endedSamples: async (request, workflowTypes) => endedSamples(database, request, workflowTypes),
      startedSamples: async (request, workflowType) => startedSamples(database, request, workflowType),
    };
    this.apiKeys = {
      create: async (key, entry) => createApiKey(database, key, entry),
      find: async (keyId) => findApiKey(database, keyId),
      list: async (filter, page) => listApiKeys(database, filter, page),
      revoke: async (keyId, entry) => revokeApiKey(database, keyId, entry),
      used: async (keyIds) => usedApiKeys(database, keyIds),
    };
    this.audit = {
      add: async (entry) => addAuditEntry(database, entry),
      list: async (filter, page) => listAudit(database, filter, page),
      expire: async (olderThanMs, limit) => expireAudit(database, olderThanMs, limit),
    };
  }

  async migrate(): Promise<number> {
    return migrate(this.#database);
  }

  async schemaState(): Promise<SchemaState> {
    return schemaState(this.#database);
  }

  async risks(): Promise<readonly string[]> {
    return risks(this.#database);
  }

  async now(): Promise<Instant> {
    return this.#database.now();
  }

  async violations(): Promise<readonly string[]> {
    return violations(this.#database);
  }

  /** There is one, and nobody waits for it. */
  connections(): undefined {
    return undefined;
  }

  /**
   * Takes out everything but the default namespace, and lets the clock begin anew: for tests that need one database
   * after the other, where a schema and its statements would be made each time.
   */
  async clear(): Promise<void> {
    this.#database.clear();
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

/** There is no other server on the file to send word to. */
const NO_HINTS: Hints = { listen: () => () => {}, send: async () => {} };
