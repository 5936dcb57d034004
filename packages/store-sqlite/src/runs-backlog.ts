import type { Backlog, NamespaceId, RunStatus } from "@kagzi/core";
import type { Database } from "./database.ts";

const OPEN_STATUSES: readonly RunStatus[] = ["pending", "running", "sleeping", "waiting", "paused"];

interface BacklogRow {
  readonly workflow_type: string;
  readonly count: number;
  readonly ready: number;
  readonly oldest: number | null;
}

/** The runs that have not ended, by namespace, state and workflow. */
export function countBacklog(
  database: Database,
  namespaceIds: readonly NamespaceId[],
  limit: number,
): readonly Backlog[] {
  return namespaceIds.flatMap((namespaceId) =>
    OPEN_STATUSES.flatMap((status) => countOf(database, { namespaceId, status, limit })),
  );
}

// Each namespace and state is a range of the index, of which no more is read than may be counted.
function countOf(
  database: Database,
  range: { readonly namespaceId: NamespaceId; readonly status: RunStatus; readonly limit: number },
): readonly Backlog[] {
  const { limit, namespaceId, status } = range;
  const now = database.now();
  const rows = database.all<BacklogRow>(
    `SELECT workflow_type, count(*) AS count, count(*) FILTER (WHERE available_at <= ?) AS ready, min(available_at) AS oldest
     FROM (SELECT workflow_type, available_at FROM runs
           WHERE namespace_id = ? AND status = ? AND status <> 'completed' ORDER BY run_id LIMIT ?)
     GROUP BY workflow_type`,
    [now, namespaceId, status, limit],
  );
  return rows.map(({ count, oldest, ready, workflow_type: workflowType }) => ({
    namespaceId,
    workflowType,
    status,
    count,
    ready,
    oldestReadyMs: Math.max(0, now - (oldest ?? now)),
  }));
}
