import type { Limits as WireLimits } from "@kagzi/proto";
import type { Duration } from "./duration-grammar.ts";
import { durationMs } from "./duration.ts";
import { KagziError } from "./error.ts";
import { checkName } from "./names.ts";

/** At most `limit` runs at once in the whole fleet. A run that waits counts for nothing. */
export interface ConcurrencyLimit {
  /** From 1. */
  readonly limit: number;
  /** For each value of this field of the input; `"customer.id"` is a field within another. Default: for all runs together. */
  readonly key?: string;
}

/** At most `limit` runs begin within any `per`; the others wait their turn, and none is dropped. */
export interface Throttle {
  /** From 1. */
  readonly limit: number;
  /** At most 31 days. */
  readonly per: Duration;
  /** For each value of this field of the input. Default: for all runs together. */
  readonly key?: string;
}

/** How the runs of a workflow are held back. */
export interface LimitOptions {
  /** A number of runs, a limit for each value of a field, or a list of one of each. Default: as many as there are slots. */
  readonly concurrency?: number | ConcurrencyLimit | readonly (number | ConcurrencyLimit)[];
  readonly throttle?: Throttle;
}

/** How the runs of a workflow are held back, in full. */
export interface WorkflowLimits {
  readonly concurrency: readonly ConcurrencyLimit[];
  readonly throttle?: { readonly limit: number; readonly perMs: number; readonly key?: string };
}

/** @throws KagziError `INVALID_ARGUMENT` for limits that make no sense; `of` names the workflow */
export function limitsOf({ concurrency, throttle }: LimitOptions, of: string): WorkflowLimits {
  const given = concurrency === undefined ? [] : isList(concurrency) ? concurrency : [concurrency];
  const limits = given.map((each) => (typeof each === "number" ? { limit: each } : each));
  for (const { key, limit } of limits) checkLimit(`the concurrency ${of}`, limit, key);
  const keyed = limits.filter(({ key }) => key !== undefined);
  if (keyed.length > 1 || limits.length - keyed.length > 1) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `the concurrency ${of} has ${limits.length} limits: take one for all runs and one with a key, at most`,
    );
  }
  if (throttle === undefined) return { concurrency: limits };
  const { key, limit, per } = throttle;
  checkLimit(`the throttle ${of}`, limit, key);
  const perMs = durationMs(per, `the window of the throttle ${of}`);
  if (perMs < 1) throw new KagziError("INVALID_ARGUMENT", `the window of the throttle ${of} is empty: give it as "1m"`);
  return { concurrency: limits, throttle: { limit, perMs, ...(key !== undefined && { key }) } };
}

/** A named limit, of which steps need a slot. @throws KagziError `INVALID_ARGUMENT` */
export function stepLimitOf(name: string, options: LimitOptions): WorkflowLimits {
  const of = `of limit ${JSON.stringify(checkName("the name of a limit", name))}`;
  const limits = limitsOf(options, of);
  const { concurrency, throttle } = limits;
  if (concurrency.some(({ key }) => key !== undefined) || throttle?.key !== undefined) {
    throw new KagziError("INVALID_ARGUMENT", `the key ${of} makes no sense: limits of steps have none`);
  }
  if (concurrency.length === 0 && throttle === undefined) {
    throw new KagziError("INVALID_ARGUMENT", `nothing is said ${of}: give it a concurrency, a throttle or both`);
  }
  return limits;
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value);
}

function checkLimit(what: string, limit: number, key: string | undefined): void {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new KagziError("INVALID_ARGUMENT", `${what} is ${JSON.stringify(limit)}: give a whole number from 1`);
  }
  if (key !== undefined) checkName(`the key of ${what}`, key);
}

export function toWireLimits({ concurrency, throttle }: WorkflowLimits) {
  return {
    concurrency: concurrency.map((each) => ({ ...each })),
    ...(throttle !== undefined && { throttle: { ...throttle, perMs: BigInt(throttle.perMs) } }),
  };
}

export function fromWireLimits({ concurrency, throttle }: WireLimits): WorkflowLimits {
  return {
    concurrency: concurrency.map(({ key, limit }) => ({ limit, ...(key !== undefined && { key }) })),
    ...(throttle !== undefined && {
      throttle: {
        limit: throttle.limit,
        perMs: Number(throttle.perMs),
        ...(throttle.key !== undefined && { key: throttle.key }),
      },
    }),
  };
}

/** What the input has in the fields that limits name: for the server, where it cannot read the input. */
export function limitKeysOf({ concurrency, throttle }: WorkflowLimits, input: unknown): Record<string, string> {
  const fields = [...concurrency.map(({ key }) => key), throttle?.key].filter((field) => field !== undefined);
  return Object.fromEntries(fields.map((field) => [field, valueOf(input, field)]));
}

function valueOf(input: unknown, path: string): string {
  let found = input;
  for (const name of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return "";
    found = Reflect.get(found, name) as unknown;
  }
  if (found === undefined || found === null) return "";
  return typeof found === "string" ? found : JSON.stringify(found);
}
