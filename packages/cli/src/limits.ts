import { KagziError } from "@kagzi/core";
import type { Limits } from "@kagzi/proto";
import type { Command } from "commander";
import type { LimitOptions, Throttle } from "kagzi";
import { wholeNumber } from "./settings.ts";
import { spanText } from "./times.ts";

/** Options that say what a limit is to be. */
export interface LimitFlags {
  readonly concurrency?: string;
  readonly key?: string;
  readonly throttle?: string;
  readonly none?: true;
  readonly reset?: true;
}

/** A command that changes limits. */
export function withLimits(command: Command): Command {
  return command
    .option("--concurrency <number>", "at most so many at once")
    .option("--throttle <number/duration>", "at most so many begin within a time: 10/1m")
    .option("--reset", "what the code says counts again");
}

/** Whether anything is to be changed. */
export function isChange({ concurrency, none, reset, throttle }: LimitFlags): boolean {
  return concurrency !== undefined || throttle !== undefined || none === true || reset === true;
}

/**
 * The limits that are given; `undefined` for what the code says.
 * @throws KagziError `INVALID_ARGUMENT`
 */
export function limitsGiven({ concurrency, key, none, reset, throttle }: LimitFlags): LimitOptions | undefined {
  const ways = [concurrency !== undefined || throttle !== undefined, none === true, reset === true];
  if (ways.filter(Boolean).length !== 1) {
    const given = "--concurrency, --throttle or both; or --reset";
    throw new KagziError("INVALID_ARGUMENT", `what is the limit to be? give ${given}`);
  }
  if (reset === true) return undefined;
  const keyed = key === undefined ? {} : { key };
  return {
    ...(concurrency !== undefined && {
      concurrency: { limit: wholeNumber("--concurrency", concurrency, 1, 1_000_000_000), ...keyed },
    }),
    ...(throttle !== undefined && { throttle: { ...throttleOf(throttle), ...keyed } }),
  };
}

function throttleOf(text: string): Throttle {
  const [, limit, per] = /^(\d+)\/(.+)$/u.exec(text) ?? [];
  if (limit === undefined || per === undefined) {
    throw new KagziError("INVALID_ARGUMENT", `--throttle cannot be ${JSON.stringify(text)}: give it like 10/1m`);
  }
  return { limit: Number(limit), per };
}

/** Limits in words; `undefined` for none that were said. */
export function limitsText(limits: Limits | undefined): string | undefined {
  if (limits === undefined) return undefined;
  const { concurrency, throttle } = limits;
  const parts = [
    ...concurrency.map(({ key, limit }) => `${limit} at once${ofEach(key)}`),
    ...(throttle === undefined
      ? []
      : [`${throttle.limit} within ${spanText(Number(throttle.perMs))}${ofEach(throttle.key)}`]),
  ];
  return parts.length === 0 ? "no limits" : parts.join(", ");
}

function ofEach(key: string | undefined): string {
  return key === undefined ? "" : ` for each ${key}`;
}
