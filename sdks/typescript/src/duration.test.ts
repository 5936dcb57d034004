import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs } from "./duration.ts";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    ["2w", 1_209_600_000],
    ["0s", 0],
    [1500, 1500],
    [0.4, 0],
  ])("is milliseconds: %s", (given, ms) => {
    expect(durationMs(given)).toBe(ms);
  });

  const wrong = [
    "",
    " ",
    "5",
    "-1s",
    "1h abc",
    "1 h",
    "s",
    "1S",
    "1hh",
    " 1s",
    "1s ",
    "1h  30m",
    "1,5h",
    "+1s",
    "1e3s",
  ];
  it.each([...wrong, "101w101w5400w", "١s", -1, Number.NaN, Infinity, null, undefined, {}])("is not %j", (given) => {
    expect(() => durationMs(given as string, "the delay")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("the delay cannot be") }),
    );
  });

  it("is read in no time, however it is written", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (text) => {
        try {
          expect(durationMs(text)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
        }
      }),
    );
    expect(() => durationMs(`${"1h".repeat(50_000)}x`)).toThrow("cannot be");
  });
});
