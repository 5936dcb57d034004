import type {
  ApiKeyStore,
  AuditStore,
  Connections,
  EventStore,
  HistoryStore,
  InboxStore,
  Instant,
  LimitStore,
  NamespaceStore,
  RunStore,
  ScheduleStore,
  SchemaState,
  SlotStore,
  StatisticsStore,
  Store,
  WorkerStore,
} from "@kagzi/core";
import { createApiKey, findApiKey, listApiKeys, revokeApiKey, usedApiKeys } from "./api-keys.ts";
import { addAuditEntry, expireAudit, listAudit } from "./audit.ts";
import { Database, type PostgresOptions } from "./database.ts";
import { expiredRuns, neededRuns } from "./runs-expire.ts";
import { routeEvents } from "./event-routes.ts";
import { waitKeys } from "./event-waits.ts";
import { countEvents, expireEvents, listEvents, sendEvent, subscriptions } from "./events.ts";
import { latestRecords, readHistories } from "./history.ts";
import { PostgresHints } from "./hints.ts";
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
  changeSchedule,
  declaredSchedules,
  deleteSchedule,
  dueSchedules,
  getSchedule,
  listSchedules,
} from "./schedules.ts";
import { CLOCK, statement } from "./sql.ts";
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

/** Keeps runs in a schema of a PostgreSQL database (13 or later), which any number of servers may share. */
export class PostgresStore implements Store {
  readonly kind = "postgres";
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
  readonly hints: PostgresHints;
  readonly #database: Database;
  /** A connection that never waits behind others: for what keeps leases, and says whether the database is there. */
  readonly #vital: Database;

  /** Connects to nothing yet. @throws KagziError `INVALID_ARGUMENT` for a name that no schema can have */
  constructor(options: PostgresOptions) {
    const database = new Database(options);
    this.#database = database;
    const vital = new Database({ ...options, poolSize: 1 }, database.growth);
    this.#vital = vital;
    this.hints = new PostgresHints(database);
    this.runs = {
      start: (starts) => startRuns(database, starts),
      startTogether: (starts) => startRunsTogether(database, starts),
      write: (writes) => writeRuns(database, writes),
      claim: (request) => claimRuns(database, request),
      claimLimited: (request) => claimLimitedRuns(database, request),
      operate: (run, decide) => operateOnRun(database, run, decide),
      rerun: (start, source) => rerunRun(database, start, source),
      unblock: (namespaceId, workflows) => unblockRuns(database, namespaceId, workflows),
      expired: (namespaceId, page) => expiredRuns(database, namespaceId, page),
      needed: (runs) => neededRuns(database, runs),
      delete: (runs) => deleteRuns(database, runs),
      closing: (limit) => closingRuns(database, limit),
      children: (parent, limit) => openChildren(database, parent, limit),
      closed: (parent) => closedRun(database, parent),
      overdue: (limit) => overdueRuns(database, limit),
      get: (runs) => getRuns(database, runs),
      findByExternalId: (namespaceId, externalId) => findRunByExternalId(database, namespaceId, externalId),
      ended: (runs) => endedRuns(database, runs),
      list: (filter, page) => listRuns(database, filter, page),
      count: (filter, limit) => countRuns(database, filter, limit),
      ahead: (run, limit) => countAhead(database, run, limit),
      backlog: (namespaceIds, limit) => countBacklog(database, namespaceIds, limit),
    };
    this.inbox = {
      send: (messages) => sendAll(database, messages),
      knows: (run, messageId) => knowsMessage(database, run, messageId),
      read: (positions, maxBytes) => readMessages(database, database.schema, positions, maxBytes),
      hear: (namespaceId, workerIds, maxBytes) => hearSignals(database, namespaceId, workerIds, maxBytes),
    };
    this.limits = {
      declare: (namespaceId, workflows) => declareLimits(database, namespaceId, workflows),
      override: (namespaceId, workflowType, limits) => overrideLimits(database, namespaceId, workflowType, limits),
      get: (namespaceId, workflowTypes) => getLimits(database, namespaceId, workflowTypes),
      places: (namespaceId, workflowType, key, limit) =>
        limitPlaces(database, { namespaceId, workflowType, key }, limit),
      begun: (namespaceId, workflowType, key, throttle) =>
        limitBegun(database, { namespaceId, workflowType, key }, throttle),
      usage: (namespaceId, workflowType, limit) => limitUsage(database, namespaceId, workflowType, limit),
    };
    this.slots = {
      declare: (namespaceId, limits) => declareStepLimits(database, namespaceId, limits),
      override: (namespaceId, name, limits) => overrideStepLimit(database, namespaceId, name, limits),
      get: (namespaceId, name) => getStepLimit(database, namespaceId, name),
      acquire: (claim, slotId) => acquireSlot(database, claim, slotId),
      release: (claim) => releaseSlot(database, claim),
      call: (namespaceId, name) => callWaiting(database, namespaceId, name),
      waited: (limit) => waitedLimits(database, limit),
      waits: (run) => slotWaits(database, run),
      usage: (limit, count) => slotUsage(database, limit, count),
    };
    this.events = {
      subscriptions: (namespaceId, name) => subscriptions(database, namespaceId, name),
      send: (event, starts) => sendEvent(database, event, starts),
      route: (limit) => routeEvents(database, limit),
      list: (filter, page) => listEvents(database, filter, page),
      keys: (run) => waitKeys(database, run),
      count: (filter, limit) => countEvents(database, filter, limit),
      expire: (olderThanMs, limit) => expireEvents(database, olderThanMs, limit),
    };
    this.history = {
      read: (positions, maxBytes) => readHistories(database, positions, maxBytes),
      latest: (run, limit) => latestRecords(database, run, limit),
    };
    this.workers = {
      register: (worker, leaseMs) => registerWorker(database, worker, leaseMs),
      heartbeat: (worker, leaseMs, stats) => heartbeat(vital, worker, leaseMs, stats),
      release: (namespaceId, leases) => releaseLeases(database, namespaceId, leases),
      excuse: (namespaceId, leases) => excuseLeases(database, namespaceId, leases),
      deregister: (namespaceId, workerId) => deregisterWorker(database, namespaceId, workerId),
      drain: (namespaceId, workerId) => drainWorker(database, namespaceId, workerId),
      get: (namespaceId, workerId) => getWorker(database, namespaceId, workerId),
      list: (filter, page) => listWorkers(database, filter, page),
      versions: (namespaceId, workflowType) => workflowVersions(database, namespaceId, workflowType),
      lapsed: (limit) => lapsedLeases(database, limit),
      takeOver: (takeovers) => takeOver(database, takeovers),
      setDefaultVersion: (namespaceId, workflowType, version) =>
        setDefaultVersion(database, namespaceId, workflowType, version),
      sweep: (forgetAfterMs) => sweepWorkers(database, forgetAfterMs),
    };
    this.namespaces = {
      create: (namespaceId, description) => createNamespace(database, namespaceId, description),
      get: (namespaceId) => getNamespace(database, namespaceId),
      list: (page) => listNamespaces(database, page),
      update: (namespaceId, change) => updateNamespace(database, namespaceId, change),
    };
    this.schedules = {
      change: (reference, decide) => changeSchedule(database, reference, decide),
      due: (limit) => dueSchedules(database, limit),
      get: (reference) => getSchedule(database, reference),
      list: (filter, page) => listSchedules(database, filter, page),
      declared: (namespaceId, workflowTypes) => declaredSchedules(database, namespaceId, workflowTypes),
      delete: (reference, declaredBy) => deleteSchedule(database, reference, declaredBy),
    };
    this.statistics = {
      workflows: (namespaceId, page) => listWorkflows(database, namespaceId, page),
      queued: (namespaceId, workflowTypes, limit) => queuedRuns(database, namespaceId, workflowTypes, limit),
      lines: (namespaceId, workflowTypes, count) => readyLines(database, namespaceId, workflowTypes, count),
      live: (namespaceId, limit) => liveRuns(database, namespaceId, limit),
      ended: (namespaceId, workflowTypes, count) => endedOfWorkflows(database, namespaceId, workflowTypes, count),
      endedSamples: (request, workflowTypes) => endedSamples(database, request, workflowTypes),
      startedSamples: (request, workflowType) => startedSamples(database, request, workflowType),
    };
    this.apiKeys = {
      create: (key, entry) => createApiKey(database, key, entry),
      find: (keyId) => findApiKey(database, keyId),
      list: (filter, page) => listApiKeys(database, filter, page),
      revoke: (keyId, entry) => revokeApiKey(database, keyId, entry),
      used: (keyIds) => usedApiKeys(database, keyIds),
    };
    this.audit = {
      add: (entry) => addAuditEntry(database, database, entry),
      list: (filter, page) => listAudit(database, filter, page),
      expire: (olderThanMs, limit) => expireAudit(database, olderThanMs, limit),
    };
  }

  migrate(): Promise<number> {
    return migrate(this.#database);
  }

  schemaState(): Promise<SchemaState> {
    return schemaState(this.#database);
  }

  risks(): Promise<readonly string[]> {
    return risks(this.#database);
  }

  async now(): Promise<Instant> {
    const rows = await this.#vital.run<{ now: Instant }>(statement("now", `WITH ${CLOCK} SELECT now FROM clock`), [
      this.#vital.now(),
    ]);
    return rows[0]?.now ?? 0;
  }

  violations(): Promise<readonly string[]> {
    return violations(this.#database);
  }

  connections(): Connections {
    return this.#database.connections();
  }

  async close(): Promise<void> {
    this.hints.close();
    await Promise.all([this.#database.close(), this.#vital.close()]);
  }
}
