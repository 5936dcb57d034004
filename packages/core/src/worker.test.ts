import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions, highestVersion } from "./worker.ts";

const version = fc.stringMatching(/^[0-9a-z.-]{1,8}$/);

describe("versions", () => {
  it("count digits as numbers, however many", () => {
    const sorted = ["1", "2", "10", "10.1", "10.02", "10.9", "10.10", "123456789012345678901234567890"];
    expect(sorted.toReversed().toSorted(compareVersions)).toEqual(sorted);
  });

  it("put what has more to say after what it begins with", () => {
    expect(compareVersions("1.0", "1.0-beta")).toBeLessThan(0);
    expect(compareVersions("2024-01-31", "2024-02-01")).toBeLessThan(0);
    expect(compareVersions("b", "a")).toBeGreaterThan(0);
    expect(compareVersions("1", "a")).toBeLessThan(0);
    expect(compareVersions("1", "01")).toBeGreaterThan(0);
    expect(compareVersions("1.0", "1.0")).toBe(0);
    expect(compareVersions("1.0-beta", "1.0")).toBeGreaterThan(0);
  });

  it("are in one order, whichever are compared", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)));
        expect(compareVersions(a, b) === 0).toBe(a === b);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });

  it("have a highest one, unless there are none", () => {
    expect(highestVersion(["9", "10", "1"])).toBe("10");
    expect(highestVersion([])).toBeUndefined();
  });
});
