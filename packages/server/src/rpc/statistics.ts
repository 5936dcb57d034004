import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Count, KagziError, type Trend, checkInteger, checkName, checkNamespaceId } from "@kagzi/core";
import {
  type AdminService,
  QueueHold,
  QueueSchema,
  TrendBucketSchema,
  TrendRange,
  WorkflowTypeSchema,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import type { Queue, TrendRange as EngineRange, WorkflowFigures } from "../engine/statistics.ts";
import { RUN_STATUS, fromWirePage, given, keyOf, toTimestamp, toWirePage } from "./convert.ts";
import type { Service } from "./service.ts";

const DEFAULT_QUEUES = 20;
const MAX_QUEUES = 100;
/** Workers that are named of each workflow. */
const WORKERS_NAMED = 100;

const HOLD: Readonly<Record<NonNullable<Queue["heldBy"]>, QueueHold>> = {
  noWorker: QueueHold.NO_WORKER,
  key: QueueHold.KEY_CONCURRENCY,
  all: QueueHold.CONCURRENCY,
  throttle: QueueHold.THROTTLE,
};

const RANGE: Readonly<Record<EngineRange, TrendRange>> = {
  hour: TrendRange.HOUR,
  day: TrendRange.DAY,
  week: TrendRange.WEEK,
};

type Calls = Pick<Service<typeof AdminService>, "listWorkflowTypes" | "listQueues" | "getTrends">;

/** The calls for figures that people look at. */
export function createStatisticsCalls({ statistics }: Engine): Calls {
  return {
    async listWorkflowTypes(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const wanted = fromWirePage(request.page);
      if (wanted.token !== "") checkName("page_token", wanted.token);
      const page = await statistics.workflows(namespaceId, wanted);
      return { workflowTypes: page.items.map(toWireWorkflow), page: toWirePage(page) };
    },

    async listQueues(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const workflowType = optionalWorkflow(request.workflowType);
      const limit = request.limit === 0 ? DEFAULT_QUEUES : checkInteger("limit", request.limit, 1, MAX_QUEUES);
      const { more, queues } = await statistics.queues(namespaceId, workflowType, limit);
      return { queues: queues.map(toWireQueue), more };
    },

    async getTrends(request) {
      const namespaceId = checkNamespaceId(request.namespaceId);
      const workflowType = optionalWorkflow(request.workflowType);
      const { more, trends } = await statistics.trends(namespaceId, workflowType, rangeOf(request.range));
      return { buckets: trends.map(toWireBucket), moreWorkflows: more };
    },
  };
}

function optionalWorkflow(name: string | undefined): string | undefined {
  return name === undefined ? undefined : checkName("the name of a workflow", name);
}

function rangeOf(range: TrendRange): EngineRange {
  const known = keyOf(RANGE, range);
  if (known !== undefined) return known;
  throw new KagziError("INVALID_ARGUMENT", `range is ${range}: take the last hour, day or week`);
}

function toWireWorkflow({ isPinned, last, oldestReadyAt, workers, ...figures }: WorkflowFigures) {
  return create(WorkflowTypeSchema, {
    ...counts(figures),
    workflowType: figures.workflowType,
    versions: [...figures.versions],
    defaultVersion: figures.defaultVersion,
    pinned: isPinned,
    workerIds: workers.slice(0, WORKERS_NAMED).map(({ workerId }) => workerId),
    ...given("oldestReadyAt", oldestReadyAt === undefined ? undefined : toTimestamp(oldestReadyAt)),
    ...given(
      "lastEnded",
      last && { runId: last.runId, status: RUN_STATUS[last.status], finishedAt: toTimestamp(last.finishedAt) },
    ),
  });
}

function counts(figures: Omit<WorkflowFigures, "isPinned" | "workers">) {
  return {
    ready: toWireCount(figures.ready),
    delayed: toWireCount(figures.delayed),
    running: toWireCount(figures.running),
    sleeping: toWireCount(figures.sleeping),
    waiting: toWireCount(figures.waiting),
    paused: toWireCount(figures.paused),
    failedLastDay: toWireCount(figures.failedLastDay),
  } satisfies MessageInitShape<typeof WorkflowTypeSchema>;
}

function toWireCount({ more, value }: Count) {
  return { value: BigInt(value), more };
}

function toWireQueue({ heldBy, limitKey, oldestReadyAt, ready, throttleKey, ...queue }: Queue) {
  return create(QueueSchema, {
    ...queue,
    ready: toWireCount(ready),
    ...given("key", limitKey),
    ...given("throttleKey", throttleKey),
    ...given("oldestReadyAt", oldestReadyAt === undefined ? undefined : toTimestamp(oldestReadyAt)),
    ...given("heldBy", heldBy && HOLD[heldBy]),
  });
}

function toWireBucket(trend: Trend) {
  const { duration, scheduleToStart } = trend;
  return create(TrendBucketSchema, {
    since: toTimestamp(trend.since),
    until: toTimestamp(trend.until),
    started: BigInt(trend.started),
    completed: BigInt(trend.completed),
    failed: BigInt(trend.failed),
    cancelled: BigInt(trend.cancelled),
    sampled: trend.sampled,
    ...given("duration", duration && latency(duration)),
    ...given("scheduleToStart", scheduleToStart && latency(scheduleToStart)),
  });
}

function latency({ p50, p95 }: NonNullable<Trend["duration"]>) {
  return { p50Ms: BigInt(Math.round(p50)), p95Ms: BigInt(Math.round(p95)) };
}
