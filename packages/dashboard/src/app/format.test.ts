import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration, formatInstant, formatRelative, plural } from "./format.ts";

describe("formats", () => {
  it("write a duration in two units at most", () => {
    const written = [0, 340, 999, 1000, 2449, 59_949, 60_000, 200_000, 3_600_000, 187_200_000, -1500].map(
      formatDuration,
    );
    expect(written).toEqual([
      "0 ms",
      "340 ms",
      "999 ms",
      "1 s",
      "2.4 s",
      "59.9 s",
      "1 min",
      "3 min 20 s",
      "1 h",
      "2 d 4 h",
      "−1.5 s",
    ]);
    expect(formatDuration(59_999)).toBe("1 min");
    expect(formatDuration(3_599_900)).toBe("1 h");
  });

  it("say how long ago, and how soon", () => {
    expect(formatRelative(1000, 1500)).toBe("just now");
    expect(formatRelative(0, 12_900)).toBe("12 s ago");
    expect(formatRelative(200_000, 0)).toBe("in 3 min");
  });

  it("write points in time with their zone", () => {
    expect(formatInstant(Date.UTC(2026, 10, 21, 22, 4, 51, 7), "utc")).toBe("2026-11-21 22:04:51.007 UTC");
    expect(formatInstant(0, "local")).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:00\.000 UTC[+−]\d\d:\d\d$/u);
    expect(formatInstant(Number.NaN, "utc")).toBe("at no time");
  });

  it("write numbers for people", () => {
    expect([formatCount(9999), formatCount(10_000n), plural(1, "run"), plural(1200, "run")]).toEqual([
      "9,999",
      "10,000+",
      "1 run",
      "1,200 runs",
    ]);
    expect([formatBytes(999), formatBytes(12_540), formatBytes(2_100_000)]).toEqual(["999 B", "12.5 kB", "2.1 MB"]);
  });
});
