import {
  KagziError,
  LIMITS,
  LONGEST_WAIT_MS,
  type NextSlot,
  type Timing,
  checkInteger,
  nextOfInterval,
} from "@kagzi/core";
import { slotsOfCron } from "./cron.ts";

/** Expressions that are kept at once, ready to be evaluated. */
const MAX_KNOWN = 2000;
const known = new Map<string, NextSlot>();

/**
 * The slots of a schedule.
 * @throws KagziError `INVALID_ARGUMENT` for a timing that makes no sense, naming what was given
 */
export function slotsOf(timing: Timing): NextSlot {
  switch (timing.kind) {
    case "cron":
      return remembered(timing.expression, timing.timezone);
    case "every": {
      const everyMs = checkInteger("every_ms", timing.everyMs, LIMITS.shortestIntervalMs, LONGEST_WAIT_MS);
      return (after) => nextOfInterval(everyMs, after);
    }
    default: {
      const { at } = timing;
      if (!Number.isInteger(at) || Math.abs(at) > LATEST) {
        throw new KagziError("INVALID_ARGUMENT", `"at" is ${at}, which is no time before 2130`);
      }
      return (after) => (at > after ? at : undefined);
    }
  }
}

const LATEST = Date.UTC(2130, 0, 1);

/** Reading an expression costs more than evaluating it. */
function remembered(expression: string, timezone: string): NextSlot {
  const key = `${timezone}\0${expression}`;
  const there = known.get(key);
  if (there !== undefined) return there;
  const slots = slotsOfCron(expression, timezone);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, slots);
  return slots;
}
