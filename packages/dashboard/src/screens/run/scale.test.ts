import { StepKind } from "@kagzi/proto";
import { array, assert, constantFrom, nat, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Segment, StepRow } from "./fold-history.ts";
import { scaleOf } from "./scale.ts";

function row(fromMs: number, toMs: number, kind: Segment["kind"] = "attempt"): StepRow {
  const segment: Segment = { kind, outcome: "completed", fromMs, toMs, attempt: 1 };
  return { key: "a", kind: StepKind.FUNCTION, state: "completed", attempt: 1, segments: [segment], fromMs, toMs };
}

const DAY = 86_400_000;

describe("the scale of a timeline", () => {
  it("is even where nothing is folded", () => {
    const scale = scaleOf([row(0, 100)], { fromMs: 0, toMs: 1000 }, true);
    expect([scale.at(0), scale.at(250), scale.at(1000), scale.folds]).toEqual([0, 0.25, 1, []]);
  });

  it("folds a long wait to a small width, so that what ran can be seen", () => {
    const rows = [row(0, 1000), row(1000, 3 * DAY, "wait"), row(3 * DAY, 3 * DAY + 1000)];
    const scale = scaleOf(rows, { fromMs: 0, toMs: 3 * DAY + 1000 }, true);
    expect(scale.folds).toMatchObject([{ ms: 3 * DAY - 1000 }]);
    expect(scale.at(1000)).toBeGreaterThan(0.4);
    expect(scale.at(3 * DAY) - scale.at(1000)).toBeLessThan(0.1);
    expect(scaleOf(rows, { fromMs: 0, toMs: 3 * DAY + 1000 }, false).at(1000)).toBeLessThan(0.0001);
  });

  it("folds no time in which a function ran", () => {
    expect(scaleOf([row(0, DAY), row(10, 20)], { fromMs: 0, toMs: DAY }, true).folds).toEqual([]);
  });

  it("shows a run that has only waited", () => {
    const scale = scaleOf([row(0, DAY, "wait")], { fromMs: 0, toMs: DAY }, true);
    expect([scale.at(0), scale.at(DAY)]).toEqual([0, 1]);
  });

  it("keeps the order of time, stays within the width and can be read backwards", () => {
    const spans = array(tuple(nat(10 * DAY), nat(DAY), constantFrom<Segment["kind"]>("attempt", "wait", "backoff")), {
      minLength: 1,
      maxLength: 20,
    });
    assert(
      property(spans, array(nat(12 * DAY), { minLength: 2, maxLength: 10 }), (given, times) => {
        const scale = scaleOf(
          given.map(([from, length, kind]) => row(from, from + length, kind)),
          { fromMs: 0, toMs: 12 * DAY },
          true,
        );
        const places = times.sort((a, b) => a - b).map(scale.at);
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
          expect(place).toBeLessThanOrEqual(1.000001);
          expect(scale.at(scale.timeAt(place))).toBeCloseTo(place, 6);
        }
      }),
    );
  });
});
