import { DURATION_EXAMPLES, type Duration, parseDuration, showDuration } from "./duration-grammar.ts";
import { KagziError } from "./error.ts";

/**
 * Whole milliseconds. `what` names the duration in the error.
 * @throws KagziError `INVALID_ARGUMENT` for what is no duration, negative, or longer than 100 years
 */
export function durationMs(duration: Duration, what = "a duration"): number {
  const ms = parseDuration(duration);
  if (ms !== undefined) return ms;
  throw new KagziError("INVALID_ARGUMENT", `${what} cannot be ${showDuration(duration)}: give ${DURATION_EXAMPLES}`);
}
