import {
  type Ended,
  type EndedSample,
  type Instant,
  type Line,
  type Live,
  type NamespaceId,
  type Queued,
  type RunId,
  type StartedSample,
  type TerminalStatus,
  type TrendRequest,
  countOf,
  firstRunIdAt,
  timeOfRunId,
} from "@kagzi/core";
import type { Database } from "./database.ts";

/** Kinds of runs that are stepped through at most. */
const KINDS = 1000;

const CLAIMABLE = "available_at IS NOT NULL AND lane IS NULL";
const ENDS: readonly TerminalStatus[] = ["completed", "failed", "cancelled"];

/** Workflows that a worker has registered, or that have runs which are claimable or have ended; by name. */
export function listWorkflows(
  database: Database,
  namespaceId: NamespaceId,
  page: { readonly after?: string; readonly limit: number },
): readonly string[] {
  const { after = "", limit } = page;
  const names = new Set<string>();
  for (const from of ["workflow_versions WHERE true", "runs WHERE finished_at IS NOT NULL"]) {
    for (let name: string | undefined = after, count = 0; name !== undefined && count < limit; count++) {
      const [row]: readonly { readonly workflow_type: string }[] = database.all(
        `SELECT workflow_type FROM ${from} AND namespace_id = ? AND workflow_type > ? ORDER BY workflow_type LIMIT 1`,
        [namespaceId, name],
      );
      name = row?.workflow_type;
      if (name !== undefined) names.add(name);
    }
  }
  for (const { workflowType } of kinds(database, namespaceId)) if (workflowType > after) names.add(workflowType);
  return [...names].toSorted(byCodePoint).slice(0, limit);
}

// As SQLite orders texts, and PostgreSQL under COLLATE "C".
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

interface Kind {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly version: string;
  readonly priority: number;
}

const KIND = "task_queue AS taskQueue, workflow_type AS workflowType, version, priority";
const IN_ORDER = "task_queue, workflow_type, version, priority DESC";
const OF_KIND = `namespace_id = ? AND task_queue = ? AND workflow_type = ? AND version = ? AND ${CLAIMABLE}`;

/** What kinds of runs are claimable or will be, without those that stand in a line. */
function* kinds(database: Database, namespaceId: NamespaceId): Generator<Kind> {
  let [kind] = database.all<Kind>(
    `SELECT ${KIND} FROM runs WHERE namespace_id = ? AND ${CLAIMABLE} ORDER BY ${IN_ORDER} LIMIT 1`,
    [namespaceId],
  );
  for (let count = 0; kind !== undefined && count < KINDS; count++) {
    yield kind;
    const { priority, taskQueue, version, workflowType } = kind;
    const [lower] = database.all<Kind>(
      `SELECT ${KIND} FROM runs WHERE ${OF_KIND} AND priority < ? ORDER BY priority DESC LIMIT 1`,
      [namespaceId, taskQueue, workflowType, version, priority],
    );
    [kind] = lower === undefined ? nextKind(database, namespaceId, kind) : [lower];
  }
}

function nextKind(database: Database, namespaceId: NamespaceId, { taskQueue, version, workflowType }: Kind) {
  return database.all<Kind>(
    `SELECT ${KIND} FROM runs
     WHERE namespace_id = ? AND (task_queue, workflow_type, version) > (?, ?, ?) AND ${CLAIMABLE}
     ORDER BY ${IN_ORDER} LIMIT 1`,
    [namespaceId, taskQueue, workflowType, version],
  );
}

/** Runs of workflows that will be claimed and stand in no line. */
export function queuedRuns(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
  limit: number,
): readonly Queued[] {
  const now = database.now();
  return [...kinds(database, namespaceId)]
    .filter(({ workflowType }) => workflowTypes.includes(workflowType))
    .map(({ priority, taskQueue, version, workflowType }) => {
      const of = [namespaceId, taskQueue, workflowType, version, priority, now, limit];
      const [ready] = database.all<{ read: number; oldest: Instant | null }>(
        `SELECT count(*) AS read, min(available_at) AS oldest FROM (
           SELECT available_at FROM runs WHERE ${OF_KIND} AND priority = ? AND available_at <= ?
           ORDER BY available_at LIMIT ?)`,
        of,
      );
      const [later] = database.all<{ read: number; delayed: number; sleeping: number }>(
        `SELECT count(*) AS read, count(*) FILTER (WHERE status = 'pending') AS delayed,
           count(*) FILTER (WHERE status = 'sleeping') AS sleeping FROM (
           SELECT status FROM runs WHERE ${OF_KIND} AND priority = ? AND available_at > ? LIMIT ?)`,
        of,
      );
      const oldest = ready?.oldest ?? null;
      const more = (later?.read ?? 0) >= limit;
      return {
        workflowType,
        taskQueue,
        version,
        ready: countOf(ready?.read ?? 0, limit),
        ...(oldest !== null && { oldestReadyAt: oldest }),
        delayed: { value: later?.delayed ?? 0, more },
        sleeping: { value: later?.sleeping ?? 0, more },
      };
    });
}

interface LineRow {
  readonly lane: string;
  readonly task_queue: string;
  readonly version: string;
  readonly limit_key: string;
  readonly throttle_key: string | null;
}

/** Lines of workflows that have limits. */
export function readyLines(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
  count: { readonly lines: number; readonly limit: number },
): readonly Line[] {
  const lines = workflowTypes.flatMap((workflowType) =>
    database
      .all<LineRow>(
        `SELECT lane, task_queue, version, limit_key, throttle_key FROM lanes
         WHERE namespace_id = ? AND workflow_type = ? LIMIT ?`,
        [namespaceId, workflowType, count.lines],
      )
      .map((row) => toLine(database, namespaceId, { ...row, workflowType }, count.limit)),
  );
  return lines.filter(({ ready }) => ready.value > 0);
}

function toLine(
  database: Database,
  namespaceId: NamespaceId,
  row: LineRow & { readonly workflowType: string },
  limit: number,
): Line {
  const [ready] = database.all<{ read: number; oldest: Instant | null }>(
    `SELECT count(*) AS read, min(available_at) AS oldest FROM (
       SELECT available_at FROM runs WHERE namespace_id = ? AND lane = ? AND available_at IS NOT NULL LIMIT ?)`,
    [namespaceId, row.lane, limit],
  );
  const oldest = ready?.oldest ?? null;
  return {
    workflowType: row.workflowType,
    taskQueue: row.task_queue,
    version: row.version,
    limitKey: row.limit_key,
    ...(row.throttle_key !== null && { throttleKey: row.throttle_key }),
    ready: countOf(ready?.read ?? 0, limit),
    ...(oldest !== null && { oldestReadyAt: oldest }),
  };
}

/** Runs that are in a state in which nobody claims them. A wait whose time has come is ready. */
export function liveRuns(database: Database, namespaceId: NamespaceId, limit: number): readonly Live[] {
  const statuses = ["running", "waiting", "paused"] as const;
  return statuses.flatMap((status) => {
    const rows = database.all<{ workflowType: string; value: number; read: number }>(
      `SELECT workflow_type AS workflowType, count(*) FILTER (WHERE available_at IS NULL OR available_at > ?) AS value,
         count(*) AS read
       FROM (
         SELECT workflow_type, available_at FROM runs
         WHERE namespace_id = ? AND status = ? AND status <> 'completed' LIMIT ?)
       GROUP BY workflow_type`,
      [database.now(), namespaceId, status, limit],
    );
    const more = rows.reduce((sum, row) => sum + row.read, 0) >= limit;
    return rows
      .filter(({ value }) => value > 0)
      .map(({ value, workflowType }) => ({ workflowType, status, count: { value, more } }));
  });
}

/** How many runs of each workflow failed of late, and which one ended last. */
export function endedOfWorkflows(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
  count: { readonly sinceMs: number; readonly limit: number },
): readonly Ended[] {
  return workflowTypes.map((workflowType) => {
    const [failed] = database.all<{ read: number }>(
      `SELECT count(*) AS read FROM (
         SELECT 1 FROM runs
         WHERE namespace_id = ? AND workflow_type = ? AND status = 'failed' AND finished_at > ? LIMIT ?)`,
      [namespaceId, workflowType, database.now() - count.sinceMs, count.limit],
    );
    const [last] = ENDS.flatMap((status) => lastEnded(database, { namespaceId, workflowType, status })).toSorted(
      (a, b) => b.finishedAt - a.finishedAt,
    );
    return { workflowType, failed: countOf(failed?.read ?? 0, count.limit), ...(last !== undefined && { last }) };
  });
}

interface Way {
  readonly namespaceId: NamespaceId;
  readonly workflowType: string;
  readonly status: TerminalStatus;
}

function lastEnded(database: Database, { namespaceId, status, workflowType }: Way) {
  return database
    .all<{ runId: RunId; finishedAt: Instant }>(
      `SELECT run_id AS runId, finished_at AS finishedAt FROM runs
       WHERE namespace_id = ? AND workflow_type = ? AND status = ? AND finished_at IS NOT NULL
       ORDER BY finished_at DESC LIMIT 1`,
      [namespaceId, workflowType, status],
    )
    .map(({ finishedAt, runId }) => ({ runId, status, finishedAt }));
}

/** The newest runs that ended, for each workflow, bucket and way to end. */
export function endedSamples(
  database: Database,
  { buckets, limit, namespaceId }: TrendRequest,
  workflowTypes: readonly string[],
): readonly EndedSample[] {
  const ways = workflowTypes.flatMap((workflowType) => ENDS.map((status) => ({ workflowType, status })));
  return ways.flatMap(({ status, workflowType }) =>
    buckets.flatMap(({ since, until }, bucket) => {
      const rows = database.all<{ created_at: Instant; started_at: Instant | null; finished_at: Instant }>(
        `SELECT created_at, started_at, finished_at FROM runs
         WHERE namespace_id = ? AND workflow_type = ? AND status = ? AND finished_at >= ? AND finished_at < ?
         ORDER BY finished_at DESC LIMIT ?`,
        [namespaceId, workflowType, status, since, until, limit],
      );
      const oldest = rows.at(-1)?.finished_at;
      if (oldest === undefined) return [];
      const begun = rows.flatMap((row) => (row.started_at === null ? [] : [{ ...row, started_at: row.started_at }]));
      return {
        bucket,
        status,
        read: rows.length,
        oldest,
        durationsMs: begun.map((row) => row.finished_at - row.started_at),
        waitsMs: begun.map((row) => row.started_at - row.created_at),
      };
    }),
  );
}

/** The newest runs that were started, for each bucket. */
export function startedSamples(
  database: Database,
  { buckets, limit, namespaceId }: TrendRequest,
  workflowType: string | undefined,
): readonly StartedSample[] {
  return buckets.flatMap(({ since, until }, bucket) => {
    const [row] = database.all<{ read: number; matched: number; oldest: string | null }>(
      `SELECT count(*) AS read, count(*) FILTER (WHERE ?1 IS NULL OR workflow_type = ?1) AS matched, min(run_id) AS oldest
       FROM (
         SELECT run_id, workflow_type FROM runs
         WHERE namespace_id = ?2 AND run_id >= ?3 AND run_id < ?4 ORDER BY run_id DESC LIMIT ?5)`,
      [workflowType ?? null, namespaceId, firstRunIdAt(since), firstRunIdAt(until), limit],
    );
    const oldest = row?.oldest ?? null;
    if (row === undefined || oldest === null) return [];
    return { bucket, read: row.read, matched: row.matched, oldest: timeOfRunId(oldest) };
  });
}
