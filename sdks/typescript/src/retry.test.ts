import { describe, expect, it } from "vitest";
import { Retry, retryOf } from "./retry.ts";

describe("a retry policy", () => {
  it("counts retries, and sends tries", () => {
    expect(Retry.exponential(3)).toMatchObject({
      maximumAttempts: 4,
      initialIntervalMs: 1000,
      backoffCoefficient: 2,
      maximumIntervalMs: 60_000,
      jitter: true,
    });
    expect(Retry.fixed(2, "5s")).toMatchObject({ maximumAttempts: 3, initialIntervalMs: 5000, backoffCoefficient: 1 });
    expect(Retry.linear(2, "5s")).toMatchObject({ initialIntervalMs: 5000, intervalIncrementMs: 5000 });
    expect(Retry.none()).toMatchObject({ maximumAttempts: 1 });
    expect(Retry.forever({ max: "1h" })).toMatchObject({ maximumAttempts: 0, maximumIntervalMs: 3_600_000 });
  });

  it("can be given as a number, and not as both", () => {
    expect(retryOf({ retries: 3 }, "it")).toEqual(Retry.exponential(3));
    expect(retryOf({}, "it")).toBeUndefined();
    expect(() => retryOf({ retries: 1, retry: Retry.none() }, "step a")).toThrow("step a is given both");
  });

  it.each([-1, 1.5, Number.NaN, 1e9])("is refused for %d retries", (retries) => {
    expect(() => Retry.exponential(retries)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("is refused for waits and factors that make no sense", () => {
    const wrong = [
      () => Retry.fixed(1, "2d"),
      () => Retry.linear(1, "-1s"),
      () => Retry.exponential(1, { factor: 0.5 }),
      () => Retry.exponential(1, { factor: Number.NaN }),
      () => Retry.exponential(1, { max: "25h" }),
    ];
    for (const make of wrong) expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
