import { describe, expect, it } from "vitest";
import { ENGINES } from "./engine-list.ts";
import { selectionOf } from "./selection.ts";

const own = [
  { name: "part", measure: async () => [] },
  { name: "aside", measure: async () => [], onlyByName: true },
] as const;

function select(...words: readonly string[]) {
  const selection = selectionOf(words, { engines: ENGINES, own });
  const names = (each: readonly { readonly name: string }[]) => each.map(({ name }) => name);
  return {
    ...selection,
    engines: names(selection.engines),
    workloads: names(selection.workloads),
    own: names(selection.own),
  };
}

describe("what is measured", () => {
  it("is everything but what runs only by its name", () => {
    const { engines, isWhole, own: parts } = select();
    expect({ engines: engines.length, isWhole, parts }).toEqual({
      engines: ENGINES.length,
      isWhole: true,
      parts: ["part"],
    });
  });

  it("is Kagzi alone when it is to be quick", () => {
    expect(select("--quick")).toMatchObject({
      engines: ["kagzi", "kagzi-sqlite"],
      own: [],
      isQuick: true,
      isWhole: false,
    });
  });

  it("is all engines where a workload is named, and all workloads where an engine is", () => {
    expect(select("idle").engines).toHaveLength(ENGINES.length);
    expect(select("idle").workloads).toEqual(["idle"]);
    expect(select("dbos").engines).toEqual(["dbos"]);
    expect(select("dbos").workloads).toContain("steps");
  });

  it("is nothing else where something of Kagzi's own is named", () => {
    expect(select("aside")).toMatchObject({ engines: [], workloads: [], own: ["aside"], isWhole: false });
  });

  it("is refused where a word is no name", () => {
    expect(() => select("idel")).toThrow("no workload or engine is called idel; there are");
  });
});
