import type { Activity, NamespaceId, Run, RunDetail, RunFilter, RunId, RunReference } from "@kagzi/core";
import { type RunRow, runColumns, toError, toPayload, toRun } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import type { Value } from "./driver.ts";
import { OF_KEY, keyOf, priorities } from "./runs-claim.ts";

/** Runs with the payloads at the two ends of their histories. */
export function getRuns(database: Database, runs: readonly RunReference[]): readonly (RunDetail | undefined)[] {
  return runs.map((run) => getRun(database, run));
}

function getRun(database: Database, run: RunReference): RunDetail | undefined {
  const [row] = database.all<RunRow & EndColumns>(
    `SELECT ${runColumns("r")}, first.payload AS input, first.payload_metadata AS input_metadata,
       last.payload AS output, last.payload_metadata AS output_metadata, last.error,
       last.child_run_id AS continued_as, p.payload AS progress, p.payload_metadata AS progress_metadata, p.activity
     FROM runs r
     LEFT JOIN history first
       ON first.namespace_id = r.namespace_id AND first.run_id = r.run_id AND first.seq = 1
     LEFT JOIN history last
       ON last.namespace_id = r.namespace_id AND last.run_id = r.run_id AND r.finished_at IS NOT NULL
       AND last.seq = (SELECT max(seq) FROM history h WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id)
     LEFT JOIN run_progress p ON p.namespace_id = r.namespace_id AND p.run_id = r.run_id
     WHERE r.namespace_id = ? AND r.run_id = ?`,
    [run.namespaceId, run.runId],
  );
  if (row === undefined) return undefined;
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

/** The run that was started with this idempotency key. */
export function findRunByExternalId(
  database: Database,
  namespaceId: NamespaceId,
  externalId: string,
): RunId | undefined {
  const [row] = database.all<{ run_id: RunId }>(
    "SELECT run_id FROM run_keys WHERE namespace_id = ? AND external_id = ?",
    [namespaceId, externalId],
  );
  return row?.run_id;
}

/** Of some runs those that have ended, or are not there: nobody need wait for them any longer. */
export function endedRuns(database: Database, runs: readonly RunReference[]): readonly RunId[] {
  const isOpen = (run: RunReference) =>
    database.all("SELECT 1 FROM runs WHERE namespace_id = ? AND run_id = ? AND finished_at IS NULL", [
      run.namespaceId,
      run.runId,
    ]).length === 1;
  return runs.filter((run) => !isOpen(run)).map((run) => run.runId);
}

/** Runs that have not ended and whose deadline has passed. */
export function overdueRuns(database: Database, limit: number): readonly RunReference[] {
  const rows = database.all<{ namespace_id: NamespaceId; run_id: RunId }>(
    `SELECT namespace_id, run_id FROM runs
     WHERE deadline_at IS NOT NULL AND finished_at IS NULL AND deadline_at <= ? ORDER BY deadline_at LIMIT ?`,
    [database.now(), limit],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, runId: row.run_id }));
}

/** Runs that a filter lets through, the newest first. */
export function listRuns(
  database: Database,
  filter: RunFilter,
  page: { readonly before?: RunId; readonly limit: number },
): readonly Run[] {
  const { where, values } = condition(filter, page.before);
  const rows = database.all<RunRow>(
    `SELECT ${runColumns("r")} FROM runs r WHERE ${where} ORDER BY r.run_id DESC LIMIT ?`,
    [...values, page.limit],
  );
  return rows.map(toRun);
}

/** How many runs a filter lets through, counted up to `limit`. */
export function countRuns(database: Database, filter: RunFilter, limit: number): number {
  const { where, values } = condition(filter, undefined);
  const [row] = database.all<{ count: number }>(
    `SELECT count(*) AS count FROM (SELECT 1 FROM runs r WHERE ${where} LIMIT ?)`,
    [...values, limit],
  );
  return row?.count ?? 0;
}

/** How many ready runs of its kind are to be taken before a run, counted up to `limit`. */
export function countAhead(database: Database, run: Run, limit: number): number {
  const now = database.now();
  let ahead = 0;
  for (const priority of priorities(database, run, run)) {
    if (priority < run.priority || ahead >= limit) break;
    const own = "availableAt" in run ? run.availableAt : undefined;
    const before = priority > run.priority ? now + 1 : (own ?? now);
    const [row] = database.all<{ count: number }>(
      `SELECT count(*) AS count FROM (
         SELECT 1 FROM runs WHERE ${OF_KEY} AND priority = ? AND available_at < ? LIMIT ?)`,
      [...keyOf(run, run), priority, before, limit - ahead],
    );
    ahead += row?.count ?? 0;
  }
  return ahead;
}

// Each combination of filters is a statement of its own, so that each gets the plan that fits it.
function condition(filter: RunFilter, before: RunId | undefined): { where: string; values: Value[] } {
  const values: Value[] = [filter.namespaceId];
  const parts = ["r.namespace_id = ?"];
  const add = (value: Value | undefined, part: string) => {
    if (value === undefined) return;
    values.push(value);
    parts.push(part);
  };
  const [status, ...otherStatuses] = filter.statuses;
  if (otherStatuses.length === 0) add(status, "r.status = ?");
  else add(JSON.stringify(filter.statuses), "r.status IN (SELECT value FROM json_each(?))");
  // Without this the planner cannot know that the partial index by status holds all that is asked for.
  if (filter.statuses.length > 0 && !filter.statuses.includes("completed")) parts.push("r.status <> 'completed'");
  add(filter.workflowType, "r.workflow_type = ?");
  add(filter.createdAfter, "r.created_at > ?");
  add(filter.createdBefore, "r.created_at < ?");
  add(filter.parentRunId, "r.parent_run_id = ?");
  add(before, "r.run_id < ?");
  return { where: parts.join(" AND "), values };
}
