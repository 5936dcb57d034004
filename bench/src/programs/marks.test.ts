import { describe, expect, it } from "vitest";
import { createMarks } from "./marks.ts";

describe("the marks of runs", () => {
  it("tell when the first and the last step of a run began", () => {
    const marks = createMarks();
    for (const index of [0, 1, 2]) marks.step(7, index);
    marks.ended(7);
    const [mark] = marks.all();
    expect(mark?.n).toBe(7);
    expect(mark?.lastAt).toBeGreaterThan(mark?.pickedAt ?? Infinity);
  });

  it("keep the first time where code runs again, and count its run once", async () => {
    const marks = createMarks();
    marks.step(1, 0);
    marks.ended(1);
    const before = marks.all();
    marks.step(1, 0);
    marks.ended(1);
    expect(before).toHaveLength(1);
    expect(marks.all()).toEqual(before);
    await marks.untilEnded(1);
  });

  it("wait for so many runs, also where these have ended already", async () => {
    const marks = createMarks();
    const two = marks.untilEnded(2);
    marks.ended(1);
    marks.ended(2);
    await two;
    await marks.untilEnded(2);
    marks.reset();
    expect(marks.all()).toEqual([]);
  });
});
