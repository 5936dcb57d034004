import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTANTS } from "./list.mjs";
import { mutate, sourceOf } from "./mutate.mjs";

describe("mutants", () => {
  it.each(MUTANTS)("$name: its text is in the built file, and in the source, exactly once", (mutant) => {
    for (const file of [mutant.file, sourceOf(mutant)]) {
      expect(existsSync(file), file).toBe(true);
      expect(mutate(mutant, readFileSync(file, "utf8"))).toContain(mutant.to);
    }
  });

  it("have names of their own, and tests that are there", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    const files = MUTANTS.flatMap(({ suites }) => suites.flatMap((suite) => suite.files));
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it("are refused where their text is not there, or more than once", () => {
    const mutant = { name: "m", from: "a", to: "b" };
    expect(() => mutate(mutant, "xyz")).toThrow("0 times");
    expect(() => mutate(mutant, "a, a")).toThrow("2 times");
    expect(mutate(mutant, "xay")).toBe("xby");
  });
});
