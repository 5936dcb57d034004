import type {
  Hints,
  HistoryStore,
  InboxStore,
  Instant,
  NamespaceStore,
  RunStore,
  Store,
  WorkerStore,
} from "@kagzi/core";
import { Database, type SqliteOptions } from "./database.ts";
import { latestRecords, readHistories } from "./history.ts";
import { hearSignals, knowsMessage, readMessages, sendAll } from "./inbox.ts";
import { deregisterWorker, heartbeat, lapsedLeases, releaseLeases, sweepWorkers, takeOver } from "./leases.ts";
import { migrate } from "./migrate.ts";
import { createNamespace, getNamespace, listNamespaces, updateNamespace } from "./namespaces.ts";
import { claimRuns } from "./runs-claim.ts";
import { countAhead, countRuns, endedRuns, findRunByExternalId, getRuns, listRuns, overdueRuns } from "./runs-read.ts";
import { startRuns, startRunsTogether } from "./runs-start.ts";
import { closedRun, closingRuns, deleteRuns, openChildren, rerunRun, unblockRuns } from "./runs-manage.ts";
import { operateOnRun } from "./runs-operate.ts";
import { writeRuns } from "./runs-write.ts";
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
      operate: async (run, decide) => operateOnRun(database, run, decide),
      rerun: async (start, source) => rerunRun(database, start, source),
      unblock: async (namespaceId, workflows) => unblockRuns(database, namespaceId, workflows),
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
    };
    this.inbox = {
      send: async (messages) => sendAll(database, messages),
      knows: async (run, messageId) => knowsMessage(database, run, messageId),
      read: async (positions, maxBytes) => readMessages(database, positions, maxBytes),
      hear: async (namespaceId, workerIds, maxBytes) => hearSignals(database, namespaceId, workerIds, maxBytes),
    };
    this.history = {
      read: async (positions, maxBytes) => readHistories(database, positions, maxBytes),
      latest: async (run, limit) => latestRecords(database, run, limit),
    };
    this.workers = {
      register: async (worker, leaseMs) => registerWorker(database, worker, leaseMs),
      heartbeat: async (worker, leaseMs, stats) => heartbeat(database, worker, leaseMs, stats),
      release: async (namespaceId, leases) => releaseLeases(database, namespaceId, leases),
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
  }

  async migrate(): Promise<number> {
    return migrate(this.#database);
  }

  async now(): Promise<Instant> {
    return this.#database.now();
  }

  async violations(): Promise<readonly string[]> {
    return violations(this.#database);
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

/** There is no other server on the file to send word to. */
const NO_HINTS: Hints = { listen: () => () => {}, send: async () => {} };
