import type { ClaimResult, Instant, Lane, LimitKeys, LimitedClaimRequest, RunId, WorkflowLimits } from "@kagzi/core";
import { effectiveLimits, laneOf, refusedWorkers, roomOf, shareOut } from "@kagzi/core";
import { type LimitsRow, toLimitSettings, toPayload } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { countBegun, countRunning, headsOf, linesInTurn, nextTurn, putIntoLane, settleLane } from "./lanes.ts";
import { giveOut, nextReady, readyRuns, sortOut } from "./runs-claim.ts";

/** Runs that are put into their lines in one claim at most. */
const LINE_UP = 500;

/** A claim under way. */
interface Scope {
  readonly database: Database;
  readonly now: Instant;
  readonly request: LimitedClaimRequest;
  readonly limits: WorkflowLimits;
}

/** Claims runs of a workflow that has limits. Its places are counted from the runs, and no number is kept that could be wrong. */
export function claimLimitedRuns(database: Database, request: LimitedClaimRequest): ClaimResult | undefined {
  return database.transaction(() => {
    const limits = readLimits(database, request);
    if (limits === undefined) return undefined;
    const now = database.now();
    const scope = { database, now, request, limits };
    const lined = lineUp(scope);
    const turn = takeTurn(scope);
    const ready = [...turn.quotas].flatMap(([lane, quota]) => headsOf(database, request, { lane, quota, now }));
    const { candidates, overdue } = sortOut(ready);
    const assignments = candidates.length === 0 ? [] : request.assign(candidates);
    const claimed = giveOut(database, request.namespaceId, { ready, assignments, now });
    settle(scope, turn);
    // Where limits let nothing through, somebody's end is what to wait for.
    const isMore = lined === LINE_UP || ready.length > 0;
    const { version, workflowType } = request.wanted;
    // Where there may be more now, the next claim says what comes after that.
    const nextAt = isMore ? undefined : nextOf(scope);
    return {
      now,
      claimed,
      refused: refusedWorkers(assignments, claimed),
      overdue,
      more: isMore ? [{ workflowType, version }] : [],
      ...(nextAt !== undefined && { nextAt }),
    };
  });
}

function readLimits(database: Database, { namespaceId, wanted }: LimitedClaimRequest): WorkflowLimits | undefined {
  const [row] = database.all<LimitsRow>(
    "SELECT workflow_type, declared, override FROM workflow_limits WHERE namespace_id = ? AND workflow_type = ?",
    [namespaceId, wanted.workflowType],
  );
  return row && effectiveLimits(toLimitSettings(row));
}

interface DueRow {
  readonly limit_key: string | null;
  readonly throttle_key: string | null;
  readonly started_at: Instant | null;
  readonly payload: Uint8Array | null;
  readonly payload_metadata: string | null;
}

/** Puts runs into their lines that have become ready by themselves. Answers with how many. */
function lineUp({ database, limits, now, request }: Scope): number {
  const due = readyRuns(database, request, { ...request.wanted, limit: LINE_UP }, { now });
  for (const { priority, run_id: runId } of due) {
    const [row] = readDue(database, request, runId);
    if (row === undefined) continue;
    const { limitKey, throttleKey } = keysOf(limits, request, row);
    const hasBegun = row.started_at !== null;
    const place = { ...request.wanted, namespaceId: request.namespaceId, taskQueue: request.taskQueue };
    const run = { ...place, limitKey, ...(throttleKey !== undefined && { throttleKey }) };
    const lane = laneOf(run, hasBegun);
    database.change("UPDATE runs SET limit_key = ?, throttle_key = ?, lane = ? WHERE namespace_id = ? AND run_id = ?", [
      limitKey,
      throttleKey ?? null,
      lane,
      request.namespaceId,
      runId,
    ]);
    const { throttleKey: own, ...unthrottled } = run;
    putIntoLane(database, { ...(hasBegun || own === undefined ? unthrottled : run), lane, priority }, now);
  }
  return due.length;
}

function readDue(database: Database, { namespaceId }: LimitedClaimRequest, runId: RunId): readonly DueRow[] {
  return database.all<DueRow>(
    `SELECT r.limit_key, r.throttle_key, r.started_at, h.payload, h.payload_metadata FROM runs r
     LEFT JOIN history h
       ON r.limit_key IS NULL AND h.namespace_id = r.namespace_id AND h.run_id = r.run_id AND h.seq = 1
     WHERE r.namespace_id = ? AND r.run_id = ?`,
    [namespaceId, runId],
  );
}

function keysOf(limits: WorkflowLimits, request: LimitedClaimRequest, row: DueRow): LimitKeys {
  if (row.limit_key === null) return request.keysOf(limits, toPayload(row.payload, row.payload_metadata));
  return { limitKey: row.limit_key, ...(row.throttle_key !== null && { throttleKey: row.throttle_key }) };
}

/** The lines whose turn it is, and what each may send. */
interface LaneTurn {
  readonly lanes: readonly Lane[];
  readonly quotas: ReadonlyMap<string, number>;
  /** Of throttle keys that have had all their starts: when the next one may begin. */
  readonly heldUntil: ReadonlyMap<string, Instant>;
}

function takeTurn({ database, limits, now, request }: Scope): LaneTurn {
  const runningOf = countRunning(database, request);
  const { perKey } = roomOf(limits);
  const full = [...runningOf].flatMap(([key, running]) => (running >= perKey ? [key] : []));
  const lanes = linesInTurn(database, request, { full, now });
  const begunOf = new Map<string, number>();
  const heldUntil = new Map<string, Instant>();
  for (const { throttleKey: key } of lanes) {
    const { throttle } = limits;
    if (throttle === undefined || key === undefined || begunOf.has(key)) continue;
    const since = now - throttle.perMs;
    const { begun, first } = countBegun(database, request, { key, since, limit: throttle.limit });
    begunOf.set(key, begun);
    if (begun >= throttle.limit) heldUntil.set(key, (first ?? now) + throttle.perMs);
  }
  const running = [...runningOf.values()].reduce((sum, count) => sum + count, 0);
  const quotas = shareOut(limits, lanes, { wanted: request.wanted.limit, running, runningOf, begunOf });
  return { lanes, quotas, heldUntil };
}

function settle({ database, now, request }: Scope, { heldUntil, lanes, quotas }: LaneTurn): void {
  for (const { lane, throttleKey } of lanes) {
    const until = quotas.has(lane) ? now : heldUntil.get(throttleKey ?? "-");
    if (until !== undefined) settleLane(database, request, lane, Math.max(until, now));
  }
}

function nextOf({ database, limits, now, request }: Scope): Instant | undefined {
  const due = nextReady(database, { ...request, wanted: [request.wanted] }, now);
  // Nothing but a throttle makes a line wait for a time. After one that is gone the next look finds it.
  const turn = limits.throttle === undefined ? undefined : nextTurn(database, request, now);
  return due === undefined || turn === undefined ? (due ?? turn) : Math.min(due, turn);
}
