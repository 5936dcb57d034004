import type {
  GivenBack,
  Instant,
  LapsedLease,
  Lease,
  NamespaceId,
  RunId,
  Worker,
  WorkerId,
  WorkerStats,
  WorkerStore,
} from "@kagzi/core";
import { crashesSince } from "@kagzi/core";
import type { Database } from "./database.ts";

// A run that is to be paused is paused where its worker gives it back, or is lost.
const GIVEN_BACK = `available_at = CASE WHEN pause_error IS NULL THEN ? END, claimed_at = NULL,
       status = CASE WHEN pause_error IS NULL THEN 'pending' ELSE 'paused' END`;

/** Renews every lease of a worker by one row, as an absolute time, and says which runs these are. */
export function heartbeat(
  database: Database,
  worker: Pick<Worker, "namespaceId" | "workerId">,
  leaseMs: number,
  stats: WorkerStats,
): Awaited<ReturnType<WorkerStore["heartbeat"]>> {
  return database.transaction(() => {
    const now = database.now();
    // A worker that was given up for lost and is heard of again is online again; what it held is not given back to it.
    const [renewed] = database.all<{ status: Worker["status"] }>(
      `UPDATE workers SET status = CASE status WHEN 'offline' THEN 'online' ELSE status END,
         active_count = ?, total_completed = ?, total_failed = ?, last_heartbeat_at = ?, lease_expires_at = ?
       WHERE namespace_id = ? AND worker_id = ? RETURNING status`,
      [
        stats.activeCount,
        stats.totalCompleted,
        stats.totalFailed,
        now,
        now + leaseMs,
        worker.namespaceId,
        worker.workerId,
      ],
    );
    if (renewed === undefined) return undefined;
    const rows = database.all<{ run_id: RunId; epoch: number; claimed_at: number; cancelling: number }>(
      `SELECT run_id, epoch, claimed_at, cancel_error IS NOT NULL AS cancelling FROM runs
       WHERE namespace_id = ? AND worker_id = ? AND status = 'running'`,
      [worker.namespaceId, worker.workerId],
    );
    const granted = rows.map((row) => ({
      runId: row.run_id,
      epoch: row.epoch,
      claimedAt: row.claimed_at,
      cancelling: row.cancelling === 1,
    }));
    return { now, status: renewed.status, granted };
  });
}

/** Whether the worker's lease holds: it was heard of in time. */
export function isWorkerHeardOf(
  database: Database,
  worker: Pick<Worker, "namespaceId" | "workerId">,
  now: Instant,
): boolean {
  const rows = database.all(
    "SELECT 1 FROM workers WHERE namespace_id = ? AND worker_id = ? AND lease_expires_at >= ?",
    [worker.namespaceId, worker.workerId, now],
  );
  return rows.length === 1;
}

/** Gives runs back: ready at once, no crash counted. */
export function releaseLeases(database: Database, namespaceId: NamespaceId, leases: readonly Lease[]): void {
  database.transaction(() => {
    for (const lease of leases) {
      database.change(
        `UPDATE runs SET ${GIVEN_BACK}, crashes = 0
         WHERE namespace_id = ? AND run_id = ? AND epoch = ? AND status = 'running'`,
        [database.now(), namespaceId, lease.runId, lease.epoch],
      );
    }
  });
}

/** Counts no claim as a crash whose worker speaks of its lease though it is lost, nor those before it. */
export function excuseLeases(database: Database, namespaceId: NamespaceId, lost: readonly Lease[]): void {
  database.transaction(() => {
    for (const lease of lost) {
      const [run] = database.all<{ crashes: number; epoch: number }>(
        `SELECT crashes, epoch FROM runs WHERE namespace_id = ?1 AND run_id = ?2 AND epoch >= ?3
           AND finished_at IS NULL AND (status <> 'running' OR epoch > ?3)`,
        [namespaceId, lease.runId, lease.epoch],
      );
      if (run === undefined) continue;
      const change = "UPDATE runs SET crashes = ? WHERE namespace_id = ? AND run_id = ?";
      database.change(change, [crashesSince(run, lease), namespaceId, lease.runId]);
    }
  });
}

/** Marks a worker offline and gives back all its runs; `false` if there is no such worker. */
export function deregisterWorker(database: Database, namespaceId: NamespaceId, workerId: WorkerId): boolean {
  return database.transaction(() => {
    const now = database.now();
    // Past, not now: nothing more is leased to it within this very millisecond.
    const gone = database.change(
      `UPDATE workers SET status = 'offline', active_count = 0, lease_expires_at = ?
       WHERE namespace_id = ? AND worker_id = ?`,
      [now - 1, namespaceId, workerId],
    );
    database.change(
      `UPDATE runs SET ${GIVEN_BACK}, crashes = 0
       WHERE namespace_id = ? AND worker_id = ? AND status = 'running'`,
      [now, namespaceId, workerId],
    );
    return gone === 1;
  });
}

/** Leases whose worker was not heard of in time. */
export function lapsedLeases(database: Database, limit: number): readonly LapsedLease[] {
  interface Row {
    namespace_id: NamespaceId;
    run_id: RunId;
    epoch: number;
    crashes: number;
    progressed: number;
  }
  const rows = database.all<Row>(
    `SELECT r.namespace_id, r.run_id, r.epoch, r.crashes, r.claimed_seq < (
       SELECT max(h.seq) FROM history h WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id) AS progressed
     FROM workers w
     JOIN runs r ON r.namespace_id = w.namespace_id AND r.worker_id = w.worker_id AND r.status = 'running'
     WHERE w.lease_expires_at < ?
     LIMIT ?`,
    [database.now(), limit],
  );
  return rows.map((row) => ({
    namespaceId: row.namespace_id,
    runId: row.run_id,
    epoch: row.epoch,
    crashes: row.crashes,
    progressed: row.progressed === 1,
  }));
}

/** Takes lapsed leases back. One that was renewed or given up meanwhile is left alone. */
export function takeOver(database: Database, takeovers: readonly GivenBack[]): readonly RunId[] {
  return database.transaction(() => {
    const taken = takeovers.filter(({ lease }) => isLapsed(database, lease));
    for (const each of taken) toPending(database, each);
    return taken.map(({ lease }) => lease.runId);
  });
}

function isLapsed(database: Database, lease: LapsedLease): boolean {
  const rows = database.all(
    `SELECT 1 FROM runs r JOIN workers w ON w.namespace_id = r.namespace_id AND w.worker_id = r.worker_id
     WHERE r.namespace_id = ? AND r.run_id = ? AND r.epoch = ? AND r.status = 'running' AND w.lease_expires_at < ?`,
    [lease.namespaceId, lease.runId, lease.epoch, database.now()],
  );
  return rows.length === 1;
}

function toPending(database: Database, { lease, takeover }: GivenBack): void {
  database.change(
    `UPDATE runs SET ${GIVEN_BACK}, crashes = ?
     WHERE namespace_id = ? AND run_id = ?`,
    [database.now() + takeover.afterMs, takeover.crashes, lease.namespaceId, lease.runId],
  );
}

/** Marks workers offline whose leases lapsed and hold nothing, and forgets those that have long been offline. */
export function sweepWorkers(database: Database, forgetAfterMs: number): void {
  database.transaction(() => {
    const now = database.now();
    database.change("DELETE FROM workers WHERE status = 'offline' AND last_heartbeat_at < ?", [now - forgetAfterMs]);
    database.change(
      `UPDATE workers SET status = 'offline', active_count = 0
       WHERE status <> 'offline' AND lease_expires_at < ? AND NOT EXISTS (
         SELECT 1 FROM runs r WHERE r.namespace_id = workers.namespace_id AND r.worker_id = workers.worker_id
           AND r.status = 'running')`,
      [now],
    );
  });
}
