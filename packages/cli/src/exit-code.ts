import { type ErrorCode, isKagziError } from "@kagzi/core";
import { isKagziError as isOfClient } from "kagzi";

/** The exit code for a command that makes no sense. */
export const USAGE = 2;
/** And for one that Ctrl-C has ended. */
export const INTERRUPTED = 130;

/** What a script can tell from the exit code of a command that failed. */
export function exitCodeOf(error: unknown): number {
  if (isKagziError(error)) return EXIT_CODE[error.code];
  return isOfClient(error) ? EXIT_CODE[error.code] : EXIT_CODE.INTERNAL;
}

const EXIT_CODE: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  INVALID_ARGUMENT: USAGE,
  PAYLOAD_TOO_LARGE: USAGE,
  NOT_FOUND: 3,
  CONFLICT: 4,
  PRECONDITION_FAILED: 4,
  UNAUTHORIZED: 5,
  UNAVAILABLE: 6,
  NONDETERMINISM: 7,
  POISON: 7,
  CANCELLED: 8,
  TIMEOUT: 9,
};
