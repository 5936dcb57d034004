import { describe, expect, it } from "vitest";
import { slopePerHour } from "./trend.ts";

describe("the slope of a measurement", () => {
  it("is what it grows by in an hour", () => {
    expect(slopePerHour([0, 0.5, 1, 1.5].map((hours) => [hours, 10 + 4 * hours]))).toBeCloseTo(4);
    expect(slopePerHour([0, 1, 2, 3].map((hours) => [hours, hours % 2 === 0 ? 5 : 6]))).toBeCloseTo(0.2);
  });

  it("is 0 where there is nothing to compare", () => {
    expect(slopePerHour([])).toBe(0);
    expect(slopePerHour([[1, 5]])).toBe(0);
  });
});
