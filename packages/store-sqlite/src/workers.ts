import { type NamespaceId, type NewWorker, type Worker, type WorkerId, type WorkerStatus, notFound } from "@kagzi/core";
import { type WorkerRow, toWorker } from "@kagzi/core/rows";
import type { WorkflowVersions } from "@kagzi/core";
import type { Database } from "./database.ts";

/** Adds a worker that is online, the versions of workflows that it has, and the events that start them. */
export function registerWorker(database: Database, worker: NewWorker, leaseMs: number): void {
  database.transaction(() => {
    const home = database.all("SELECT 1 FROM namespaces WHERE namespace_id = ?", [worker.namespaceId]);
    if (home.length === 0) throw notFound("namespace", worker.namespaceId);
    const now = database.now();
    for (const { on = [], workflowType, version } of worker.workflows) {
      database.change("INSERT INTO workflow_versions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", [
        worker.namespaceId,
        workflowType,
        version,
        now,
      ]);
      const of = [worker.namespaceId, workflowType, version];
      database.change("DELETE FROM subscriptions WHERE namespace_id = ? AND workflow_type = ? AND version = ?", of);
      for (const name of on) {
        database.change("INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?)", [...of, name, worker.taskQueue]);
      }
    }
    database.change(
      `INSERT INTO workers VALUES (?, ?, ?, 'online', ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?)
       ON CONFLICT (namespace_id, worker_id) DO UPDATE SET status = 'online', lease_expires_at = excluded.lease_expires_at`,
      [
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
        now,
        now,
        now + leaseMs,
      ],
    );
  });
}

/** Sets `draining`; `false` if there is no such worker or it is offline. */
export function drainWorker(database: Database, namespaceId: NamespaceId, workerId: WorkerId): boolean {
  const drained = database.change(
    "UPDATE workers SET status = 'draining' WHERE namespace_id = ? AND worker_id = ? AND status <> 'offline'",
    [namespaceId, workerId],
  );
  return drained === 1;
}

export function getWorker(database: Database, namespaceId: NamespaceId, workerId: WorkerId): Worker | undefined {
  const [row] = database.all<WorkerRow>("SELECT * FROM workers WHERE namespace_id = ? AND worker_id = ?", [
    namespaceId,
    workerId,
  ]);
  return row && toWorker(row);
}

/** Workers of a namespace, the newest first. */
export function listWorkers(
  database: Database,
  filter: { readonly namespaceId: NamespaceId; readonly status?: WorkerStatus; readonly taskQueue?: string },
  page: { readonly before?: WorkerId; readonly limit: number },
): readonly Worker[] {
  const rows = database.all<WorkerRow>(
    `SELECT * FROM workers
     WHERE namespace_id = ?1 AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR task_queue = ?3)
       AND (?4 IS NULL OR worker_id < ?4)
     ORDER BY worker_id DESC LIMIT ?5`,
    [filter.namespaceId, filter.status ?? null, filter.taskQueue ?? null, page.before ?? null, page.limit],
  );
  return rows.map(toWorker);
}

/** The versions of a workflow that workers have ever registered, and the one that new runs are to take. */
export function workflowVersions(database: Database, namespaceId: NamespaceId, workflowType: string): WorkflowVersions {
  const rows = database.all<{ version: string }>(
    "SELECT version FROM workflow_versions WHERE namespace_id = ? AND workflow_type = ? ORDER BY version",
    [namespaceId, workflowType],
  );
  const [pinned] = database.all<{ version: string }>(
    "SELECT version FROM workflow_defaults WHERE namespace_id = ? AND workflow_type = ?",
    [namespaceId, workflowType],
  );
  return { registered: rows.map((row) => row.version), ...(pinned !== undefined && { pinned: pinned.version }) };
}

/** Which version new runs take; without one the highest. */
export function setDefaultVersion(
  database: Database,
  namespaceId: NamespaceId,
  workflowType: string,
  version: string | undefined,
): void {
  if (version === undefined) {
    const values = [namespaceId, workflowType];
    database.change("DELETE FROM workflow_defaults WHERE namespace_id = ? AND workflow_type = ?", values);
  } else {
    database.change("INSERT OR REPLACE INTO workflow_defaults VALUES (?, ?, ?)", [namespaceId, workflowType, version]);
  }
}
