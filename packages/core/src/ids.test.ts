import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUuid, uuidv7Source } from "./ids.ts";

function source(times: readonly number[], fill = 0xff) {
  let at = 0;
  const now = () => times[Math.min(at++, times.length - 1)] ?? 0;
  return uuidv7Source({ now, randomBytes: (count) => new Uint8Array(count).fill(fill) });
}

const millis = (uuid: string) => Number.parseInt(uuid.replaceAll("-", "").slice(0, 12), 16);

describe("a source of UUIDv7", () => {
  it("writes the time, the version and the variant where RFC 9562 has them", () => {
    const time = Date.UTC(2030, 5, 1);
    const uuid = source([time])();
    expect(isUuid(uuid)).toBe(true);
    expect(millis(uuid)).toBe(time);
    expect(uuid[14]).toBe("7");
    expect("89ab").toContain(uuid[19]);
  });

  it("gives each id a greater one, however the clock goes", () => {
    const steps = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 255 }), (deltas, fill) => {
        let time = 1_000_000;
        const next = source(
          deltas.map((delta) => (time += delta)),
          fill,
        );
        const ids = deltas.map(() => next());
        expect(ids).toEqual([...new Set(ids)].toSorted());
      }),
    );
  });

  it("gives more ids in a millisecond than its counter holds, by borrowing from the next", () => {
    const next = source([5000]);
    const ids = Array.from({ length: 9000 }, () => next());
    expect(new Set(ids).size).toBe(9000);
    expect(ids).toEqual(ids.toSorted());
    expect(millis(ids.at(-1) ?? "")).toBeGreaterThan(5000);
  });

  it("takes chance into account", () => {
    expect(source([1], 1)()).not.toBe(source([1], 2)());
  });
});

describe("isUuid", () => {
  it.each(["", "x", "01A1FCA5-5d2b-7ea5-8e44-87f7c0908588", "01a1fca55d2b7ea58e4487f7c0908588", "{01a1fca5}"])(
    "refuses %j",
    (text) => {
      expect(isUuid(text)).toBe(false);
    },
  );
});
