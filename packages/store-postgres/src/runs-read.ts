import type { Activity, NamespaceId, Run, RunDetail, RunFilter, RunId, RunReference } from "@kagzi/core";
import { type RunRow, runColumns, toError, toPayload, toRun } from "@kagzi/core/rows";
import type { Database, Statement, Value } from "./database.ts";
import { OF_KEY, priorities } from "./runs-claim.ts";
import { CLOCK, instant, statement } from "./sql.ts";

/** Runs with the payloads at the two ends of their histories. */
export async function getRuns(
  database: Database,
  runs: readonly RunReference[],
): Promise<readonly (RunDetail | undefined)[]> {
  const rows = await database.run<RunRow & EndColumns>(getStatement(database.schema), [
    runs.map((run) => run.namespaceId),
    runs.map((run) => run.runId),
  ]);
  const details = new Map(rows.map((row) => [`${row.namespace_id}/${row.run_id}`, toDetail(row)]));
  return runs.map((run) => details.get(`${run.namespaceId}/${run.runId}`));
}

function toDetail(row: RunRow & EndColumns): RunDetail {
  const input = toPayload(row.input, row.input_metadata);
  const output = toPayload(row.output, row.output_metadata);
  const progress = toPayload(row.progress, row.progress_metadata);
  return {
    run: toRun(row),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(row.error !== null && { error: toError(row.error) }),
    ...(row.continued_as !== null && { continuedAs: row.continued_as }),
    ...(progress !== undefined && { progress }),
    ...(row.activity !== null && { activity: JSON.parse(row.activity) as Activity }),
  };
}

interface EndColumns {
  readonly input: Uint8Array | null;
  readonly input_metadata: string | null;
  readonly output: Uint8Array | null;
  readonly output_metadata: string | null;
  readonly error: string | null;
  readonly continued_as: RunId | null;
  readonly progress: Uint8Array | null;
  readonly progress_metadata: string | null;
  readonly activity: string | null;
}

function getStatement(schema: string): Statement {
  return statement(
    "runs_get",
    `SELECT ${runColumns("r")}, first.payload AS input, first.payload_metadata AS input_metadata,
       last.payload AS output, last.payload_metadata AS output_metadata, last.error,
       last.child_run_id AS continued_as, p.payload AS progress, p.payload_metadata AS progress_metadata, p.activity
     FROM unnest($1::text[], $2::uuid[]) AS w(namespace_id, run_id)
     JOIN ${schema}.runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
     LEFT JOIN ${schema}.history first
       ON first.namespace_id = r.namespace_id AND first.run_id = r.run_id AND first.seq = 1
     LEFT JOIN LATERAL (
       SELECT * FROM ${schema}.history h
       WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id ORDER BY h.seq DESC LIMIT 1
     ) last ON r.finished_at IS NOT NULL
     LEFT JOIN ${schema}.run_progress p ON p.namespace_id = r.namespace_id AND p.run_id = r.run_id`,
  );
}

/** The run that was started with this idempotency key. */
export async function findRunByExternalId(
  database: Database,
  namespaceId: NamespaceId,
  externalId: string,
): Promise<RunId | undefined> {
  const [row] = await database.run<{ run_id: RunId }>(
    statement(
      "runs_find",
      `SELECT run_id FROM ${database.schema}.run_keys WHERE namespace_id = $1 AND external_id = $2`,
    ),
    [namespaceId, externalId],
  );
  return row?.run_id;
}

/** Of some runs those that have ended, or are not there: nobody need wait for them any longer. */
export async function endedRuns(database: Database, runs: readonly RunReference[]): Promise<readonly RunId[]> {
  const rows = await database.run<{ run_id: RunId }>(
    statement(
      "runs_ended",
      `SELECT w.run_id FROM unnest($1::text[], $2::uuid[]) AS w(namespace_id, run_id)
       WHERE NOT EXISTS (SELECT FROM ${database.schema}.runs r
         WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id AND r.finished_at IS NULL)`,
    ),
    [runs.map((run) => run.namespaceId), runs.map((run) => run.runId)],
  );
  return rows.map((row) => row.run_id);
}

/** Runs that have not ended and whose deadline has passed. */
export async function overdueRuns(database: Database, limit: number): Promise<readonly RunReference[]> {
  const rows = await database.run<{ namespace_id: NamespaceId; run_id: RunId }>(
    statement(
      "runs_overdue",
      `WITH ${CLOCK}
       SELECT namespace_id, run_id FROM ${database.schema}.runs
       WHERE deadline_at IS NOT NULL AND finished_at IS NULL AND deadline_at <= (SELECT now FROM clock)
       ORDER BY deadline_at LIMIT $2`,
    ),
    [database.now(), limit],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, runId: row.run_id }));
}

/** Runs that a filter lets through, the newest first. */
export async function listRuns(
  database: Database,
  filter: RunFilter,
  page: { readonly before?: RunId; readonly limit: number },
): Promise<readonly Run[]> {
  const { where, values } = condition(filter, page.before);
  const rows = await database.run<RunRow>(
    statement(
      `runs_list_${shape(filter, page.before)}`,
      `SELECT ${runColumns("r")} FROM ${database.schema}.runs r
       WHERE ${where} ORDER BY r.run_id DESC LIMIT $${values.length + 1}`,
    ),
    [...values, page.limit],
  );
  return rows.map(toRun);
}

/** How many runs a filter lets through, counted up to `limit`. */
export async function countRuns(database: Database, filter: RunFilter, limit: number): Promise<number> {
  const { where, values } = condition(filter, undefined);
  const rows = await database.run<{ count: number }>(
    statement(
      `runs_count_${shape(filter, undefined)}`,
      `SELECT count(*) AS count FROM (
         SELECT FROM ${database.schema}.runs r WHERE ${where} LIMIT $${values.length + 1}) counted`,
    ),
    [...values, limit],
  );
  return rows[0]?.count ?? 0;
}

/** How many ready runs of its kind are to be taken before a run, counted up to `limit`. */
export async function countAhead(database: Database, run: Run, limit: number): Promise<number> {
  const { schema } = database;
  const rows = await database.run<{ count: number }>(
    statement(
      "runs_ahead",
      `WITH ${CLOCK}
       SELECT count(*) AS count FROM (
         SELECT FROM ${schema}.runs w CROSS JOIN LATERAL (${priorities(schema)}
           SELECT FROM level l CROSS JOIN LATERAL (
             SELECT FROM ${schema}.runs r
             WHERE ${OF_KEY} AND r.priority = l.priority AND r.available_at <
               CASE WHEN l.priority = w.priority THEN w.available_at ELSE (SELECT now + interval '1 microsecond' FROM clock) END
             LIMIT $5
           ) ready
           WHERE l.priority >= w.priority
         ) ahead
         WHERE w.namespace_id = $2 AND w.run_id = $4 LIMIT $5
       ) counted`,
    ),
    [database.now(), run.namespaceId, run.taskQueue, run.runId, limit],
  );
  return rows[0]?.count ?? 0;
}

// Each combination of filters is a statement of its own, so that each gets the plan that fits it.
function condition(filter: RunFilter, before: RunId | undefined): { where: string; values: Value[] } {
  const values: Value[] = [filter.namespaceId];
  const parts = ["r.namespace_id = $1"];
  const add = (value: Value | undefined, part: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(value);
    parts.push(part(`$${values.length}`));
  };
  const [status, ...otherStatuses] = filter.statuses;
  if (otherStatuses.length === 0) add(status, (parameter) => `r.status = ${parameter}`);
  else add(filter.statuses, (parameter) => `r.status = ANY(${parameter}::text[])`);
  // Without this the planner cannot know that the partial index by status holds all that is asked for.
  if (filter.statuses.length > 0 && !filter.statuses.includes("completed")) parts.push("r.status <> 'completed'");
  add(filter.workflowType, (parameter) => `r.workflow_type = ${parameter}`);
  add(filter.createdAfter, (parameter) => `r.created_at > ${instant(`${parameter}::bigint`)}`);
  add(filter.createdBefore, (parameter) => `r.created_at < ${instant(`${parameter}::bigint`)}`);
  add(filter.parentRunId, (parameter) => `r.parent_run_id = ${parameter}::uuid`);
  add(before, (parameter) => `r.run_id < ${parameter}::uuid`);
  return { where: parts.join(" AND "), values };
}

/** Which of a filter's parts are given, as part of a statement's name. */
function shape(filter: RunFilter, before: RunId | undefined): string {
  const statuses = Math.min(filter.statuses.length, 2);
  const completed = filter.statuses.includes("completed");
  const given = [filter.workflowType, filter.createdAfter, filter.createdBefore, filter.parentRunId, before];
  return `${statuses}${completed ? "c" : ""}${given.map((part) => (part === undefined ? "0" : "1")).join("")}`;
}
