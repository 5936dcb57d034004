import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkStepName } from "./check.ts";
import { formatStepKey, parseStepKey } from "./record.ts";

describe("the key of a step", () => {
  it("is the name, and the name with its number from the second on", () => {
    expect(formatStepKey({ name: "charge", occurrence: 1 })).toBe("charge");
    expect(formatStepKey({ name: "charge", occurrence: 2 })).toBe("charge#2");
    expect(parseStepKey("charge")).toEqual({ name: "charge", occurrence: 1 });
    expect(parseStepKey("charge#2")).toEqual({ name: "charge", occurrence: 2 });
  });

  it("reads back as it was written, for every name that a step may have", () => {
    const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((name) => {
      try {
        return checkStepName(name) === name;
      } catch {
        return false;
      }
    });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 1e8 }), (name, occurrence) => {
        expect(parseStepKey(formatStepKey({ name, occurrence }))).toEqual({ name, occurrence });
      }),
    );
  });
});
