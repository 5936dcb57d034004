import { type ErrorDetail, retryCanHelp } from "./error.ts";

/** When a failed try is tried again. Plain data; {@link decideRetry} is the only reader. */
export interface RetryPolicy {
  /** Tries in all, the first one included; 0 means without limit. */
  readonly maximumAttempts: number;
  readonly initialIntervalMs: number;
  /** At least 1. */
  readonly backoffCoefficient: number;
  /** 0 means {@link LONGEST_RETRY_MS}. */
  readonly maximumIntervalMs: number;
  /** Codes or error names that end the tries at once. */
  readonly nonRetryableErrors: readonly string[];
  /** Added once more after each try. */
  readonly intervalIncrementMs: number;
  /** Spreads each wait evenly between half of it and all of it. */
  readonly jitter: boolean;
}

/** No wait between two tries is longer: 24 hours. */
export const LONGEST_RETRY_MS = 24 * 60 * 60 * 1000;

/** Of a step for which neither the step nor its worker names one: three more tries, after about 1, 2 and 4 s. */
export const DEFAULT_STEP_RETRY: RetryPolicy = {
  maximumAttempts: 4,
  initialIntervalMs: 1000,
  backoffCoefficient: 2,
  maximumIntervalMs: 60_000,
  nonRetryableErrors: [],
  intervalIncrementMs: 0,
  jitter: true,
};

/** Of a run for which nobody names one: its steps have their own retries, so it fails at once. */
export const DEFAULT_RUN_RETRY: RetryPolicy = { ...DEFAULT_STEP_RETRY, maximumAttempts: 1 };

/** Whether there is another try, and after how long a wait. */
export type RetryDecision = { readonly retry: false } | { readonly retry: true; readonly afterMs: number };

/**
 * Decides what follows a failed try of a step or of a run. `attempt` is the try that failed, from 1; `random` in
 * [0, 1) spreads the wait. An error that asks for a wait (`retryAfterMs`) gets it, up to {@link LONGEST_RETRY_MS}.
 */
export function decideRetry(failed: {
  readonly policy: RetryPolicy;
  readonly attempt: number;
  readonly error: ErrorDetail;
  readonly random: number;
}): RetryDecision {
  const { policy, attempt, error } = failed;
  if (isFinal(policy, error)) return { retry: false };
  if (policy.maximumAttempts > 0 && attempt >= policy.maximumAttempts) return { retry: false };
  if (error.retryAfterMs !== undefined) return { retry: true, afterMs: clamp(error.retryAfterMs, LONGEST_RETRY_MS) };
  const interval = retryIntervalMs(policy, attempt);
  return { retry: true, afterMs: Math.round(policy.jitter ? interval * (0.5 + failed.random / 2) : interval) };
}

/** The wait after the failure of try `attempt`, before jitter: finite and within [0, the policy's maximum] for every attempt. */
export function retryIntervalMs(policy: RetryPolicy, attempt: number): number {
  const longest = clamp(policy.maximumIntervalMs || LONGEST_RETRY_MS, LONGEST_RETRY_MS);
  const earlier = Math.max(0, attempt - 1);
  // The exponent is bounded before the power is taken: Infinity * 0 would be NaN.
  const factor = Math.max(1, policy.backoffCoefficient) ** Math.min(earlier, 1000);
  const grown = policy.initialIntervalMs === 0 ? 0 : policy.initialIntervalMs * factor;
  return clamp(grown + policy.intervalIncrementMs * earlier, longest);
}

function isFinal(policy: RetryPolicy, error: ErrorDetail): boolean {
  if (error.nonRetryable || !retryCanHelp(error.code)) return true;
  const names: readonly string[] = policy.nonRetryableErrors;
  return names.includes(error.code) || (error.name !== undefined && names.includes(error.name));
}

function clamp(ms: number, longest: number): number {
  return Number.isNaN(ms) ? longest : Math.min(Math.max(0, ms), longest);
}
