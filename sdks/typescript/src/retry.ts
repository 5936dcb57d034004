import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RetryPolicySchema } from "@kagzi/proto";
import { durationMs } from "./duration.ts";
import { type Duration, showDuration } from "./duration-grammar.ts";
import { KagziError } from "./error.ts";

/** When a failed try is tried again. Plain data, made by {@link Retry}. */
export interface RetryPolicy {
  /** Tries in all, the first one included; 0 means without limit. */
  readonly maximumAttempts: number;
  readonly initialIntervalMs: number;
  /** Each wait is so many times the one before. */
  readonly backoffCoefficient: number;
  readonly maximumIntervalMs: number;
  /** Added once more after each try. */
  readonly intervalIncrementMs: number;
  /** Spreads each wait between half of it and all of it. */
  readonly jitter: boolean;
  /** Codes or error names that end the tries at once. */
  readonly nonRetryableErrors: readonly string[];
}

/** How the waits of an exponential policy grow. */
export interface ExponentialOptions {
  /** The first wait; default 1 s. */
  readonly initial?: Duration;
  /** 1 to 1000; default 2. */
  readonly factor?: number;
  /** The longest wait, a day at most; default 60 s. */
  readonly max?: Duration;
  /** Default true. */
  readonly jitter?: boolean;
  /** Codes or error names that end the tries at once. */
  readonly nonRetryable?: readonly string[];
}

/** Options that many things have: how often they are tried again. */
export interface RetryOptions {
  /** Short for `Retry.exponential(retries)`. */
  readonly retries?: number;
  readonly retry?: RetryPolicy;
}

const DAY_MS = 86_400_000;
const MOST_RETRIES = 1_000_000;

/** Retry policies. `retries` counts the tries after the first. */
export const Retry = {
  /** Waits that double (or grow by `factor`) up to `max`. */
  exponential(retries: number, options: ExponentialOptions = {}): RetryPolicy {
    return exponential(checkRetries(retries) + 1, options);
  },

  /** Waits of once, twice, three times `interval` … */
  linear(retries: number, interval: Duration): RetryPolicy {
    const ms = checkInterval(interval, "the interval of Retry.linear");
    return policy({ maximumAttempts: checkRetries(retries) + 1, initialIntervalMs: ms, intervalIncrementMs: ms });
  },

  /** Waits that are all the same. */
  fixed(retries: number, interval: Duration): RetryPolicy {
    const ms = checkInterval(interval, "the interval of Retry.fixed");
    return policy({ maximumAttempts: checkRetries(retries) + 1, initialIntervalMs: ms });
  },

  /** No second try. */
  none(): RetryPolicy {
    return policy({ maximumAttempts: 1 });
  },

  /** As `exponential`, without end. */
  forever(options: ExponentialOptions = {}): RetryPolicy {
    return exponential(0, options);
  },
} as const;

function exponential(maximumAttempts: number, options: ExponentialOptions): RetryPolicy {
  const { initial = "1s", factor = 2, max = "60s", jitter = true, nonRetryable = [] } = options;
  if (!(factor >= 1 && factor <= 1000)) throw invalid(`the factor of a retry must be 1 to 1000, not ${factor}`);
  return policy({
    maximumAttempts,
    initialIntervalMs: checkInterval(initial, "the initial wait of a retry"),
    backoffCoefficient: factor,
    maximumIntervalMs: checkInterval(max, "the longest wait of a retry"),
    jitter,
    nonRetryableErrors: nonRetryable,
  });
}

function policy(given: Partial<RetryPolicy>): RetryPolicy {
  return {
    maximumAttempts: 1,
    initialIntervalMs: 0,
    backoffCoefficient: 1,
    maximumIntervalMs: DAY_MS,
    intervalIncrementMs: 0,
    jitter: false,
    nonRetryableErrors: [],
    ...given,
  };
}

/**
 * The policy that options ask for; `undefined` if they ask for none.
 * @throws KagziError `INVALID_ARGUMENT` for `retry` and `retries` together
 */
export function retryOf(options: RetryOptions, what: string): RetryPolicy | undefined {
  const { retries, retry } = options;
  if (retries !== undefined && retry !== undefined) {
    throw invalid(
      `${what} is given both retry and retries: retries: ${retries} is short for retry: Retry.exponential(${retries})`,
    );
  }
  return retries === undefined ? retry : Retry.exponential(retries);
}

/** A policy as it goes over the wire. */
export function toWirePolicy(given: RetryPolicy): MessageInitShape<typeof RetryPolicySchema> {
  return {
    maximumAttempts: given.maximumAttempts,
    initialIntervalMs: BigInt(given.initialIntervalMs),
    backoffCoefficient: given.backoffCoefficient,
    maximumIntervalMs: BigInt(given.maximumIntervalMs),
    intervalIncrementMs: BigInt(given.intervalIncrementMs),
    jitter: given.jitter,
    nonRetryableErrors: [...given.nonRetryableErrors],
  };
}

function checkRetries(retries: number): number {
  if (Number.isInteger(retries) && retries >= 0 && retries <= MOST_RETRIES) return retries;
  throw invalid(
    `the number of retries must be a whole number from 0 to ${MOST_RETRIES}, not ${retries}; Retry.forever() has no limit`,
  );
}

function checkInterval(interval: Duration, what: string): number {
  const ms = durationMs(interval, what);
  if (ms <= DAY_MS) return ms;
  throw invalid(`${what} must be a day at most, not ${showDuration(interval)}`);
}

function invalid(message: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", message);
}
