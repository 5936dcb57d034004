import type {
  Assignment,
  Candidate,
  ClaimRequest,
  ClaimResult,
  ClaimedRun,
  Instant,
  NamespaceId,
  Run,
  RunId,
  RunStatus,
  WorkerId,
} from "@kagzi/core";
import { leftOvers, refusedWorkers } from "@kagzi/core";
import { type RunRow, runColumns, toRun } from "@kagzi/core/rows";
import type { Database, Runner, Statement } from "./database.ts";
import { CLOCK, span, statement } from "./sql.ts";

/** Claims ready runs: locks the first of them, lets the caller say who takes which, and gives out those leases. */
export async function claimRuns(database: Database, request: ClaimRequest): Promise<ClaimResult> {
  const now = database.now();
  return database.transaction(async (runner) => {
    const ready = await runner.run<ReadyRow>(readyStatement(database.schema), [
      now,
      ...keyColumns(request),
      request.aheadMs ?? 0,
    ]);
    const { candidates, overdue } = sortOut(ready);
    const assignments = candidates.length === 0 ? [] : request.assign(candidates);
    const claimed = await giveOut(runner, database, { ready, assignments, namespaceId: request.namespaceId });
    const more = leftOvers(request.wanted, ready.map(toCandidate), new Set(claimed.map(({ run }) => run.runId)));
    const refused = refusedWorkers(assignments, claimed);
    const [first] = claimed;
    // Where there are more, the claim that takes them says what comes after that.
    if (more.length > 0 && first !== undefined) return { now: first.run.claimedAt, claimed, refused, overdue, more };
    const next = await nextReady(runner, database.schema, now, request);
    return {
      now: next.now,
      claimed,
      refused,
      overdue,
      more,
      ...(next.at !== null && { nextAt: lookAt(next.at, next.now, request) }),
    };
  });
}

/** Where the next run may be a sleeping one, it can be taken ahead of its time. */
function lookAt(at: Instant, now: Instant, { aheadMs = 0 }: ClaimRequest): Instant {
  return at > now + aheadMs ? at - aheadMs : at;
}

/** Gives out the leases. */
export async function giveOut(
  runner: Runner,
  database: Database,
  work: {
    readonly namespaceId: NamespaceId;
    readonly ready: readonly ReadyRow[];
    readonly assignments: readonly Assignment[];
  },
): Promise<readonly ClaimedRun[]> {
  const { assignments, namespaceId, ready } = work;
  if (assignments.length === 0) return [];
  const byId = new Map(ready.map((row) => [row.run_id, row]));
  const rows = await runner.run<RunRow & { claimed_seq: number; now: Instant }>(claimStatement(database.schema), [
    database.now(),
    namespaceId,
    assignments.map((assignment) => assignment.runId),
    assignments.map((assignment) => assignment.workerId),
    assignments.map((assignment) => assignment.timeoutMs ?? null),
  ]);
  return rows.map((row) => {
    const before = byId.get(row.run_id);
    const readyAt = before?.available_at ?? row.now;
    return {
      run: toRun(row) as Extract<Run, { status: "running" }>,
      lastSeq: row.claimed_seq,
      sameWorker: before?.worker_id === row.worker_id,
      ...(readyAt > row.now && { readyAt }),
    };
  });
}

/** A run that is ready. */
export interface ReadyRow {
  readonly run_id: RunId;
  readonly workflow_type: string;
  readonly version: string;
  readonly worker_id: WorkerId | null;
  readonly status: RunStatus;
  readonly available_at: Instant;
  /** Its deadline has passed; `null` if it has none. */
  readonly overdue: boolean | null;
}

/** What may be given out, and what is only to be ended. */
export function sortOut(ready: readonly ReadyRow[]): {
  readonly candidates: readonly Candidate[];
  readonly overdue: readonly RunId[];
} {
  const isOverdue = (row: ReadyRow) => row.overdue === true;
  return {
    candidates: ready.filter((row) => !isOverdue(row)).map(toCandidate),
    overdue: ready.filter(isOverdue).map((row) => row.run_id),
  };
}

function toCandidate(row: Omit<ReadyRow, "overdue">): Candidate {
  return {
    runId: row.run_id,
    workflowType: row.workflow_type,
    version: row.version,
    availableAt: row.available_at,
    isDue: row.status !== "pending",
    ...(row.worker_id !== null && { workerId: row.worker_id }),
  };
}

export function keyColumns(request: Pick<ClaimRequest, "namespaceId" | "taskQueue" | "wanted">) {
  return [
    request.namespaceId,
    request.taskQueue,
    request.wanted.map((wanted) => wanted.workflowType),
    request.wanted.map((wanted) => wanted.version),
    request.wanted.map((wanted) => wanted.limit),
  ];
}

export const WANTED =
  "wanted AS (SELECT * FROM unnest($4::text[], $5::text[], $6::int[]) AS w(workflow_type, version, wanted))";

/** Runs of workflows that have limits are claimed in their turn, by {@link claimLimitedRuns} alone. */
function wantedUnlimited(schema: string): string {
  return `all_${WANTED},
     wanted AS (SELECT * FROM all_wanted w WHERE NOT EXISTS (
       SELECT FROM ${schema}.workflow_limits l WHERE l.namespace_id = $2 AND l.workflow_type = w.workflow_type))`;
}

/** The runs of one key, which the index of claimable runs has together. */
export const OF_KEY = `r.namespace_id = $2 AND r.task_queue = $3 AND r.workflow_type = w.workflow_type
             AND r.version = w.version AND r.available_at IS NOT NULL AND r.lane IS NULL`;

// The index orders runs by priority and, within one, by the time they are ready, those of the future last. So each
// priority is looked at by itself: stepping from one to the next costs a look at the index, and no run that is not
// ready yet is read, however many sleep.
export function priorities(schema: string): string {
  return `
       WITH RECURSIVE level(priority) AS (
         (SELECT r.priority FROM ${schema}.runs r WHERE ${OF_KEY} ORDER BY r.priority DESC LIMIT 1)
         UNION ALL
         SELECT (SELECT r.priority FROM ${schema}.runs r WHERE ${OF_KEY} AND r.priority < l.priority
                 ORDER BY r.priority DESC LIMIT 1)
         FROM level l WHERE l.priority IS NOT NULL
       )`;
}

// SKIP LOCKED: what another server is claiming is not waited for. Runs whose deadline has passed are read like others, and
// told: passing over them here would cost more with each that nobody has ended yet. One that sleeps beyond its deadline
// is not taken ahead of its time.
function readyStatement(schema: string): Statement {
  return statement(
    "runs_ready",
    `WITH ${CLOCK}, ${wantedUnlimited(schema)}
     SELECT c.run_id, c.workflow_type, c.version, c.worker_id, c.status, c.available_at, c.overdue
     FROM wanted w CROSS JOIN LATERAL (${priorities(schema)}
       SELECT ready.*, l.priority FROM level l CROSS JOIN LATERAL (
         SELECT r.run_id, r.workflow_type, r.version, r.worker_id, r.status, r.available_at,
           r.deadline_at <= (SELECT now FROM clock) AS overdue
         FROM ${schema}.runs r
         WHERE ${OF_KEY} AND r.priority = l.priority AND r.available_at <= (SELECT now FROM clock) + ${span("$7::bigint")}
           AND (r.available_at <= (SELECT now FROM clock)
             OR (r.status = 'sleeping' AND (r.deadline_at IS NULL OR r.deadline_at > r.available_at)))
         ORDER BY r.available_at LIMIT w.wanted FOR UPDATE SKIP LOCKED
       ) ready
       WHERE l.priority IS NOT NULL ORDER BY l.priority DESC, ready.available_at LIMIT w.wanted
     ) c
     ORDER BY c.priority DESC, c.available_at`,
  );
}

function claimStatement(schema: string): Statement {
  return statement(
    "runs_claim",
    `WITH ${CLOCK}
     UPDATE ${schema}.runs r SET
       status = 'running',
       epoch = r.epoch + 1,
       -- As crashesWithClaim says. Few runs have a count, so that few workers are looked for.
       crashes = CASE WHEN r.crashes = 0 OR EXISTS (
           SELECT FROM ${schema}.workers last WHERE last.namespace_id = $2 AND last.worker_id = r.worker_id
             AND last.lease_expires_at >= now) THEN 1 ELSE r.crashes + 1 END,
       worker_id = a.worker_id,
       available_at = NULL,
       lane = NULL,
       claimed_at = now,
       claimed_seq = (SELECT coalesce(max(h.seq), 0) FROM ${schema}.history h
                      WHERE h.namespace_id = r.namespace_id AND h.run_id = r.run_id),
       -- What they are comes with the run.
       signals_heard = r.signals,
       -- The database's clock may have been set back since.
       started_at = coalesce(r.started_at, greatest(now, r.created_at)),
       timeout_ms = CASE WHEN r.started_at IS NULL THEN coalesce(r.timeout_ms, a.timeout_ms) ELSE r.timeout_ms END,
       deadline_at = CASE WHEN r.started_at IS NULL THEN now + ${span("coalesce(r.timeout_ms, a.timeout_ms)")}
                          ELSE r.deadline_at END
     FROM clock, unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS a(run_id, worker_id, timeout_ms)
     -- A worker that was not heard of in time has no lease to put a run under.
     JOIN ${schema}.workers w ON w.namespace_id = $2 AND w.worker_id = a.worker_id
     WHERE r.namespace_id = $2 AND r.run_id = a.run_id AND w.lease_expires_at >= now
       -- Its time may have come since it was read.
       AND (r.deadline_at IS NULL OR r.deadline_at > now)
     RETURNING ${runColumns("r")}, r.claimed_seq, now`,
  );
}

/** When the next of the wanted runs becomes ready. */
export async function nextReady(
  runner: Runner,
  schema: string,
  now: string | null,
  request: Pick<ClaimRequest, "namespaceId" | "taskQueue" | "wanted">,
): Promise<{ now: Instant; at: Instant | null }> {
  const rows = await runner.run<{ now: Instant; at: Instant | null }>(nextStatement(schema), [
    now,
    ...keyColumns(request),
  ]);
  return rows[0] ?? { now: 0, at: null };
}

function nextStatement(schema: string): Statement {
  return statement(
    "runs_next_ready",
    `WITH ${CLOCK}, ${WANTED}
     SELECT now, (
       SELECT min(next.at) FROM wanted w CROSS JOIN LATERAL (${priorities(schema)}
         SELECT (SELECT r.available_at FROM ${schema}.runs r
                 WHERE ${OF_KEY} AND r.priority = l.priority AND r.available_at > now AND w.wanted > 0
                 ORDER BY r.available_at LIMIT 1) AS at
         FROM level l WHERE l.priority IS NOT NULL
       ) next
     ) AS at
     FROM clock`,
  );
}
