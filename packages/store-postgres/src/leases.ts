import type {
  GivenBack,
  LapsedLease,
  Lease,
  NamespaceId,
  RunId,
  Worker,
  WorkerId,
  WorkerStats,
  WorkerStore,
} from "@kagzi/core";
import type { Database, Runner, Statement } from "./database.ts";
import { CLOCK, span, statement } from "./sql.ts";

// A run that is to be paused is paused where its worker gives it back, or is lost.
const givenBackAfter = (wait: string) => `
         status = CASE WHEN r.pause_error IS NULL THEN 'pending' ELSE 'paused' END,
         available_at = CASE WHEN r.pause_error IS NULL THEN now + ${wait} END`;
const GIVEN_BACK = givenBackAfter("interval '0'");

/** Renews every lease of a worker by one row, as an absolute time, and says which runs these are. */
export async function heartbeat(
  database: Database,
  worker: Pick<Worker, "namespaceId" | "workerId">,
  leaseMs: number,
  stats: WorkerStats,
): ReturnType<WorkerStore["heartbeat"]> {
  interface Row {
    now: number;
    status: Worker["status"];
    run_id: RunId | null;
    epoch: number;
    claimed_at: number;
    cancelling: boolean;
  }
  const rows = await database.run<Row>(heartbeatStatement(database.schema), [
    database.now(),
    worker.namespaceId,
    worker.workerId,
    leaseMs,
    stats.activeCount,
    stats.totalCompleted,
    stats.totalFailed,
  ]);
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    now: first.now,
    status: first.status,
    granted: rows.flatMap((row) =>
      row.run_id === null
        ? []
        : [{ runId: row.run_id, epoch: row.epoch, claimedAt: row.claimed_at, cancelling: row.cancelling }],
    ),
  };
}

// A worker that was given up for lost and is heard of again is online again; what it held is not given back to it.
function heartbeatStatement(schema: string): Statement {
  return statement(
    "leases_heartbeat",
    `WITH ${CLOCK},
     renewed AS (
       UPDATE ${schema}.workers SET
         status = CASE status WHEN 'offline' THEN 'online' ELSE status END,
         active_count = $5, total_completed = $6, total_failed = $7,
         last_heartbeat_at = now, lease_expires_at = now + ${span("$4::bigint")}
       FROM clock WHERE namespace_id = $2 AND worker_id = $3
       RETURNING status
     )
     SELECT now, w.status, r.run_id, r.epoch, r.claimed_at, r.cancel_error IS NOT NULL AS cancelling
     FROM clock, renewed w
     -- By the values themselves: by those of the worker's row it might read what all workers hold.
     LEFT JOIN ${schema}.runs r ON r.namespace_id = $2 AND r.worker_id = $3 AND r.status = 'running'`,
  );
}

/** Gives runs back: ready at once, no crash counted. */
export async function releaseLeases(
  database: Database,
  namespaceId: NamespaceId,
  leases: readonly Lease[],
): Promise<void> {
  await database.run(
    statement(
      "leases_release",
      `WITH ${CLOCK},
       held AS MATERIALIZED (
         SELECT r.run_id FROM unnest($3::uuid[], $4::int[]) AS l(run_id, epoch)
         JOIN ${database.schema}.runs r ON r.namespace_id = $2 AND r.run_id = l.run_id AND r.epoch = l.epoch
         WHERE r.status = 'running' ORDER BY r.run_id FOR UPDATE OF r
       )
       UPDATE ${database.schema}.runs r
       SET ${GIVEN_BACK}, claimed_at = NULL, crashes = 0
       FROM held, clock WHERE r.namespace_id = $2 AND r.run_id = held.run_id`,
    ),
    [database.now(), namespaceId, leases.map((lease) => lease.runId), leases.map((lease) => lease.epoch)],
  );
}

/** Counts no claim as a crash whose worker speaks of its lease though it is lost, nor those before it: `crashesSince`. */
export async function excuseLeases(
  database: Database,
  namespaceId: NamespaceId,
  lost: readonly Lease[],
): Promise<void> {
  await database.run(
    statement(
      "leases_excuse",
      `WITH excused AS MATERIALIZED (
         SELECT r.run_id, r.epoch - l.epoch AS later FROM unnest($2::uuid[], $3::int[]) AS l(run_id, epoch)
         JOIN ${database.schema}.runs r ON r.namespace_id = $1 AND r.run_id = l.run_id AND r.epoch >= l.epoch
         WHERE r.finished_at IS NULL AND r.crashes > r.epoch - l.epoch AND (r.status <> 'running' OR r.epoch > l.epoch)
         ORDER BY r.run_id FOR UPDATE OF r
       )
       UPDATE ${database.schema}.runs r SET crashes = least(r.crashes, excused.later)
       FROM excused WHERE r.namespace_id = $1 AND r.run_id = excused.run_id`,
    ),
    [namespaceId, lost.map((lease) => lease.runId), lost.map((lease) => lease.epoch)],
  );
}

/** Marks a worker offline and gives back all its runs; `false` if there is no such worker. */
export async function deregisterWorker(
  database: Database,
  namespaceId: NamespaceId,
  workerId: WorkerId,
): Promise<boolean> {
  const rows = await database.run(
    statement(
      "leases_deregister",
      `WITH ${CLOCK},
       gone AS (
         -- Past, not now: nothing more is leased to it within this very millisecond.
         UPDATE ${database.schema}.workers
         SET status = 'offline', active_count = 0, lease_expires_at = now - interval '1 millisecond'
         FROM clock WHERE namespace_id = $2 AND worker_id = $3 RETURNING worker_id
       ),
       held AS MATERIALIZED (
         SELECT run_id FROM ${database.schema}.runs
         WHERE namespace_id = $2 AND worker_id = $3 AND status = 'running' ORDER BY run_id FOR UPDATE
       ),
       released AS (
         UPDATE ${database.schema}.runs r
         SET ${GIVEN_BACK}, claimed_at = NULL, crashes = 0
         FROM held, clock WHERE r.namespace_id = $2 AND r.run_id = held.run_id
       )
       SELECT worker_id FROM gone`,
    ),
    [database.now(), namespaceId, workerId],
  );
  return rows.length === 1;
}

/** Leases whose worker was not heard of in time. */
export async function lapsedLeases(database: Database, limit: number): Promise<readonly LapsedLease[]> {
  interface Row {
    namespace_id: NamespaceId;
    run_id: RunId;
    epoch: number;
    crashes: number;
    progressed: boolean;
  }
  const rows = await database.run<Row>(
    statement(
      "leases_lapsed",
      `WITH ${CLOCK}
       SELECT r.namespace_id, r.run_id, r.epoch, r.crashes, r.claimed_seq < (
         SELECT max(h.seq) FROM ${database.schema}.history h
         WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id) AS progressed
       FROM ${database.schema}.workers w
       -- The limit within keeps it from beginning with what all workers hold.
       CROSS JOIN LATERAL (
         SELECT * FROM ${database.schema}.runs r
         WHERE r.namespace_id = w.namespace_id AND r.worker_id = w.worker_id AND r.status = 'running' LIMIT $2
       ) r
       WHERE w.lease_expires_at < (SELECT now FROM clock)
       LIMIT $2`,
    ),
    [database.now(), limit],
  );
  return rows.map((row) => ({
    namespaceId: row.namespace_id,
    runId: row.run_id,
    epoch: row.epoch,
    crashes: row.crashes,
    progressed: row.progressed,
  }));
}

/** Takes lapsed leases back. One that was renewed or given up meanwhile is left alone. */
export async function takeOver(database: Database, takeovers: readonly GivenBack[]): Promise<readonly RunId[]> {
  return database.transaction(async (runner) => {
    const taken = await lockLapsed(
      runner,
      database,
      takeovers.map(({ lease }) => lease),
    );
    const still = takeovers.filter(({ lease }) => taken.has(`${lease.namespaceId}/${lease.runId}`));
    await toPending(runner, database, still);
    return still.map(({ lease }) => lease.runId);
  });
}

async function lockLapsed(runner: Runner, database: Database, leases: readonly LapsedLease[]): Promise<Set<string>> {
  const rows = await runner.run<{ namespace_id: NamespaceId; run_id: RunId }>(
    statement(
      "leases_lock_lapsed",
      `WITH ${CLOCK}
       SELECT r.namespace_id, r.run_id FROM unnest($2::text[], $3::uuid[], $4::int[]) AS l(namespace_id, run_id, epoch)
       JOIN ${database.schema}.runs r
         ON r.namespace_id = l.namespace_id AND r.run_id = l.run_id AND r.epoch = l.epoch AND r.status = 'running'
       JOIN ${database.schema}.workers w ON w.namespace_id = r.namespace_id AND w.worker_id = r.worker_id
       WHERE w.lease_expires_at < (SELECT now FROM clock)
       ORDER BY r.namespace_id, r.run_id FOR UPDATE OF r SKIP LOCKED`,
    ),
    [
      database.now(),
      leases.map((lease) => lease.namespaceId),
      leases.map((lease) => lease.runId),
      leases.map((lease) => lease.epoch),
    ],
  );
  return new Set(rows.map((row) => `${row.namespace_id}/${row.run_id}`));
}

async function toPending(runner: Runner, database: Database, takeovers: readonly GivenBack[]): Promise<void> {
  const rows = takeovers.map(({ lease, takeover }) => ({ ...lease, ...takeover }));
  if (rows.length === 0) return;
  await runner.run(
    statement(
      "leases_to_pending",
      `WITH ${CLOCK}
       UPDATE ${database.schema}.runs r SET ${givenBackAfter(span("t.after_ms"))}, claimed_at = NULL, crashes = t.crashes
       FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::int[]) AS t(namespace_id, run_id, after_ms, crashes), clock
       WHERE r.namespace_id = t.namespace_id AND r.run_id = t.run_id`,
    ),
    [
      database.now(),
      rows.map((row) => row.namespaceId),
      rows.map((row) => row.runId),
      rows.map((row) => row.afterMs),
      rows.map((row) => row.crashes),
    ],
  );
}

/** Marks workers offline whose leases lapsed and hold nothing, and forgets those that have long been offline. */
export async function sweepWorkers(database: Database, forgetAfterMs: number): Promise<void> {
  await database.run(
    statement(
      "leases_sweep",
      // A claim that meets the end of its worker may lease a run to one that is offline: that is found by its worker's row.
      `WITH ${CLOCK},
       forgotten AS (
         DELETE FROM ${database.schema}.workers w
         WHERE w.status = 'offline' AND w.last_heartbeat_at < (SELECT now FROM clock) - ${span("$2::bigint")}
           AND ${holdsNothing(database.schema)}
       )
       UPDATE ${database.schema}.workers w SET status = 'offline', active_count = 0
       WHERE w.status <> 'offline' AND w.lease_expires_at < (SELECT now FROM clock)
         AND ${holdsNothing(database.schema)}`,
    ),
    [database.now(), forgetAfterMs],
  );
}

/** Not as NOT EXISTS, which is planned as a join of all workers with all that is held. */
function holdsNothing(schema: string): string {
  return `(SELECT r.run_id FROM ${schema}.runs r
           WHERE r.namespace_id = w.namespace_id AND r.worker_id = w.worker_id AND r.status = 'running' LIMIT 1) IS NULL`;
}
