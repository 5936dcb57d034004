import { checkInteger, checkName } from "./check.ts";
import { KagziError } from "./error.ts";
import type { WorkflowVersion } from "./worker.ts";

/** At most `limit` runs of a workflow at once in the whole fleet: of all, or for each value of a field of the input. */
export interface ConcurrencyLimit {
  readonly limit: number;
  /** The field; with dots for one within another. */
  readonly key?: string;
}

/** At most `limit` runs of a workflow begin within any `perMs`: of all, or for each value of a field of the input. */
export interface Throttle {
  readonly limit: number;
  readonly perMs: number;
  readonly key?: string;
}

/** How a workflow is held back. A run that waits for anything but its turn counts for nothing. */
export interface WorkflowLimits {
  /** At most one for all runs and one for each value of a field. */
  readonly concurrency: readonly ConcurrencyLimit[];
  readonly throttle?: Throttle;
}

/** A run's own values of the fields that limits name. Absent: of a workflow that had no limits when it started. */
export interface LimitKeys {
  /** Of the concurrency limit; empty where that names no field. */
  readonly limitKey: string;
  /** Of the throttle; absent where there is none. */
  readonly throttleKey?: string;
}

const MOST = 1_000_000;

/** @throws KagziError `INVALID_ARGUMENT` for limits that make no sense; `owner` says whose they are */
export function checkLimits(owner: string, limits: WorkflowLimits): WorkflowLimits {
  const of = `of ${owner}`;
  const { concurrency, throttle } = limits;
  for (const { key, limit } of concurrency) {
    checkInteger(`the concurrency ${of}`, limit, 1, MOST);
    if (key !== undefined) checkName(`the key of the concurrency ${of}`, key);
  }
  const keyed = concurrency.filter(({ key }) => key !== undefined);
  if (keyed.length > 1 || concurrency.length - keyed.length > 1) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `the concurrency ${of} has ${concurrency.length} limits: take one for all runs and one with a key, at most`,
    );
  }
  if (throttle !== undefined) {
    checkInteger(`the throttle ${of}`, throttle.limit, 1, MOST);
    checkInteger(`the window of the throttle ${of}, in milliseconds,`, throttle.perMs, 1, LONGEST_WINDOW_MS);
    if (throttle.key !== undefined) checkName(`the key of the throttle ${of}`, throttle.key);
  }
  return limits;
}

/** 31 days. */
const LONGEST_WINDOW_MS = 31 * 24 * 60 * 60 * 1000;

/** Whether nothing is limited. */
export function isUnlimited({ concurrency, throttle }: WorkflowLimits): boolean {
  return concurrency.length === 0 && throttle === undefined;
}

const NONE: WorkflowLimits = { concurrency: [] };

/** The limits that count: an operator's word goes before the code's. */
export function effectiveLimits(settings: {
  readonly declared?: WorkflowLimits;
  readonly override?: WorkflowLimits;
}): WorkflowLimits {
  return settings.override ?? settings.declared ?? NONE;
}

/** How many runs may be going on: all together, and for each key. */
export function roomOf({ concurrency }: WorkflowLimits): { readonly total: number; readonly perKey: number } {
  const limitOf = (isKeyed: boolean) => concurrency.find(({ key }) => (key !== undefined) === isKeyed)?.limit;
  return { total: limitOf(false) ?? Number.POSITIVE_INFINITY, perKey: limitOf(true) ?? Number.POSITIVE_INFINITY };
}

/** The values of the fields that limits name. All inputs without a field share one key. */
export function limitKeysOf(
  { concurrency, throttle }: WorkflowLimits,
  valueOf: (field: string) => string | undefined,
): LimitKeys {
  const keyOf = (field: string | undefined) => (field === undefined ? "" : shortened(valueOf(field) ?? ""));
  const limitKey = keyOf(concurrency.find(({ key }) => key !== undefined)?.key);
  return { limitKey, ...(throttle !== undefined && { throttleKey: keyOf(throttle.key) }) };
}

const LONGEST_KEY = 200;

/** A long key is told from others by its beginning and a hash of it: keys are stored with each run, and in indexes. */
function shortened(key: string): string {
  const text = key.replaceAll("\0", "\uFFFD").toWellFormed();
  if (text.length <= LONGEST_KEY) return text;
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n);
  }
  return `${text.slice(0, LONGEST_KEY - 20).toWellFormed()}…${hash.toString(16)}`;
}

/**
 * Which line a run waits in for its turn. Runs of one line are alike to all limits; one that has begun before is not
 * throttled again.
 */
export function laneOf(run: WorkflowVersion & LimitKeys & { readonly taskQueue: string }, hasBegun: boolean): string {
  const { limitKey, taskQueue, throttleKey, version, workflowType } = run;
  const throttle = hasBegun || throttleKey === undefined ? [] : [throttleKey];
  return JSON.stringify([workflowType, limitKey, version, taskQueue, ...throttle]);
}

/** How the names of all lines of a key begin. */
export function lanesOf(workflowType: string, limitKey: string): string {
  return `${JSON.stringify([workflowType, limitKey]).slice(0, -1)},`;
}

/** The first run of a line's turn. */
export interface Lane {
  readonly lane: string;
  readonly limitKey: string;
  /** Absent where no throttle holds the line's runs back. */
  readonly throttleKey?: string;
}

/** What is known when places are given out. */
export interface Turn {
  /** Runs that hold a place, of all keys. */
  readonly running: number;
  /** The same for each key that a line has. */
  readonly runningOf: ReadonlyMap<string, number>;
  /** Runs that began within the window, for each throttle key that a line has. */
  readonly begunOf: ReadonlyMap<string, number>;
  /** How many runs are wanted. */
  readonly wanted: number;
}

/** How many runs each line may send, in the order of the lines: one each in turn, as long as there is room. */
export function shareOut(limits: WorkflowLimits, lanes: readonly Lane[], turn: Turn): ReadonlyMap<string, number> {
  const { perKey, total } = roomOf(limits);
  const going = new Map(turn.runningOf);
  const begun = new Map(turn.begunOf);
  const mayGoOn = ({ limitKey }: Lane) => (going.get(limitKey) ?? 0) < perKey;
  const mayBegin = ({ throttleKey }: Lane) =>
    throttleKey === undefined || limits.throttle === undefined || (begun.get(throttleKey) ?? 0) < limits.throttle.limit;
  const quotas = new Map<string, number>();
  let left = Math.min(turn.wanted, total - turn.running);
  for (let open = lanes; open.length > 0;) {
    const still: Lane[] = [];
    for (const lane of open) {
      if (left <= 0 || !mayGoOn(lane) || !mayBegin(lane)) continue;
      left -= 1;
      increase(quotas, lane.lane);
      increase(going, lane.limitKey);
      if (lane.throttleKey !== undefined) increase(begun, lane.throttleKey);
      still.push(lane);
    }
    open = still;
  }
  return quotas;
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
