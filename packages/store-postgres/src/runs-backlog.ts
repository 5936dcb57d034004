import type { Backlog, NamespaceId, RunStatus } from "@kagzi/core";
import type { Database, Statement } from "./database.ts";
import { CLOCK, statement } from "./sql.ts";

const OPEN_STATUSES: readonly RunStatus[] = ["pending", "running", "sleeping", "waiting", "paused"];

interface BacklogRow {
  readonly namespace_id: NamespaceId;
  readonly workflow_type: string;
  readonly status: RunStatus;
  readonly count: number;
  readonly ready: number;
  readonly oldest_ms: number | null;
}

/** The runs that have not ended, by namespace, state and workflow. */
export async function countBacklog(
  database: Database,
  namespaceIds: readonly NamespaceId[],
  limit: number,
): Promise<readonly Backlog[]> {
  const rows = await database.run<BacklogRow & Record<string, unknown>>(backlogStatement(database.schema), [
    database.now(),
    namespaceIds,
    OPEN_STATUSES,
    limit,
  ]);
  return rows.map((row) => ({
    namespaceId: row.namespace_id,
    workflowType: row.workflow_type,
    status: row.status,
    count: row.count,
    ready: row.ready,
    oldestReadyMs: Math.max(0, row.oldest_ms ?? 0),
  }));
}

// Each namespace and state is a range of the index, of which no more is read than may be counted.
function backlogStatement(schema: string): Statement {
  return statement(
    "runs_backlog",
    `WITH ${CLOCK}
     SELECT n.namespace_id, r.workflow_type, s.status, count(*) AS count,
       count(*) FILTER (WHERE r.available_at <= now) AS ready,
       floor(extract(epoch FROM now - min(r.available_at)) * 1000)::bigint AS oldest_ms
     FROM clock, unnest($2::text[]) AS n(namespace_id) CROSS JOIN unnest($3::text[]) AS s(status)
     CROSS JOIN LATERAL (
       SELECT r.workflow_type, r.available_at FROM ${schema}.runs r
       WHERE r.namespace_id = n.namespace_id AND r.status = s.status AND r.status <> 'completed'
       ORDER BY r.run_id LIMIT $4
     ) r
     GROUP BY n.namespace_id, r.workflow_type, s.status, now`,
  );
}
