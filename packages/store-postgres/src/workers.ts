import {
  type NamespaceId,
  type NewWorker,
  type WorkerId,
  type WorkerStatus,
  type WorkflowVersions,
  notFound,
} from "@kagzi/core";
import type { Worker } from "@kagzi/core";
import { type WorkerRow, toWorker } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { CLOCK, span, statement } from "./sql.ts";

/** Adds a worker that is online, the versions of workflows that it has, and the events that start them. */
export async function registerWorker(database: Database, worker: NewWorker, leaseMs: number): Promise<void> {
  const subscribed = worker.workflows.flatMap(({ on = [], version, workflowType }) =>
    on.map((eventName) => ({ workflowType, version, eventName })),
  );
  const rows = await database.run(
    statement(
      "workers_register",
      `WITH ${CLOCK},
       home AS (SELECT namespace_id FROM ${database.schema}.namespaces WHERE namespace_id = $2),
       offered AS (
         INSERT INTO ${database.schema}.workflow_versions
         SELECT home.namespace_id, o.workflow_type, o.version, now
         FROM home, clock, unnest($14::text[], $15::text[]) AS o(workflow_type, version)
         ORDER BY o.workflow_type, o.version
         ON CONFLICT DO NOTHING
       ),
       dropped AS (
         DELETE FROM ${database.schema}.subscriptions s USING unnest($14::text[], $15::text[]) AS o(workflow_type, version)
         WHERE s.namespace_id = $2 AND s.workflow_type = o.workflow_type AND s.version = o.version
           AND (s.workflow_type, s.version, s.event_name) NOT IN (SELECT * FROM unnest($16::text[], $17::text[], $18::text[]))
       ),
       subscribed AS (
         INSERT INTO ${database.schema}.subscriptions AS s
         SELECT home.namespace_id, n.workflow_type, n.version, n.event_name, $4
         FROM home, unnest($16::text[], $17::text[], $18::text[]) AS n(workflow_type, version, event_name)
         ORDER BY n.workflow_type, n.version, n.event_name
         ON CONFLICT (namespace_id, workflow_type, version, event_name) DO UPDATE SET task_queue = excluded.task_queue
         WHERE s.task_queue <> excluded.task_queue
       )
       INSERT INTO ${database.schema}.workers
       SELECT home.namespace_id, $3::uuid, $4, 'online', $5, $6, $7, $8, $9, $10, $11::int, $12, 0, 0, 0,
         now, now, now + ${span("$13::bigint")}
       FROM home, clock
       ON CONFLICT (namespace_id, worker_id) DO UPDATE SET status = 'online', lease_expires_at = excluded.lease_expires_at
       RETURNING worker_id`,
    ),
    [
      database.now(),
      worker.namespaceId,
      worker.workerId,
      worker.taskQueue,
      JSON.stringify(worker.workflows),
      worker.maxConcurrent,
      worker.hostname,
      worker.pid,
      worker.version,
      JSON.stringify(worker.labels),
      worker.queueConcurrencyLimit ?? null,
      JSON.stringify(worker.workflowTypeConcurrency),
      leaseMs,
      worker.workflows.map((workflow) => workflow.workflowType),
      worker.workflows.map((workflow) => workflow.version),
      subscribed.map((subscription) => subscription.workflowType),
      subscribed.map((subscription) => subscription.version),
      subscribed.map((subscription) => subscription.eventName),
    ],
  );
  if (rows.length === 0) throw notFound("namespace", worker.namespaceId);
}

/** Sets `draining`; `false` if there is no such worker or it is offline. */
export async function drainWorker(database: Database, namespaceId: NamespaceId, workerId: WorkerId): Promise<boolean> {
  const rows = await database.run(
    statement(
      "workers_drain",
      `UPDATE ${database.schema}.workers SET status = 'draining'
       WHERE namespace_id = $1 AND worker_id = $2 AND status <> 'offline' RETURNING worker_id`,
    ),
    [namespaceId, workerId],
  );
  return rows.length === 1;
}

export async function getWorker(
  database: Database,
  namespaceId: NamespaceId,
  workerId: WorkerId,
): Promise<Worker | undefined> {
  const [row] = await database.run<WorkerRow>(
    statement("workers_get", `SELECT * FROM ${database.schema}.workers WHERE namespace_id = $1 AND worker_id = $2`),
    [namespaceId, workerId],
  );
  return row && toWorker(row);
}

/** Workers of a namespace, the newest first. */
export async function listWorkers(
  database: Database,
  filter: { readonly namespaceId: NamespaceId; readonly status?: WorkerStatus; readonly taskQueue?: string },
  page: { readonly before?: WorkerId; readonly limit: number },
): Promise<readonly Worker[]> {
  const rows = await database.run<WorkerRow>(
    statement(
      "workers_list",
      `SELECT * FROM ${database.schema}.workers
       WHERE namespace_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR task_queue = $3)
         AND ($4::uuid IS NULL OR worker_id < $4)
       ORDER BY worker_id DESC LIMIT $5`,
    ),
    [filter.namespaceId, filter.status ?? null, filter.taskQueue ?? null, page.before ?? null, page.limit],
  );
  return rows.map(toWorker);
}

/** The versions of a workflow that workers have ever registered, and the one that new runs are to take. */
export async function workflowVersions(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
): Promise<WorkflowVersions> {
  const rows = await database.run<{ version: string; pinned: boolean }>(
    statement(
      "workers_versions",
      `SELECT version, false AS pinned FROM ${database.schema}.workflow_versions
       WHERE namespace_id = $1 AND workflow_type = $2
       UNION ALL
       SELECT version, true FROM ${database.schema}.workflow_defaults WHERE namespace_id = $1 AND workflow_type = $2
       ORDER BY version`,
    ),
    [namespaceId, workflowType],
  );
  const pinned = rows.find((row) => row.pinned)?.version;
  return {
    registered: rows.filter((row) => !row.pinned).map((row) => row.version),
    ...(pinned !== undefined && { pinned }),
  };
}

/** Which version new runs take; without one the highest. */
export async function setDefaultVersion(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
  version: string | undefined,
): Promise<void> {
  const { schema } = database;
  const pin = statement(
    "workers_pin_version",
    `INSERT INTO ${schema}.workflow_defaults VALUES ($1, $2, $3)
     ON CONFLICT (namespace_id, workflow_type) DO UPDATE SET version = excluded.version`,
  );
  const unpin = statement(
    "workers_unpin_version",
    `DELETE FROM ${schema}.workflow_defaults WHERE namespace_id = $1 AND workflow_type = $2`,
  );
  if (version === undefined) await database.run(unpin, [namespaceId, workflowType]);
  else await database.run(pin, [namespaceId, workflowType, version]);
}
