import { describe, expect, it } from "vitest";
import type { EngineResult } from "./compare.ts";
import { ENGINES } from "./engine-list.ts";
import type { Measurement } from "./figures.ts";
import { targetLines } from "./targets.ts";

function resultOf(name: string, medians: Measurement): EngineResult {
  const definition = ENGINES.find((each) => each.name === name);
  if (definition === undefined) throw new Error(`there is no engine ${name}`);
  return { definition, settings: "", medians, failures: [] };
}

function lineOf(name: string, results: readonly EngineResult[]) {
  return targetLines(results, []).find((line) => line.name.startsWith(name));
}

describe("the table of targets", () => {
  const [kagzi, dbos] = [resultOf("kagzi", { steps: 8000 }), resultOf("dbos", { steps: 1000 })];

  it("compares with the better of two peers", () => {
    const line = lineOf("steps/s", [kagzi, dbos, resultOf("openworkflow", { steps: 2000 })]);
    expect(line).toMatchObject({ measured: "4 x", verdict: "missed" });
  });

  it("compares with the one that could be measured", () => {
    expect(lineOf("steps/s", [kagzi, dbos])).toMatchObject({ bar: "≥ 7 x", measured: "8 x", verdict: "bar met" });
  });

  it("does not judge what nobody could be measured for", () => {
    expect(lineOf("steps/s", [kagzi])).toMatchObject({ measured: "–", verdict: "not measured" });
  });

  it("takes less for better where less is better", () => {
    const results = [resultOf("kagzi", { "late-p99": 25 })];
    expect(lineOf("2,000 sleeps", results)).toMatchObject({ goal: "≤ 30 ms", verdict: "goal met" });
  });

  it("holds figures of Kagzi alone that have a bar", () => {
    const own = [
      { name: "memory", value: 200, unit: "MB", bar: 300, goal: 150 },
      { name: "aside", value: 1, unit: "MB" },
    ];
    const lines = targetLines([], own).filter(({ verdict }) => verdict !== "not measured");
    expect(lines).toEqual([
      { name: "memory", bar: "≤ 300 MB", goal: "≤ 150 MB", measured: "200 MB", verdict: "bar met" },
    ]);
  });
});
