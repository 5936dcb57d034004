import {
  type Count,
  type Ended,
  type Hold,
  type Instant,
  LIMITS,
  type Line,
  type Live,
  type NamespaceId,
  type Queued,
  type Trend,
  type Worker,
  bucketsUntil,
  compareVersions,
  countOf,
  highestVersion,
  holdOf,
  sumOf,
  trendsOf,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";
import { standingOf } from "./standing.ts";

/** How the runs of a workflow are doing. */
export interface WorkflowFigures extends Omit<Ended, "failed"> {
  readonly versions: readonly { readonly version: string; readonly workersOnline: number }[];
  readonly defaultVersion: string;
  /** An operator said that it is the default. */
  readonly isPinned: boolean;
  /** Those that are online and take it. */
  readonly workers: readonly Worker[];
  readonly ready: Count;
  readonly delayed: Count;
  readonly running: Count;
  readonly sleeping: Count;
  readonly waiting: Count;
  readonly paused: Count;
  readonly failedLastDay: Count;
  readonly oldestReadyAt?: Instant;
}

/** Runs that are ready, of one kind or in one line. */
export interface Queue {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly version: string;
  /** Absent where they stand in no line. */
  readonly limitKey?: string;
  readonly throttleKey?: string;
  readonly ready: Count;
  readonly oldestReadyAt?: Instant;
  readonly heldBy?: Hold | "noWorker";
  /** Of a line: runs of its key that hold a place. */
  readonly running: number;
}

/** The time that a look at trends covers. */
export type TrendRange = keyof typeof RANGES;

const MINUTE = 60_000;
const RANGES = {
  hour: { widthMs: MINUTE, count: 60 },
  day: { widthMs: 30 * MINUTE, count: 48 },
  week: { widthMs: 180 * MINUTE, count: 56 },
};
const DAY_MS = 24 * 60 * MINUTE;
/** Lines that are looked at: of a workflow that was asked for, and of each of many. */
const LINES = { ofOne: 500, ofEach: 50 };
/** Runs that are counted of one line. */
const LINE_COUNT = 1000;
const MAX_QUEUES = 100;
/** Runs that a look at trends reads at most, about: of those that ended, and for each bucket of those that were started. */
const READ = { ended: 60_000, startedOfBucket: 1000 };
const TREND_WORKFLOWS = 50;

/** Figures for people to look at. None costs more because there are more runs; counts end at 10,000. */
export class Statistics {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Workflows of a namespace, by name. */
  async workflows(namespaceId: NamespaceId, page: PageRequest): Promise<Page<WorkflowFigures>> {
    const limit = pageSize(page);
    const after = page.token === "" ? {} : { after: page.token };
    const names = await this.#context.store.statistics.workflows(namespaceId, { limit: limit + 1, ...after });
    const { items, ...rest } = pageOf(names, limit, (name) => name);
    return { ...rest, items: await this.#figures(namespaceId, items) };
  }

  async #figures(namespaceId: NamespaceId, names: readonly string[]): Promise<readonly WorkflowFigures[]> {
    const { limits, statistics, workers } = this.#context.store;
    const count = { lines: LINES.ofEach, limit: LINE_COUNT };
    const [queued, live, ended, online, versions, limited] = await Promise.all([
      statistics.queued(namespaceId, names, LIMITS.count),
      statistics.live(namespaceId, LIMITS.count),
      statistics.ended(namespaceId, names, { sinceMs: DAY_MS, limit: LIMITS.count }),
      workers.list({ namespaceId, status: "online" }, { limit: LIMITS.pageSize }),
      Promise.all(names.map((name) => workers.versions(namespaceId, name))),
      limits.get(namespaceId, names),
    ]);
    const inLines = limited.map(({ workflowType }) => workflowType);
    const lines = inLines.length === 0 ? [] : await statistics.lines(namespaceId, inLines, count);
    return names.map((name, index) => {
      const { pinned, registered = [] } = versions[index] ?? {};
      const takers = online.filter((worker) => worker.workflows.some(({ workflowType }) => workflowType === name));
      return {
        workflowType: name,
        versions: registered
          .toSorted(compareVersions)
          .toReversed()
          .map((version) => ({
            version,
            workersOnline: takers.filter((worker) => takes(worker, { workflowType: name, version })).length,
          })),
        defaultVersion: pinned ?? highestVersion(registered) ?? "1",
        isPinned: pinned !== undefined,
        workers: takers,
        ...queuedFigures(ofWorkflow(queued, name), ofWorkflow(lines, name)),
        ...liveFigures(live, name),
        ...endedFigures(ended.find(({ workflowType }) => workflowType === name)),
      };
    });
  }

  /** The longest queues of a workflow, or of all, and whether there are others. */
  async queues(
    namespaceId: NamespaceId,
    workflowType: string | undefined,
    limit: number,
  ): Promise<{ readonly queues: readonly Queue[]; readonly more: boolean }> {
    const { statistics, workers } = this.#context.store;
    const names =
      workflowType === undefined ? await statistics.workflows(namespaceId, { limit: LIMITS.pageSize }) : [workflowType];
    const most = workflowType === undefined ? LINES.ofEach : LINES.ofOne;
    const [queued, lines, online] = await Promise.all([
      statistics.queued(namespaceId, names, LIMITS.count),
      statistics.lines(namespaceId, names, { lines: most, limit: LINE_COUNT }),
      workers.list({ namespaceId, status: "online" }, { limit: LIMITS.pageSize }),
    ]);
    const found = [...withoutPriorities(queued), ...lines]
      .filter(({ ready }) => ready.value > 0)
      .toSorted((a, b) => b.ready.value - a.ready.value);
    const shown = found.slice(0, Math.min(limit, MAX_QUEUES));
    const passedOver = names.some((name) => ofWorkflow(lines, name).length >= most);
    return {
      queues: await Promise.all(shown.map((queue) => this.#held(namespaceId, queue, online))),
      more: found.length > shown.length || passedOver,
    };
  }

  async #held(namespaceId: NamespaceId, queue: Omit<Queue, "running">, online: readonly Worker[]): Promise<Queue> {
    const { limitKey, throttleKey, workflowType } = queue;
    const keys = { limitKey: limitKey ?? "", ...(throttleKey !== undefined && { throttleKey }) };
    const standing =
      limitKey === undefined
        ? undefined
        : await standingOf(this.#context.store, { namespaceId, workflowType, ...keys }, 1);
    const isTaken = online.some((worker) => worker.taskQueue === queue.taskQueue && takes(worker, queue));
    const heldBy = isTaken ? standing && holdOf(standing) : "noWorker";
    return { ...queue, running: standing?.ofKey.running ?? 0, ...(heldBy !== undefined && { heldBy }) };
  }

  /** What became of the runs of a workflow, or of all, over time; and whether there are more workflows than were looked at. */
  async trends(
    namespaceId: NamespaceId,
    workflowType: string | undefined,
    range: TrendRange,
  ): Promise<{ readonly trends: readonly Trend[]; readonly more: boolean }> {
    const { statistics } = this.#context.store;
    const now = await this.#context.store.now();
    const names =
      workflowType === undefined
        ? await statistics.workflows(namespaceId, { limit: TREND_WORKFLOWS + 1 })
        : [workflowType];
    const { count, widthMs } = RANGES[range];
    const buckets = bucketsUntil(now, widthMs, count);
    const shown = names.slice(0, TREND_WORKFLOWS);
    const limits = {
      ended: Math.max(10, Math.floor(READ.ended / (count * 3 * Math.max(1, shown.length)))),
      started: READ.startedOfBucket,
    };
    const [ended, started] = await Promise.all([
      statistics.endedSamples({ namespaceId, buckets, limit: limits.ended }, shown),
      statistics.startedSamples({ namespaceId, buckets, limit: limits.started }, workflowType),
    ]);
    return { trends: trendsOf({ buckets, ended, started, limits, now }), more: names.length > shown.length };
  }
}

function takes(worker: Worker, { version, workflowType }: { readonly workflowType: string; readonly version: string }) {
  return worker.workflows.some((each) => each.workflowType === workflowType && each.version === version);
}

function ofWorkflow<Item extends { readonly workflowType: string }>(items: readonly Item[], name: string): Item[] {
  return items.filter(({ workflowType }) => workflowType === name);
}

function queuedFigures(queued: readonly Queued[], lines: readonly Line[]) {
  const all = [...queued, ...lines];
  const since = all.flatMap(({ oldestReadyAt }) => oldestReadyAt ?? []);
  const passedOver = countOf(0, lines.length >= LINES.ofEach ? 0 : 1);
  return {
    ready: sumOf([...all.map(({ ready }) => ready), passedOver], LIMITS.count),
    delayed: sumOf(
      queued.map(({ delayed }) => delayed),
      LIMITS.count,
    ),
    sleeping: sumOf(
      queued.map(({ sleeping }) => sleeping),
      LIMITS.count,
    ),
    ...(since.length > 0 && { oldestReadyAt: Math.min(...since) }),
  };
}

function liveFigures(live: readonly Live[], name: string) {
  const of = (status: Live["status"]): Count => {
    const ofStatus = live.filter((each) => each.status === status);
    const own = ofStatus.find(({ workflowType }) => workflowType === name);
    // Others may have been counted until the end of what is counted.
    return own?.count ?? { value: 0, more: ofStatus.some(({ count }) => count.more) };
  };
  return { running: of("running"), waiting: of("waiting"), paused: of("paused") };
}

function endedFigures(ended: Ended | undefined) {
  return {
    failedLastDay: ended?.failed ?? countOf(0, 1),
    ...(ended?.last !== undefined && { last: ended.last }),
  };
}

/** One for each kind, whatever the priorities of its runs. */
function withoutPriorities(queued: readonly Queued[]): readonly Omit<Queue, "running">[] {
  const kinds = new Map<string, Queued[]>();
  for (const each of queued) {
    const kind = JSON.stringify([each.workflowType, each.version, each.taskQueue]);
    kinds.set(kind, [...(kinds.get(kind) ?? []), each]);
  }
  return [...kinds.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { taskQueue, version, workflowType } = first;
    const { oldestReadyAt, ready } = queuedFigures(same, []);
    return { workflowType, taskQueue, version, ready, ...(oldestReadyAt !== undefined && { oldestReadyAt }) };
  });
}
