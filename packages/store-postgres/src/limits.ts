import {
  type Begun,
  type Instant,
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
import { begunStatement, releaseStatement } from "./lanes.ts";
import { statement } from "./sql.ts";

/** What the code of workflows says of their limits. One that has none any more is forgotten when nobody waits in its lines. */
export async function declareLimits(
  database: Database,
  namespaceId: NamespaceId,
  workflows: readonly Omit<LimitSettings, "override">[],
): Promise<void> {
  const { schema } = database;
  const sorted = workflows.toSorted((a, b) => (a.workflowType < b.workflowType ? -1 : 1));
  const types = sorted.map(({ workflowType }) => workflowType);
  const declared = sorted.map((each) => jsonColumn(each.declared));
  const declare = statement(
    "limits_declare",
    `INSERT INTO ${schema}.workflow_limits AS l (namespace_id, workflow_type, declared)
     SELECT $1, d.workflow_type, d.declared FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS d(workflow_type, declared)
     ORDER BY d.ordinality
     ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET declared = excluded.declared
     WHERE l.declared IS DISTINCT FROM excluded.declared`,
  );
  await database.transaction(async (runner) => {
    await runner.run(declare, [namespaceId, types, declared]);
    await runner.run(releaseStatement(schema), [database.now(), namespaceId, types]);
    await runner.run(forgetStatement(schema), [namespaceId, types]);
  });
}

function forgetStatement(schema: string) {
  return statement(
    "limits_forget",
    `DELETE FROM ${schema}.workflow_limits l
     WHERE l.namespace_id = $1 AND l.workflow_type = ANY($2::text[]) AND l.declared IS NULL AND l.override IS NULL
       AND NOT EXISTS (SELECT FROM ${schema}.lanes w
         WHERE w.namespace_id = l.namespace_id AND w.workflow_type = l.workflow_type)`,
  );
}

/** What an operator says of a workflow's limits; `undefined`: nothing. */
export async function overrideLimits(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
  limits: WorkflowLimits | undefined,
): Promise<void> {
  const { schema } = database;
  const override = statement(
    "limits_override",
    `INSERT INTO ${schema}.workflow_limits (namespace_id, workflow_type, override) VALUES ($1, $2, $3)
     ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET override = excluded.override`,
  );
  await database.transaction(async (runner) => {
    await runner.run(override, [namespaceId, workflowType, jsonColumn(limits)]);
    await runner.run(releaseStatement(schema), [database.now(), namespaceId, [workflowType]]);
    await runner.run(forgetStatement(schema), [namespaceId, [workflowType]]);
  });
}

/** What is said of workflows that have limits. */
export async function getLimits(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
): Promise<readonly LimitSettings[]> {
  const rows = await database.run<LimitsRow>(
    statement(
      "limits_get",
      `SELECT workflow_type, declared, override FROM ${database.schema}.workflow_limits
       WHERE namespace_id = $1 AND workflow_type = ANY($2::text[]) ORDER BY workflow_type`,
    ),
    [namespaceId, workflowTypes],
  );
  return rows.map(toLimitSettings);
}

/** The keys of a workflow that have runs: those with the most in places first, then others that wait. */
export async function limitUsage(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
  limit: number,
): Promise<readonly LimitUsage[]> {
  const { schema } = database;
  const keys = await database.run<Omit<LimitUsage, "waiting"> & Record<string, unknown>>(
    statement(
      "limits_keys",
      `WITH going AS MATERIALIZED (
         SELECT r.limit_key AS key, count(*)::int AS running FROM ${schema}.runs r
         WHERE r.namespace_id = $1 AND r.workflow_type = $2 AND r.claimed_at IS NOT NULL AND r.limit_key IS NOT NULL
         GROUP BY r.limit_key ORDER BY 2 DESC, 1 LIMIT $3
       ),
       waiting AS (
         SELECT DISTINCT l.limit_key AS key FROM (
           SELECT limit_key FROM ${schema}.lanes WHERE namespace_id = $1 AND workflow_type = $2 LIMIT 2 * $3) l
       )
       SELECT key, coalesce(g.running, 0) AS running FROM going g FULL JOIN waiting USING (key)
       ORDER BY 2 DESC, 1 LIMIT $3`,
    ),
    [namespaceId, workflowType, limit],
  );
  const waiting = await database.run<{ waiting: number }>(
    statement(
      "limits_waiting",
      `SELECT (SELECT count(*)::int FROM (
         SELECT FROM ${schema}.runs r
         WHERE r.namespace_id = $1 AND r.lane >= k.lanes AND r.lane < k.lanes || chr(1114111) AND r.available_at IS NOT NULL
         LIMIT 1000) w) AS waiting
       FROM unnest($2::text[]) WITH ORDINALITY AS k(lanes, place) ORDER BY k.place`,
    ),
    [namespaceId, keys.map(({ key }) => lanesOf(workflowType, key))],
  );
  return keys.map(({ key, running }, index) => ({ key, running, waiting: waiting[index]?.waiting ?? 0 }));
}

/** Who takes up places of a workflow; with a key, of that one. */
export async function limitPlaces(
  database: Database,
  about: { readonly namespaceId: NamespaceId; readonly workflowType: string; readonly key: string | undefined },
  limit: number,
): Promise<Places> {
  const rows = await database.run<{ run_id: RunId; running: number }>(
    statement(
      about.key === undefined ? "limits_places" : "limits_places_of_key",
      `SELECT r.run_id, count(*) OVER ()::int AS running FROM ${database.schema}.runs r
       WHERE r.namespace_id = $1 AND r.workflow_type = $2 AND ${about.key === undefined ? "$3::text IS NULL" : "r.limit_key = $3"}
         AND r.claimed_at IS NOT NULL AND r.limit_key IS NOT NULL
       ORDER BY r.run_id LIMIT $4`,
    ),
    [about.namespaceId, about.workflowType, about.key ?? null, limit],
  );
  return { running: rows[0]?.running ?? 0, holders: rows.map((row) => row.run_id) };
}

/** How many runs of a throttle key have begun within its window. */
export async function limitBegun(
  database: Database,
  about: { readonly namespaceId: NamespaceId; readonly workflowType: string; readonly key: string },
  { limit, perMs }: Throttle,
): Promise<Begun> {
  const values = [database.now(), about.namespaceId, about.workflowType, [about.key], perMs, limit];
  const [row] = await database.run<{ begun: number; until: Instant | null }>(begunStatement(database.schema), values);
  const until = row?.until ?? null;
  return { begun: row?.begun ?? 0, ...(until !== null && { until }) };
}
