import { describe, expect, it } from "vitest";
import { meant } from "./suggest.ts";
import { relativeText, spanText, timeGiven } from "./times.ts";

describe("times for people", () => {
  it.each([
    [0, "0ms"],
    [999, "999ms"],
    [1000, "1s"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [11_100_000, "3h 5m"],
    [90_000_000, "1d 1h"],
  ])("%d ms is %s", (ms, text) => expect(spanText(ms)).toBe(text));

  it.each([
    [-400, "now"],
    [-59_000, "59s ago"],
    [-60_000, "1m ago"],
    [7_200_000, "in 2h"],
    [-400 * 86_400_000, "400d ago"],
  ])("%d ms away is %s", (ms, text) => {
    const now = Date.parse("2030-01-01");
    expect(relativeText(new Date(now + ms), now)).toBe(text);
  });

  it("are given as a time or as how long ago", () => {
    const now = Date.parse("2030-01-01T12:00:00Z");
    expect(timeGiven("--since", "90m", now).toISOString()).toBe("2030-01-01T10:30:00.000Z");
    expect(timeGiven("--since", "2029-12-31", now).toISOString()).toBe("2029-12-31T00:00:00.000Z");
    expect(timeGiven("--since", "2029-12-31T10:00:00+02:00", now).toISOString()).toBe("2029-12-31T08:00:00.000Z");
    for (const text of ["yesterday", "2029-13-01", "", "-5m"]) {
      expect(() => timeGiven("--since", text, now), text).toThrow(/--since cannot be/u);
    }
  });
});

describe("what was meant", () => {
  const known = ["KAGZI_URL", "KAGZI_NAMESPACE", "KAGZI_API_KEY"];

  it.each([
    ["KAGZI_NAMESPCE", "KAGZI_NAMESPACE"],
    ["KAGZI_ULR", "KAGZI_URL"],
    ["KAGZI_APIKEY", "KAGZI_API_KEY"],
    ["KAGZI_TURBO_BOOST_MODE", undefined],
  ])("by %s is %s", (text, meantBy) => expect(meant(text, known)).toBe(meantBy));

  it("is nothing where there is nothing", () => expect(meant("a", [])).toBeUndefined());
});
