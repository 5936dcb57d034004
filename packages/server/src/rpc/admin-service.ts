import {
  type AuditEntry,
  KagziError,
  LIMITS,
  RUN_STATUSES,
  type WorkerStatus,
  checkName,
  checkNamespaceId,
  checkOptionalName,
  checkRunId,
  checkWorkerId,
  compareVersions,
  formatStepKey,
  notFound,
} from "@kagzi/core";
import { type AdminService, ServingStatus, type WorkerStatus as WireWorkerStatus } from "@kagzi/proto";
import type { Health } from "../background/health.ts";
import { listAudit } from "../engine/audit.ts";
import type { Engine } from "../engine/engine.ts";
import { pageOf, pageSize } from "../engine/runs.ts";
import { parseStepToken } from "../engine/tokens.ts";
import { SERVER_VERSION } from "../version.ts";
import {
  RUN_STATUS,
  WORKER_STATUS,
  fromWireLimits,
  fromWirePage,
  given,
  keyOf,
  toTimestamp,
  toWireLimits,
  toWirePage,
  toWireStep,
  toWireWorker,
} from "./convert.ts";
import { namespaceFilter } from "./namespace-filter.ts";
import type { Service } from "./service.ts";

/** Keys that a look at the limits of a workflow shows. */
const USAGE_SHOWN = 100;

export function createAdminService(engine: Engine, health: Health): Service<typeof AdminService> {
  const { runs, workers } = engine;
  const { clock, env, store } = engine.context;
  const started = env.now();
  return {
    async listWorkers(request) {
      const { taskQueue, statusFilter } = request;
      const filter = {
        namespaceId: checkNamespaceId(request.namespaceId),
        ...given("taskQueue", taskQueue === undefined ? undefined : checkOptionalName("task_queue", taskQueue)),
        ...given("status", statusFilter === undefined ? undefined : workerStatus(statusFilter)),
      };
      const page = await workers.list(filter, fromWirePage(request.page));
      return { workers: page.items.map(toWireWorker), page: toWirePage(page) };
    },

    async getWorker(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      return { worker: toWireWorker(await workers.get(namespaceId, checkWorkerId(request.workerId))) };
    },

    async getStep(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const token = parseStepToken(request.stepId, namespaceId);
      const run = { namespaceId, runId: token.runId };
      const step = (await runs.steps(run)).find((each) => formatStepKey(each) === formatStepKey(token));
      if (step === undefined) throw notFound("step", request.stepId);
      return { step: toWireStep(run, step) };
    },

    async listSteps(request) {
      const run = { namespaceId: checkNamespaceId(request.namespaceId), runId: checkRunId(request.runId) };
      const page = fromWirePage(request.page);
      const limit = pageSize(page);
      const steps = await runs.steps(run);
      const begin = page.token === "" ? 0 : stepPosition(page.token);
      const found = steps.slice(begin, begin + limit + 1);
      const paged = pageOf(found, limit, () => `${begin + limit}`, page.withTotal ? steps.length : undefined);
      return { steps: paged.items.map((step) => toWireStep(run, step)), page: toWirePage(paged) };
    },

    async healthCheck() {
      return {
        status: health.isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING,
        message: health.problem ?? "",
      };
    },

    async getServerInfo() {
      return {
        serverVersion: SERVER_VERSION,
        apiVersion: "kagzi.v1",
        store: store.kind,
        schemaVersion: health.schemaVersion,
        startedAt: toTimestamp(Math.round(clock.now() - (env.now() - started))),
        now: toTimestamp(clock.now()),
      };
    },

    async getStats(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const counted = RUN_STATUSES.filter((status) => status !== "completed");
      const counts = await Promise.all(
        counted.map(async (status) => ({
          status: RUN_STATUS[status],
          count: BigInt(await store.runs.count({ namespaceId, statuses: [status] }, LIMITS.count)),
        })),
      );
      const online = await store.workers.list({ namespaceId, status: "online" }, { limit: LIMITS.count });
      return { runs: counts, workersOnline: online.length };
    },

    async getWorkflowVersions(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const workflowType = checkName("the name of a workflow", request.workflowType);
      const { pinned, registered } = await store.workers.versions(namespaceId, workflowType);
      const versions = registered.toSorted(compareVersions).toReversed();
      return { versions, ...given("defaultVersion", pinned) };
    },

    async setDefaultVersion(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const workflowType = checkName("the name of a workflow", request.workflowType);
      await engine.catalog.setDefault(namespaceId, workflowType, request.version);
      return {};
    },

    async getWorkflowLimits(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const workflowType = checkName("the name of a workflow", request.workflowType);
      const [settings] = await store.limits.get(namespaceId, [workflowType]);
      const usage = await store.limits.usage(namespaceId, workflowType, USAGE_SHOWN);
      return {
        usage: [...usage],
        ...given("declared", settings?.declared && toWireLimits(settings.declared)),
        ...given("override", settings?.override && toWireLimits(settings.override)),
      };
    },

    async setWorkflowLimits(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const workflowType = checkName("the name of a workflow", request.workflowType);
      await workers.setLimits(namespaceId, workflowType, request.limits && fromWireLimits(request.limits));
      return {};
    },

    async getStepLimit(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const name = checkName("the name of a limit", request.name);
      const settings = await store.slots.get(namespaceId, name);
      if (settings === undefined) throw notFound("limit", name, "no worker has declared it");
      const { holders, waiting } = await store.slots.usage({ namespaceId, name }, { limit: USAGE_SHOWN, windowMs: 0 });
      return {
        holders: holders.map(({ runId, step }) => ({ runId, step })),
        waiting,
        ...given("declared", settings.declared && toWireLimits(settings.declared)),
        ...given("override", settings.override && toWireLimits(settings.override)),
      };
    },

    async setStepLimit(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const name = checkName("the name of a limit", request.name);
      await engine.stepLimits.set(namespaceId, name, request.limits && fromWireLimits(request.limits));
      return {};
    },

    async listAuditLog(request) {
      const found = await listAudit(engine.context, namespaceFilter(request), fromWirePage(request.page));
      return { entries: found.items.map(toWireEntry), page: toWirePage(found) };
    },

    async drainWorker(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      return { worker: toWireWorker(await workers.drain(namespaceId, checkWorkerId(request.workerId))) };
    },
  };
}

function toWireEntry({ at, ...entry }: AuditEntry) {
  return { ...entry, at: toTimestamp(at) };
}

function workerStatus(status: WireWorkerStatus): WorkerStatus {
  const known = keyOf(WORKER_STATUS, status);
  if (known !== undefined) return known;
  throw new KagziError("INVALID_ARGUMENT", `status_filter is ${status}, which is no status of a worker`);
}

function stepPosition(token: string): number {
  const position = Number(token);
  if (Number.isInteger(position) && position > 0) return position;
  throw new KagziError("INVALID_ARGUMENT", "page_token is not one that a list gave out");
}
