import type { Instant, NamespaceId, Run, RunId, RunReference } from "@kagzi/core";
import { type RunRow, runColumns, toRun } from "@kagzi/core/rows";
import type { Database } from "./database.ts";

interface Kind {
  readonly workflow_type: string;
  readonly status: string;
}

/** Runs of a namespace that ended longer ago, in the order in which they did. */
export function expiredRuns(
  database: Database,
  namespaceId: NamespaceId,
  page: { readonly olderThanMs: number; readonly after: Instant; readonly limit: number },
): { readonly now: Instant; readonly runs: readonly Run[] } {
  const { after, limit, olderThanMs } = page;
  const now = database.now();
  const found = [...kinds(database, namespaceId)].flatMap(({ status, workflow_type: workflowType }) =>
    database.all<RunRow & { readonly finished_at: Instant }>(
      `SELECT ${runColumns("r")} FROM runs r
       WHERE namespace_id = ? AND workflow_type = ? AND status = ? AND finished_at > ? AND finished_at <= ?
       ORDER BY finished_at LIMIT ?`,
      [namespaceId, workflowType, status, after, now - olderThanMs, limit],
    ),
  );
  const runs = found.toSorted((a, b) => a.finished_at - b.finished_at).slice(0, limit);
  return { now, runs: runs.map(toRun) };
}

/** The workflows of which runs have ended, and how. */
function* kinds(database: Database, namespaceId: NamespaceId): Generator<Kind> {
  for (let last: Kind = { workflow_type: "", status: "" }; ;) {
    const [next] = database.all<Kind>(
      `SELECT workflow_type, status FROM runs
       WHERE namespace_id = ? AND (workflow_type, status) > (?, ?) AND finished_at IS NOT NULL
       ORDER BY workflow_type, status LIMIT 1`,
      [namespaceId, last.workflow_type, last.status],
    );
    if (next === undefined) return;
    yield next;
    last = next;
  }
}

/** Of runs that have ended those that something still needs. */
export function neededRuns(database: Database, runs: readonly RunReference[]): readonly RunId[] {
  return runs.filter((run) => isNeeded(database, run)).map((run) => run.runId);
}

function isNeeded(database: Database, { namespaceId, runId }: RunReference): boolean {
  const rows = database.all(
    `SELECT 1 FROM runs r WHERE r.namespace_id = ? AND r.run_id = ? AND (r.closing OR EXISTS (
       SELECT 1 FROM runs p WHERE p.namespace_id = r.namespace_id AND p.run_id = r.parent_run_id
         AND (p.finished_at IS NULL OR p.status = 'failed')
     ) OR EXISTS (
       SELECT 1 FROM history last
       JOIN runs n ON n.namespace_id = r.namespace_id AND n.run_id = last.child_run_id
       WHERE last.namespace_id = r.namespace_id AND last.run_id = r.run_id AND last.kind = 'run'
         AND last.seq = (SELECT max(seq) FROM history h WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id)
     ))`,
    [namespaceId, runId],
  );
  return rows.length === 1;
}
