import type { Instant, Lane, LimitedClaimRequest, NamespaceId, Start } from "@kagzi/core";
import type { Database } from "./database.ts";
import type { ReadyRow } from "./runs-claim.ts";

// What is known of the lines in which the runs of one workflow with limits wait for their turn.

type OfWorkflow = Pick<Start, "namespaceId" | "taskQueue" | "workflowType" | "version">;
type Where = Pick<LimitedClaimRequest, "namespaceId" | "taskQueue" | "wanted">;

/** Puts a run into a line that may not be there yet. */
export function putIntoLane(
  database: Database,
  run: OfWorkflow & Lane & { readonly priority: number },
  now: Instant,
): void {
  database.change(
    `INSERT INTO lanes (namespace_id, workflow_type, task_queue, version, lane, limit_key, throttle_key, priority, ready_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (namespace_id, lane) DO UPDATE SET priority = excluded.priority WHERE excluded.priority > lanes.priority`,
    [
      run.namespaceId,
      run.workflowType,
      run.taskQueue,
      run.version,
      run.lane,
      run.limitKey,
      run.throttleKey ?? null,
      run.priority,
      now,
    ],
  );
}

const OF_LINE = "namespace_id = ? AND workflow_type = ? AND task_queue = ? AND version = ?";

function lineOf({ namespaceId, taskQueue, wanted }: Where): [string, string, string, string] {
  return [namespaceId, wanted.workflowType, taskQueue, wanted.version];
}

/** How many places are taken of each key that has any. */
export function countRunning(database: Database, { namespaceId, wanted }: Where): ReadonlyMap<string, number> {
  const rows = database.all<{ limit_key: string; running: number }>(
    `SELECT limit_key, count(*) AS running FROM runs
     WHERE namespace_id = ? AND workflow_type = ? AND claimed_at IS NOT NULL AND limit_key IS NOT NULL GROUP BY limit_key`,
    [namespaceId, wanted.workflowType],
  );
  return new Map(rows.map((row) => [row.limit_key, row.running]));
}

// As with runs: each priority is looked at by itself, so that no line that waits is read, however many do.
function* levels(database: Database, where: Where): Generator<number> {
  let below = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const [level] = database.all<{ priority: number }>(
      `SELECT priority FROM lanes WHERE ${OF_LINE} AND priority < ? ORDER BY priority DESC LIMIT 1`,
      [...lineOf(where), below],
    );
    if (level === undefined) return;
    yield level.priority;
    below = level.priority;
  }
}

/** The lines whose turn it is, the first first, but for those whose key has no place left. */
export function linesInTurn(
  database: Database,
  where: Where,
  { full, now }: { readonly full: readonly string[]; readonly now: Instant },
): readonly Lane[] {
  const found: Lane[] = [];
  for (const priority of levels(database, where)) {
    if (found.length >= where.wanted.limit) break;
    const rows = database.all<{ lane: string; limit_key: string; throttle_key: string | null }>(
      `SELECT lane, limit_key, throttle_key FROM lanes
       WHERE ${OF_LINE} AND priority = ? AND ready_at <= ? AND limit_key NOT IN (SELECT value FROM json_each(?))
       ORDER BY ready_at LIMIT ?`,
      [...lineOf(where), priority, now, JSON.stringify(full), where.wanted.limit - found.length],
    );
    for (const { lane, limit_key: limitKey, throttle_key: throttleKey } of rows) {
      found.push({ lane, limitKey, ...(throttleKey !== null && { throttleKey }) });
    }
  }
  return found;
}

/** How many runs of a throttle key began since then, up to `limit`; and when the first of these did. */
export function countBegun(
  database: Database,
  { namespaceId, wanted }: Where,
  { key, limit, since }: { readonly key: string; readonly limit: number; readonly since: Instant },
): { readonly begun: number; readonly first: Instant | null } {
  const [row] = database.all<{ begun: number; first: Instant | null }>(
    `SELECT count(*) AS begun, min(started_at) AS first FROM (
       SELECT started_at FROM runs
       WHERE namespace_id = ? AND workflow_type = ? AND throttle_key = ? AND started_at > ?
       ORDER BY started_at DESC LIMIT ?)`,
    [namespaceId, wanted.workflowType, key, since, limit],
  );
  return row ?? { begun: 0, first: null };
}

/** A run at the head of its line. */
export type HeadRow = Omit<ReadyRow, "priority">;

/** The first runs of a line. */
export function headsOf(
  database: Database,
  { namespaceId }: Where,
  { lane, now, quota }: { readonly lane: string; readonly quota: number; readonly now: Instant },
): readonly HeadRow[] {
  return database.all<HeadRow>(
    `SELECT run_id, workflow_type, version, worker_id, status, available_at, crashes, deadline_at <= ? AS overdue FROM runs
     WHERE namespace_id = ? AND lane = ? AND available_at IS NOT NULL ORDER BY priority DESC, available_at LIMIT ?`,
    [now, namespaceId, lane, quota],
  );
}

/** A line that has had its turn goes to the end, one that may not go on yet waits, and an empty one is removed. */
export function settleLane(database: Database, { namespaceId }: Where, lane: string, readyAt: Instant): void {
  const [head] = database.all<{ priority: number }>(
    `SELECT priority FROM runs WHERE namespace_id = ? AND lane = ? AND available_at IS NOT NULL
     ORDER BY priority DESC LIMIT 1`,
    [namespaceId, lane],
  );
  if (head === undefined) database.change("DELETE FROM lanes WHERE namespace_id = ? AND lane = ?", [namespaceId, lane]);
  else {
    const change = "UPDATE lanes SET priority = ?, ready_at = ? WHERE namespace_id = ? AND lane = ?";
    database.change(change, [head.priority, readyAt, namespaceId, lane]);
  }
}

/** Lines of a workflow whose limits are others now have their turn: a throttle that made them wait may be gone. */
export function releaseLanes(database: Database, namespaceId: NamespaceId, workflowType: string): void {
  const now = database.now();
  database.change("UPDATE lanes SET ready_at = ? WHERE namespace_id = ? AND workflow_type = ? AND ready_at > ?", [
    now,
    namespaceId,
    workflowType,
    now,
  ]);
}

/** When the next line that waits has its turn. */
export function nextTurn(database: Database, where: Where, now: Instant): Instant | undefined {
  let next: Instant | undefined;
  for (const priority of levels(database, where)) {
    const [row] = database.all<{ ready_at: Instant }>(
      `SELECT ready_at FROM lanes WHERE ${OF_LINE} AND priority = ? AND ready_at > ? ORDER BY ready_at LIMIT 1`,
      [...lineOf(where), priority, now],
    );
    if (row !== undefined) next = Math.min(next ?? row.ready_at, row.ready_at);
  }
  return next;
}
