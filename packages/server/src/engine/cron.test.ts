import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slotsOfCron } from "./cron.ts";
import { slotsOf } from "./timing.ts";

const ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"];

/** The first slots after a time. */
function slots(expression: string, zone: string, from: string, count: number): string[] {
  const next = slotsOfCron(expression, zone);
  const found: string[] = [];
  for (let at = next(Date.parse(from)); at !== undefined && found.length < count; at = next(at)) {
    found.push(new Date(at).toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

describe("a cron expression", () => {
  it.each([
    ["30 6 * * MON-FRI", "UTC", ["2030-01-01T06:30Z", "2030-01-02T06:30Z", "2030-01-03T06:30Z", "2030-01-04T06:30Z"]],
    ["0 0 29 FEB *", "UTC", ["2032-02-29T00:00Z", "2036-02-29T00:00Z"]],
    ["0 0 * * 7", "UTC", ["2030-01-06T00:00Z", "2030-01-13T00:00Z"]],
    ["0 0 * * sun", "UTC", ["2030-01-06T00:00Z", "2030-01-13T00:00Z"]],
    ["0 12 13 * FRI", "UTC", ["2030-01-04T12:00Z", "2030-01-11T12:00Z", "2030-01-13T12:00Z"]],
    ["5,10-12,*/30 3 * * *", "UTC", ["2030-01-01T03:00Z", "2030-01-01T03:05Z", "2030-01-01T03:10Z"]],
    ["  0   6\t* * *  ", "Asia/Tokyo", ["2030-01-01T21:00Z"]],
    ["@hourly", "Asia/Kathmandu", ["2030-01-01T00:15Z", "2030-01-01T01:15Z"]],
    ["@daily", "Europe/Paris", ["2030-01-01T23:00Z"]],
    ["@midnight", "UTC", ["2030-01-02T00:00Z"]],
    ["@weekly", "UTC", ["2030-01-06T00:00Z"]],
    ["@monthly", "UTC", ["2030-02-01T00:00Z"]],
    ["@yearly", "UTC", ["2031-01-01T00:00Z"]],
    ["@annually", "UTC", ["2031-01-01T00:00Z"]],
  ])("%s in %s", (expression, zone, expected) => {
    expect(slots(expression, zone, "2030-01-01T00:00:00Z", expected.length)).toEqual(expected);
  });

  it("fires once for all that a gap swallows, at its end", () => {
    expect(slots("*/30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:00Z",
    ]);
    expect(slots("59 23 30 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z", 1)).toEqual(["2011-12-30T10:00Z"]);
  });

  it("fires for what comes twice when it comes first", () => {
    expect(slots("*/30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z", 3)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T00:30Z",
      "2026-10-26T01:00Z",
    ]);
    // Also for somebody who asks in the middle of the second time.
    expect(slots("*/30 2 * * *", "Europe/Paris", "2026-10-25T01:10:00Z", 1)).toEqual(["2026-10-26T01:00Z"]);
  });

  const field = (low: number, high: number) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant("*") },
      fc.integer({ min: low, max: high }).map(String),
      fc.integer({ min: 1, max: 30 }).map((step) => `*/${Math.min(step, high)}`),
      fc
        .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
        .map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`),
    );
  const expressions = fc
    .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
    .map((fields) => fields.join(" "));
  const instants = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });

  it("gives slots that strictly increase, whole minutes, and the same wherever one begins to ask", () => {
    fc.assert(
      fc.property(expressions, fc.constantFrom(...ZONES), instants, (expression, zone, from) => {
        const next = slotsOfCron(expression, zone);
        let at = from;
        for (let count = 0; count < 5; count++) {
          const slot = next(at);
          if (slot === undefined) return;
          expect(slot).toBeGreaterThan(at);
          expect(slot % 60_000).toBe(0);
          // Between the two there is none, and just before the slot it is still the next.
          expect(next(slot - 1)).toBe(slot);
          expect(next(at + Math.floor((slot - at) / 2))).toBe(slot);
          at = slot;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is evaluated in no time, whatever it is", () => {
    const odd = ["0 0 29 2 *", "59 23 31 12 *", "0 0 31 1-12 *", "0 0 29 2 0", "0 0 31 */2 *"];
    for (const expression of odd) {
      const next = slotsOfCron(expression, "America/New_York");
      const begin = performance.now();
      next(Date.UTC(2096, 2, 1));
      expect(performance.now() - begin).toBeLessThan(500);
    }
  });

  it.each(["", " ", "* * * *", "* * * * * *", "a b c d e", "0 0 31 2 *", "0 0 30 FEB *", "60 * * * *", "* 24 * * *"])(
    "is not %j",
    (text) => {
      expect(() => slotsOfCron(text, "UTC")).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining('"30 6 * * MON-FRI"') }),
      );
    },
  );

  it.each([
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "*/99 * * * *",
    "1/2 * * * *",
    "-1 * * * *",
  ])("is not %j either", (text) => {
    expect(() => slotsOfCron(text, "UTC")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it.each([
    "0 0 L * *",
    "0 0 15W * *",
    "0 0 * * 5#2",
    "? * * * *",
    "0 0 * * +1",
    "0 0 1 1 1 2030",
    "@reboot",
    "2030-01-01T00:00:00Z",
  ])("takes no more than is written down: %s", (text) => {
    expect(() => slotsOfCron(text, "UTC")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("is refused in no time, however it is written", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 1000 }), (text) => {
        try {
          expect(slotsOfCron(text, "UTC")(0)).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
        }
      }),
    );
    for (const text of [`${"1,".repeat(100_000)}1 * * * *`, `${"*/1,".repeat(60)}x * * * *`, "1-".repeat(127)]) {
      expect(() => slotsOfCron(text, "UTC")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
  });

  it.each(["", "Mars/Olympus", "UTC+25", "+02:00", "Europe/paris\0", "../etc", "x".repeat(1000)])(
    "knows no zone %j",
    (zone) => {
      expect(() => slotsOfCron("@daily", zone)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("no time zone") }),
      );
    },
  );
});

describe("other timings", () => {
  it("are intervals of a second at least, and single times before 2130", () => {
    expect(slotsOf({ kind: "every", everyMs: 1000 })(999)).toBe(1000);
    expect(slotsOf({ kind: "at", at: 5 })(4)).toBe(5);
    expect(slotsOf({ kind: "at", at: 5 })(5)).toBeUndefined();
    for (const everyMs of [0, 999, -1, 1000.5, Number.NaN, 1e300]) {
      expect(() => slotsOf({ kind: "every", everyMs })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
    for (const at of [Number.NaN, 0.5, Date.UTC(2131, 0, 1)]) {
      expect(() => slotsOf({ kind: "at", at })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
  });
});
