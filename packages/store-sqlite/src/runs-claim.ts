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
  WorkflowVersion,
} from "@kagzi/core";
import { type Wanted, crashesWithClaim, leftOvers, refusedWorkers } from "@kagzi/core";
import { type RunRow, runColumns, toRun } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import type { Value } from "./driver.ts";
import { isWorkerHeardOf } from "./leases.ts";
import { hasLimits } from "./limits.ts";
import { lastSeq } from "./runs-write.ts";

/** Claims ready runs: lets the caller say who takes which, and gives out those leases. */
export function claimRuns(database: Database, request: ClaimRequest): ClaimResult {
  return database.transaction(() => {
    const now = database.now();
    // Runs of workflows that have limits are claimed in their turn, by `claimLimitedRuns` alone.
    const unlimited = request.wanted.filter((wanted) => !hasLimits(database, request.namespaceId, wanted));
    const { aheadMs = 0 } = request;
    const ready = unlimited.flatMap((wanted) => readyRuns(database, request, wanted, { now, aheadMs }));
    const { candidates, overdue } = sortOut(ready.toSorted(byPriority));
    const assignments = candidates.length === 0 ? [] : request.assign(candidates);
    const claimed = giveOut(database, request.namespaceId, { ready, assignments, now });
    const more = leftOvers(request.wanted, ready.map(toCandidate), new Set(claimed.map(({ run }) => run.runId)));
    const refused = refusedWorkers(assignments, claimed);
    // Where there are more, the claim that takes them says what comes after that.
    const nextAt = more.length > 0 && claimed.length > 0 ? undefined : nextReady(database, request, now);
    return {
      now,
      claimed,
      refused,
      overdue,
      more,
      ...(nextAt !== undefined && { nextAt: lookAt(nextAt, now, request) }),
    };
  });
}

/** Where the next run may be a sleeping one, it can be taken ahead of its time. */
function lookAt(at: Instant, now: Instant, { aheadMs = 0 }: ClaimRequest): Instant {
  return at > now + aheadMs ? at - aheadMs : at;
}

/** Gives out the leases. */
export function giveOut(
  database: Database,
  namespaceId: NamespaceId,
  work: {
    readonly ready: readonly Pick<ReadyRow, "run_id" | "worker_id" | "available_at" | "crashes">[];
    readonly assignments: readonly Assignment[];
    readonly now: Instant;
  },
): readonly ClaimedRun[] {
  const { assignments, now, ready } = work;
  const isHeardOf = heardOf(database, namespaceId, now);
  const byId = new Map(ready.map((row) => [row.run_id, row]));
  return assignments.flatMap((assignment) => {
    if (!isHeardOf(assignment.workerId)) return [];
    const { available_at: readyAt = now, crashes = 0, worker_id: before = null } = byId.get(assignment.runId) ?? {};
    const sameWorker = before === assignment.workerId;
    const claimed = claimRun(database, namespaceId, assignment, {
      now,
      sameWorker,
      crashes: crashesWithClaim(crashes, before !== null && isHeardOf(before)),
    });
    return readyAt > now ? claimed.map((each) => ({ ...each, readyAt })) : claimed;
  });
}

/** Whether a worker has a lease to put a run under: one that was not heard of in time has none. */
function heardOf(database: Database, namespaceId: NamespaceId, now: Instant): (workerId: WorkerId) => boolean {
  const known = new Map<WorkerId, boolean>();
  return (workerId) => {
    const is = known.get(workerId) ?? isWorkerHeardOf(database, { namespaceId, workerId }, now);
    known.set(workerId, is);
    return is;
  };
}

/** A run that is ready. */
export interface ReadyRow {
  readonly run_id: RunId;
  readonly workflow_type: string;
  readonly version: string;
  readonly worker_id: WorkerId | null;
  readonly status: RunStatus;
  readonly available_at: Instant;
  readonly priority: number;
  readonly crashes: number;
  /** Its deadline has passed; `null` if it has none. */
  readonly overdue: number | null;
}

/** What may be given out, and what is only to be ended. */
export function sortOut(ready: readonly Omit<ReadyRow, "priority">[]): {
  readonly candidates: readonly Candidate[];
  readonly overdue: readonly RunId[];
} {
  const isOverdue = (row: Omit<ReadyRow, "priority">) => row.overdue === 1;
  return {
    candidates: ready.filter((row) => !isOverdue(row)).map(toCandidate),
    overdue: ready.filter(isOverdue).map((row) => row.run_id),
  };
}

function toCandidate(row: Omit<ReadyRow, "priority" | "crashes" | "overdue">): Candidate {
  return {
    runId: row.run_id,
    workflowType: row.workflow_type,
    version: row.version,
    availableAt: row.available_at,
    isDue: row.status !== "pending",
    ...(row.worker_id !== null && { workerId: row.worker_id }),
  };
}

function byPriority(a: ReadyRow, b: ReadyRow): number {
  return b.priority - a.priority || a.available_at - b.available_at;
}

type Where = Pick<ClaimRequest, "namespaceId" | "taskQueue">;

/** The runs of one key, which the index of claimable runs has together. */
export const OF_KEY = `namespace_id = ? AND task_queue = ? AND workflow_type = ? AND version = ? AND available_at IS NOT NULL
       AND lane IS NULL`;

export function keyOf(request: Where, wanted: WorkflowVersion): [string, string, string, string] {
  return [request.namespaceId, request.taskQueue, wanted.workflowType, wanted.version];
}

// The index orders runs by priority and, within one, by the time they are ready, those of the future last. So each
// priority is looked at by itself: stepping from one to the next costs a look at the index, and no run that is not
// ready yet is read, however many sleep.
export function* priorities(database: Database, request: Where, wanted: WorkflowVersion): Generator<number> {
  let below = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const [level] = database.all<{ priority: number }>(
      `SELECT priority FROM runs WHERE ${OF_KEY} AND priority < ? ORDER BY priority DESC LIMIT 1`,
      [...keyOf(request, wanted), below],
    );
    if (level === undefined) return;
    yield level.priority;
    below = level.priority;
  }
}

/**
 * Runs that are ready, or will soon have slept enough, and are in no line; the first first. Those whose deadline has passed
 * are read like others, and told: passing over them here would cost more with each that nobody has ended yet. One that
 * sleeps beyond its deadline is not taken ahead of its time.
 */
export function readyRuns(
  database: Database,
  request: Where,
  wanted: Wanted,
  { aheadMs = 0, now }: { readonly now: Instant; readonly aheadMs?: number },
): readonly ReadyRow[] {
  const ready: ReadyRow[] = [];
  for (const priority of priorities(database, request, wanted)) {
    if (ready.length >= wanted.limit) break;
    ready.push(
      ...database.all<ReadyRow>(
        `SELECT run_id, workflow_type, version, worker_id, status, available_at, priority, crashes, deadline_at <= ? AS overdue
         FROM runs
         WHERE ${OF_KEY} AND priority = ? AND available_at <= ? AND (available_at <= ?
           OR (status = 'sleeping' AND (deadline_at IS NULL OR deadline_at > available_at)))
         ORDER BY available_at LIMIT ?`,
        [now, ...keyOf(request, wanted), priority, now + aheadMs, now, wanted.limit - ready.length],
      ),
    );
  }
  return ready;
}

function claimRun(
  database: Database,
  namespaceId: NamespaceId,
  assignment: Assignment,
  about: { readonly now: Instant; readonly sameWorker: boolean; readonly crashes: number },
): readonly ClaimedRun[] {
  const { crashes, now, sameWorker } = about;
  const { timeoutMs = null, workerId } = assignment;
  const seq = lastSeq(database, { namespaceId, runId: assignment.runId });
  const times: Value[] = [now, seq, now, timeoutMs, now, timeoutMs];
  const rows = database.all<RunRow>(CLAIM, [crashes, workerId, ...times, namespaceId, assignment.runId]);
  return rows.map((row) => ({
    run: toRun(row) as Extract<Run, { status: "running" }>,
    lastSeq: seq,
    sameWorker,
  }));
}

const CLAIM = `UPDATE runs SET status = 'running', epoch = epoch + 1, crashes = ?, worker_id = ?, available_at = NULL, lane = NULL,
       claimed_at = ?, claimed_seq = ?, signals_heard = signals, started_at = coalesce(started_at, max(?, created_at)),
       timeout_ms = CASE WHEN started_at IS NULL THEN coalesce(timeout_ms, ?) ELSE timeout_ms END,
       deadline_at = CASE WHEN started_at IS NULL THEN ? + coalesce(timeout_ms, ?) ELSE deadline_at END
     WHERE namespace_id = ? AND run_id = ? RETURNING ${runColumns("runs")}`;

/** When the next of the wanted runs becomes ready. */
export function nextReady(
  database: Database,
  request: Where & Pick<ClaimRequest, "wanted">,
  now: Instant,
): Instant | undefined {
  let next: Instant | undefined;
  for (const wanted of request.wanted) {
    for (const priority of wanted.limit > 0 ? priorities(database, request, wanted) : []) {
      const [row] = database.all<{ available_at: Instant }>(
        `SELECT available_at FROM runs WHERE ${OF_KEY} AND priority = ? AND available_at > ?
         ORDER BY available_at LIMIT 1`,
        [...keyOf(request, wanted), priority, now],
      );
      if (row !== undefined) next = Math.min(next ?? row.available_at, row.available_at);
    }
  }
  return next;
}
