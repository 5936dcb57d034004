import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorDetail } from "./error.ts";
import {
  DEFAULT_RUN_RETRY,
  DEFAULT_STEP_RETRY,
  LONGEST_RETRY_MS,
  type RetryPolicy,
  decideRetry,
  retryIntervalMs,
} from "./retry-policy.ts";

const ERROR: ErrorDetail = { code: "INTERNAL", message: "m", nonRetryable: false };

function decide(change: {
  readonly policy?: Partial<RetryPolicy>;
  readonly attempt?: number;
  readonly error?: Partial<ErrorDetail>;
  readonly random?: number;
}) {
  const { attempt = 1, random = 0 } = change;
  const policy = { ...DEFAULT_STEP_RETRY, jitter: false, ...change.policy };
  return decideRetry({ policy, attempt, random, error: { ...ERROR, ...change.error } });
}

const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  maximumAttempts: fc.nat(),
  initialIntervalMs: fc.nat(LONGEST_RETRY_MS),
  backoffCoefficient: fc.double({ min: 1, max: 1000, noNaN: true }),
  maximumIntervalMs: fc.nat(LONGEST_RETRY_MS),
  nonRetryableErrors: fc.array(fc.string()),
  intervalIncrementMs: fc.nat(LONGEST_RETRY_MS),
  jitter: fc.boolean(),
});

describe("the wait before another try", () => {
  it("grows by the coefficient up to the maximum", () => {
    const waits = [1, 2, 3, 10].map((attempt) => retryIntervalMs(DEFAULT_STEP_RETRY, attempt));
    expect(waits).toEqual([1000, 2000, 4000, 60_000]);
  });

  it("grows by the increment, for a linear policy", () => {
    const linear = { ...DEFAULT_STEP_RETRY, backoffCoefficient: 1, intervalIncrementMs: 500 };
    expect([1, 2, 3].map((attempt) => retryIntervalMs(linear, attempt))).toEqual([1000, 1500, 2000]);
  });

  it("is a day at most where the policy names no maximum", () => {
    expect(retryIntervalMs({ ...DEFAULT_STEP_RETRY, maximumIntervalMs: 0 }, 100)).toBe(LONGEST_RETRY_MS);
  });

  it("is finite and within bounds for every policy and attempt (P1)", () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: -5, max: 100_000 }), (policy, attempt) => {
        const wait = retryIntervalMs(policy, attempt);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(policy.maximumIntervalMs || LONGEST_RETRY_MS);
        expect(retryIntervalMs(policy, attempt + 1)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });

  it("is not made longer than a day by a number that is none", () => {
    expect(retryIntervalMs({ ...DEFAULT_STEP_RETRY, initialIntervalMs: Number.NaN }, 1)).toBe(60_000);
  });

  it("is spread between half and all of it by jitter", () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (p, n, random) => {
          const policy = { ...p, jitter: true, maximumAttempts: 0, nonRetryableErrors: [] };
          const decision = decideRetry({ policy, attempt: n, error: ERROR, random });
          const interval = retryIntervalMs(policy, n);
          expect(decision.retry && decision.afterMs).toBeGreaterThanOrEqual(Math.floor(interval / 2));
          expect(decision.retry && decision.afterMs).toBeLessThanOrEqual(Math.ceil(interval));
        },
      ),
    );
  });
});

describe("the decision after a failed try", () => {
  it("is another try as long as the policy has some left", () => {
    expect(decide({ policy: { maximumAttempts: 2 }, attempt: 1 })).toEqual({ retry: true, afterMs: 1000 });
    expect(decide({ policy: { maximumAttempts: 2 }, attempt: 2 })).toEqual({ retry: false });
  });

  it("is another try for ever without a maximum", () => {
    expect(decide({ policy: { maximumAttempts: 0 }, attempt: 1_000_000 })).toMatchObject({ retry: true });
  });

  it("is the end for an error that says so, by itself, by its code or by the policy", () => {
    expect(decide({ error: { nonRetryable: true } })).toEqual({ retry: false });
    expect(decide({ error: { code: "INVALID_ARGUMENT" } })).toEqual({ retry: false });
    expect(decide({ policy: { nonRetryableErrors: ["INTERNAL"] } })).toEqual({ retry: false });
    expect(decide({ policy: { nonRetryableErrors: ["TypeError"] }, error: { name: "TypeError" } })).toEqual({
      retry: false,
    });
    expect(decide({ policy: { nonRetryableErrors: ["TypeError"] }, error: { name: "RangeError" } }).retry).toBe(true);
  });

  it("waits as long as the error asks for, a day at most", () => {
    expect(decide({ error: { retryAfterMs: 7 } })).toEqual({ retry: true, afterMs: 7 });
    expect(decide({ error: { retryAfterMs: 1e12 } })).toEqual({ retry: true, afterMs: LONGEST_RETRY_MS });
    expect(decide({ error: { retryAfterMs: -5 } })).toEqual({ retry: true, afterMs: 0 });
  });

  it("gives a step three more tries and a run none, where nobody says otherwise", () => {
    expect(DEFAULT_STEP_RETRY.maximumAttempts).toBe(4);
    expect(decideRetry({ policy: DEFAULT_RUN_RETRY, attempt: 1, error: ERROR, random: 0 })).toEqual({ retry: false });
  });

  it("waits not at all before the first retry of a policy without an interval", () => {
    expect(decide({ policy: { initialIntervalMs: 0 }, attempt: 3 })).toEqual({ retry: true, afterMs: 0 });
  });
});
