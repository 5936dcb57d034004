import {
  type Count,
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
import {
  endedSamplesStatement,
  endedStatement,
  linesStatement,
  liveStatement,
  queuedStatement,
  startedSamplesStatement,
  workflowsStatement,
} from "./statistics-sql.ts";

/** Workflows that a worker has registered, or that have runs which are claimable or have ended; by name. */
export async function listWorkflows(
  database: Database,
  namespaceId: NamespaceId,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly string[]> {
  const values = [namespaceId, page.after ?? "", page.limit];
  const rows = await database.run<{ name: string }>(workflowsStatement(database.schema), values);
  return rows.map((row) => row.name);
}

interface QueuedRow {
  readonly workflow_type: string;
  readonly task_queue: string;
  readonly version: string;
  readonly ready: number;
  readonly oldest: Instant | null;
  readonly later: number;
  readonly delayed: number;
  readonly sleeping: number;
}

/** Runs of workflows that will be claimed and stand in no line. */
export async function queuedRuns(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
  limit: number,
): Promise<readonly Queued[]> {
  const values = [database.now(), namespaceId, workflowTypes, limit];
  const rows = await database.run<QueuedRow & Record<string, unknown>>(queuedStatement(database.schema), values);
  return rows.map((row) => ({
    ...kindOf(row),
    ready: countOf(row.ready, limit),
    ...(row.oldest !== null && { oldestReadyAt: row.oldest }),
    delayed: ofLater(row.delayed, row.later, limit),
    sleeping: ofLater(row.sleeping, row.later, limit),
  }));
}

function kindOf(row: Pick<QueuedRow, "workflow_type" | "task_queue" | "version">) {
  return { workflowType: row.workflow_type, taskQueue: row.task_queue, version: row.version };
}

/** Of what was read together, some. */
function ofLater(value: number, read: number, limit: number): Count {
  return { value, more: read >= limit };
}

interface LineRow {
  readonly workflow_type: string;
  readonly task_queue: string;
  readonly version: string;
  readonly limit_key: string;
  readonly throttle_key: string | null;
  readonly ready: number;
  readonly oldest: Instant | null;
}

/** Lines of workflows that have limits. */
export async function readyLines(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
  count: { readonly lines: number; readonly limit: number },
): Promise<readonly Line[]> {
  const values = [namespaceId, workflowTypes, count.lines, count.limit];
  const rows = await database.run<LineRow & Record<string, unknown>>(linesStatement(database.schema), values);
  return rows.map((row) => ({
    ...kindOf(row),
    limitKey: row.limit_key,
    ...(row.throttle_key !== null && { throttleKey: row.throttle_key }),
    ready: countOf(row.ready, count.limit),
    ...(row.oldest !== null && { oldestReadyAt: row.oldest }),
  }));
}

/** Runs that are in a state in which nobody claims them. */
export async function liveRuns(database: Database, namespaceId: NamespaceId, limit: number): Promise<readonly Live[]> {
  const values = [database.now(), namespaceId, limit];
  const rows = await database.run<{ workflow_type: string; status: Live["status"]; count: number; read: number }>(
    liveStatement(database.schema),
    values,
  );
  return rows.map(({ count, read, status, workflow_type: workflowType }) => ({
    workflowType,
    status,
    count: ofLater(count, read, limit),
  }));
}

interface EndedRow {
  readonly workflow_type: string;
  readonly failed: number;
  readonly run_id: RunId | null;
  readonly status: TerminalStatus | null;
  readonly finished_at: Instant | null;
}

/** How many runs of each workflow failed of late, and which one ended last. */
export async function endedOfWorkflows(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
  count: { readonly sinceMs: number; readonly limit: number },
): Promise<readonly Ended[]> {
  const values = [database.now(), namespaceId, workflowTypes, count.sinceMs, count.limit];
  const rows = await database.run<EndedRow & Record<string, unknown>>(endedStatement(database.schema), values);
  return rows.map(({ failed, finished_at: finishedAt, run_id: runId, status, workflow_type: workflowType }) => ({
    workflowType,
    failed: countOf(failed, count.limit),
    ...(runId !== null && status !== null && finishedAt !== null && { last: { runId, status, finishedAt } }),
  }));
}

interface EndedSampleRow {
  readonly bucket: number;
  readonly status: TerminalStatus;
  readonly read: number;
  readonly oldest: Instant;
  readonly durations: readonly number[] | null;
  readonly waits: readonly number[] | null;
}

/** The newest runs that ended, for each workflow, bucket and way to end. */
export async function endedSamples(
  database: Database,
  request: TrendRequest,
  workflowTypes: readonly string[],
): Promise<readonly EndedSample[]> {
  const { buckets, limit, namespaceId } = request;
  const [since, until] = [buckets.map((bucket) => bucket.since), buckets.map((bucket) => bucket.until)];
  const values = [namespaceId, workflowTypes, since, until, limit];
  const rows = await database.run<EndedSampleRow & Record<string, unknown>>(
    endedSamplesStatement(database.schema),
    values,
  );
  return rows.map(({ bucket, durations, oldest, read, status, waits }) => ({
    bucket,
    status,
    read,
    oldest,
    durationsMs: durations ?? [],
    waitsMs: waits ?? [],
  }));
}

/** The newest runs that were started, for each bucket. */
export async function startedSamples(
  database: Database,
  request: TrendRequest,
  workflowType: string | undefined,
): Promise<readonly StartedSample[]> {
  const { buckets, limit, namespaceId } = request;
  const since = buckets.map((bucket) => firstRunIdAt(bucket.since));
  const until = buckets.map((bucket) => firstRunIdAt(bucket.until));
  const rows = await database.run<{ bucket: number; read: number; matched: number; oldest: string }>(
    startedSamplesStatement(database.schema),
    [namespaceId, workflowType ?? null, since, until, limit],
  );
  return rows.map((row) => ({ ...row, oldest: timeOfRunId(row.oldest) }));
}
