import type { ClaimResult, Instant, Lane, LimitKeys, LimitedClaimRequest, RunId, WorkflowLimits } from "@kagzi/core";
import { effectiveLimits, laneOf, refusedWorkers, roomOf, shareOut } from "@kagzi/core";
import { type LimitsRow, toLimitSettings, toPayload } from "@kagzi/core/rows";
import type { Database, Runner } from "./database.ts";
import {
  begunStatement,
  headsStatement,
  lineUpStatement,
  nextTurnStatement,
  openStatement,
  settleStatement,
  turnStatement,
} from "./lanes.ts";
import { type ReadyRow, giveOut, keyColumns, nextReady, sortOut } from "./runs-claim.ts";

/** Runs that are put into their lines in one claim at most. */
const LINE_UP = 500;

/** A claim under way. */
interface Scope {
  readonly runner: Runner;
  readonly schema: string;
  readonly now: string | null;
  readonly request: LimitedClaimRequest;
  readonly limits: WorkflowLimits;
}

/**
 * Claims runs of a workflow that has limits. Its row is locked first, so that one claim at a time counts its places; these
 * are counted from the runs themselves, and no number is kept that could be wrong.
 */
export async function claimLimitedRuns(
  database: Database,
  request: LimitedClaimRequest,
): Promise<ClaimResult | undefined> {
  const { schema } = database;
  const now = database.now();
  return database.transaction(async (runner) => {
    const opened = await open(runner, database, request);
    if (opened === undefined) return undefined;
    const scope = { runner, schema, now, request, limits: opened.limits };
    await lineUp(scope, opened.due);
    const turn = await takeTurn(scope);
    const ready = turn.quotas.size === 0 ? [] : await readHeads(scope, turn.quotas);
    const { candidates, overdue } = sortOut(ready);
    const assignments = candidates.length === 0 ? [] : request.assign(candidates);
    const { namespaceId } = request;
    const claimed = await giveOut(runner, database, { ready, assignments, namespaceId });
    await settle(scope, turn);
    // Where limits let nothing through, somebody's end is what to wait for.
    const isMore = opened.due.length === LINE_UP || ready.length > 0;
    const { version, workflowType } = request.wanted;
    // Where there may be more now, the next claim says what comes after that.
    const nextAt = isMore ? undefined : await nextOf(scope);
    return {
      now: opened.now,
      claimed,
      refused: refusedWorkers(assignments, claimed),
      overdue,
      more: isMore ? [{ workflowType, version }] : [],
      ...(nextAt !== undefined && { nextAt }),
    };
  });
}

interface DueRow {
  readonly run_id: RunId;
  readonly limit_key: string | null;
  readonly throttle_key: string | null;
  readonly priority: number;
  readonly has_begun: boolean;
  readonly payload: Uint8Array | null;
  readonly payload_metadata: string | null;
}

/** The limits under their lock, and the runs that are to be put into their lines; `undefined` if there are none. */
async function open(
  runner: Runner,
  database: Database,
  request: LimitedClaimRequest,
): Promise<{ readonly now: Instant; readonly limits: WorkflowLimits; readonly due: readonly DueRow[] } | undefined> {
  const wanted = [{ ...request.wanted, limit: LINE_UP }];
  const values = [database.now(), ...keyColumns({ ...request, wanted })];
  const rows = await runner.run<LimitsRow & { now: Instant; run_id: RunId | null }>(
    openStatement(database.schema),
    values,
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  // Where nothing is due there is one row, of the limits alone.
  const due = rows.filter((row) => row.run_id !== null) as readonly unknown[] as readonly DueRow[];
  return { now: first.now, limits: effectiveLimits(toLimitSettings(first)), due };
}

/** What a statement about the lines of one workflow begins with. */
function lineColumns({ now, request: { namespaceId, taskQueue, wanted } }: Scope) {
  return [now, namespaceId, taskQueue, wanted.workflowType, wanted.version];
}

/** Puts runs into their lines that have become ready by themselves. */
async function lineUp(scope: Scope, rows: readonly DueRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { limits, request, runner, schema } = scope;
  const keys = rows.map((row): LimitKeys => {
    if (row.limit_key === null) return request.keysOf(limits, toPayload(row.payload, row.payload_metadata));
    return { limitKey: row.limit_key, ...(row.throttle_key !== null && { throttleKey: row.throttle_key }) };
  });
  const place = { ...request.wanted, taskQueue: request.taskQueue };
  await runner.run(lineUpStatement(schema), [
    ...lineColumns(scope),
    rows.map((row) => row.run_id),
    keys.map((each) => each.limitKey),
    keys.map((each) => each.throttleKey ?? null),
    keys.map((each, index) => laneOf({ ...each, ...place }, rows[index]?.has_begun === true)),
    keys.map((each, index) => (rows[index]?.has_begun === true ? null : (each.throttleKey ?? null))),
    rows.map((row) => row.priority),
  ]);
}

/** The lines whose turn it is, and what each may send. */
interface LaneTurn {
  readonly lanes: readonly Lane[];
  readonly quotas: ReadonlyMap<string, number>;
  /** Of throttle keys that have had all their starts: when the next one may begin. */
  readonly heldUntil: ReadonlyMap<string, Instant>;
}

async function takeTurn(scope: Scope): Promise<LaneTurn> {
  interface Row {
    lane: string;
    limit_key: string;
    throttle_key: string | null;
    priority: number;
    ready_at: Instant;
    running: number;
    total: number;
  }
  const { limits, request, runner, schema } = scope;
  const { perKey } = roomOf(limits);
  const rows = await runner.run<Row>(turnStatement(schema), [
    ...lineColumns(scope),
    request.wanted.limit,
    Number.isFinite(perKey) ? perKey : null,
  ]);
  const lanes = rows
    .toSorted((a, b) => b.priority - a.priority || a.ready_at - b.ready_at)
    .map((row) => ({
      lane: row.lane,
      limitKey: row.limit_key,
      ...(row.throttle_key !== null && { throttleKey: row.throttle_key }),
    }));
  const begun = await countBegun(scope, lanes);
  const quotas = shareOut(limits, lanes, {
    wanted: request.wanted.limit,
    running: rows[0]?.total ?? 0,
    runningOf: new Map(rows.map((row) => [row.limit_key, row.running])),
    begunOf: new Map([...begun].map(([key, each]) => [key, each.begun])),
  });
  const heldUntil = new Map([...begun].flatMap(([key, each]) => (each.until === null ? [] : [[key, each.until]])));
  return { lanes, quotas, heldUntil };
}

interface Begun {
  readonly key: string;
  readonly begun: number;
  readonly until: Instant | null;
}

async function countBegun(scope: Scope, lanes: readonly Lane[]): Promise<ReadonlyMap<string, Begun>> {
  const { throttle } = scope.limits;
  const keys = [...new Set(lanes.flatMap(({ throttleKey }) => throttleKey ?? []))];
  if (throttle === undefined || keys.length === 0) return new Map();
  const { now, request, runner, schema } = scope;
  const values = [now, request.namespaceId, request.wanted.workflowType, keys, throttle.perMs, throttle.limit];
  const rows = await runner.run<Begun & Record<string, unknown>>(begunStatement(schema), values);
  return new Map(rows.map((row) => [row.key, { ...row, until: row.begun < throttle.limit ? null : row.until }]));
}

async function readHeads(
  { now, request, runner, schema }: Scope,
  quotas: ReadonlyMap<string, number>,
): Promise<readonly ReadyRow[]> {
  const values = [now, request.namespaceId, [...quotas.keys()], [...quotas.values()]];
  return runner.run<ReadyRow & Record<string, unknown>>(headsStatement(schema), values);
}

async function settle(scope: Scope, { heldUntil, lanes, quotas }: LaneTurn): Promise<void> {
  const untilOf = ({ lane, throttleKey }: Lane) => (quotas.has(lane) ? undefined : heldUntil.get(throttleKey ?? "-"));
  const visited = lanes.filter((lane) => quotas.has(lane.lane) || untilOf(lane) !== undefined);
  if (visited.length === 0) return;
  const times = visited.map((lane) => untilOf(lane));
  await scope.runner.run(settleStatement(scope.schema), [
    scope.now,
    scope.request.namespaceId,
    visited.map(({ lane }) => lane),
    times.map((until) => (until === undefined ? null : new Date(until).toISOString())),
  ]);
}

async function nextOf(scope: Scope): Promise<Instant | undefined> {
  const { limits, now, request, runner, schema } = scope;
  const due = await nextReady(runner, schema, now, { ...request, wanted: [request.wanted] });
  // Nothing but a throttle makes a line wait for a time. After one that is gone the next look finds it.
  const rows =
    limits.throttle === undefined
      ? []
      : await runner.run<{ at: Instant | null }>(nextTurnStatement(schema), lineColumns(scope));
  const times = [due.at, rows[0]?.at ?? null].flatMap((at) => at ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}
