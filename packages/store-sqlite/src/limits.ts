import {
  type Begun,
  type LimitSettings,
  type LimitUsage,
  type NamespaceId,
  type Places,
  type RunId,
  type Throttle,
  type WorkflowLimits,
  lanesOf,
} from "@kagzi/core";
import { type LimitsRow, jsonColumn, toLimitSettings } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { countBegun, releaseLanes } from "./lanes.ts";

/** What the code of workflows says of their limits. One that has none any more is forgotten when nobody waits in its lines. */
export function declareLimits(
  database: Database,
  namespaceId: NamespaceId,
  workflows: readonly Omit<LimitSettings, "override">[],
): void {
  database.transaction(() => {
    for (const { declared, workflowType } of workflows) {
      database.change(
        `INSERT INTO workflow_limits (namespace_id, workflow_type, declared) VALUES (?, ?, ?)
         ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET declared = excluded.declared`,
        [namespaceId, workflowType, jsonColumn(declared)],
      );
      releaseLanes(database, namespaceId, workflowType);
      forget(database, namespaceId, workflowType);
    }
  });
}

function forget(database: Database, namespaceId: NamespaceId, workflowType: string): void {
  database.change(
    `DELETE FROM workflow_limits
     WHERE namespace_id = ?1 AND workflow_type = ?2 AND declared IS NULL AND override IS NULL
       AND NOT EXISTS (SELECT 1 FROM lanes w WHERE w.namespace_id = ?1 AND w.workflow_type = ?2)`,
    [namespaceId, workflowType],
  );
}

/** What an operator says of a workflow's limits; `undefined`: nothing. */
export function overrideLimits(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
  limits: WorkflowLimits | undefined,
): void {
  database.transaction(() => {
    database.change(
      `INSERT INTO workflow_limits (namespace_id, workflow_type, override) VALUES (?, ?, ?)
       ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET override = excluded.override`,
      [namespaceId, workflowType, jsonColumn(limits)],
    );
    releaseLanes(database, namespaceId, workflowType);
    forget(database, namespaceId, workflowType);
  });
}

/** What is said of workflows that have limits. */
export function getLimits(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
): readonly LimitSettings[] {
  return [...new Set(workflowTypes)]
    .toSorted()
    .flatMap((workflowType) =>
      database
        .all<LimitsRow>(
          "SELECT workflow_type, declared, override FROM workflow_limits WHERE namespace_id = ? AND workflow_type = ?",
          [namespaceId, workflowType],
        )
        .map(toLimitSettings),
    );
}

/** The keys of a workflow that have runs: those with the most in places first, then others that wait. */
export function limitUsage(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
  limit: number,
): readonly LimitUsage[] {
  const keys = database.all<Omit<LimitUsage, "waiting">>(
    `WITH going AS MATERIALIZED (
       SELECT limit_key AS key, count(*) AS running FROM runs
       WHERE namespace_id = ?1 AND workflow_type = ?2 AND claimed_at IS NOT NULL AND limit_key IS NOT NULL
       GROUP BY limit_key ORDER BY 2 DESC, 1 LIMIT ?3
     ),
     keys AS (
       SELECT key FROM going UNION SELECT limit_key FROM (
         SELECT limit_key FROM lanes WHERE namespace_id = ?1 AND workflow_type = ?2 LIMIT 2 * ?3)
     )
     SELECT k.key, coalesce((SELECT g.running FROM going g WHERE g.key = k.key), 0) AS running
     FROM keys k ORDER BY 2 DESC, 1 LIMIT ?3`,
    [namespaceId, workflowType, limit],
  );
  return keys.map(({ key, running }) => ({
    key,
    running,
    waiting: countWaiting(database, namespaceId, lanesOf(workflowType, key)),
  }));
}

function countWaiting(database: Database, namespaceId: NamespaceId, lanes: string): number {
  const [row] = database.all<{ waiting: number }>(
    `SELECT count(*) AS waiting FROM (
       SELECT 1 FROM runs WHERE namespace_id = ?1 AND lane >= ?2 AND lane < ?2 || char(1114111) AND available_at IS NOT NULL
       LIMIT 1000)`,
    [namespaceId, lanes],
  );
  return row?.waiting ?? 0;
}

/** Who takes up places of a workflow; with a key, of that one. */
export function limitPlaces(
  database: Database,
  about: { readonly namespaceId: NamespaceId; readonly workflowType: string; readonly key: string | undefined },
  limit: number,
): Places {
  const rows = database.all<{ run_id: RunId; running: number }>(
    `SELECT run_id, count(*) OVER () AS running FROM runs
     WHERE namespace_id = ?1 AND workflow_type = ?2 AND claimed_at IS NOT NULL AND limit_key IS NOT NULL
       ${about.key === undefined ? "AND ?3 IS NULL" : "AND limit_key = ?3"}
     ORDER BY run_id LIMIT ?4`,
    [about.namespaceId, about.workflowType, about.key ?? null, limit],
  );
  return { running: rows[0]?.running ?? 0, holders: rows.map((row) => row.run_id) };
}

/** How many runs of a throttle key have begun within its window. */
export function limitBegun(
  database: Database,
  {
    key,
    namespaceId,
    workflowType,
  }: { readonly namespaceId: NamespaceId; readonly workflowType: string; readonly key: string },
  { limit, perMs }: Throttle,
): Begun {
  const where = { namespaceId, taskQueue: "", wanted: { workflowType, version: "", limit: 0 } };
  const { begun, first } = countBegun(database, where, { key, limit, since: database.now() - perMs });
  return { begun, ...(first !== null && { until: first + perMs }) };
}

export function hasLimits(
  database: Database,
  namespaceId: NamespaceId,
  { workflowType }: { readonly workflowType: string },
): boolean {
  const sql = "SELECT 1 FROM workflow_limits WHERE namespace_id = ? AND workflow_type = ?";
  return database.all(sql, [namespaceId, workflowType]).length === 1;
}
