import { describe, expect, it } from "vitest";
import { Parked } from "./parked.ts";

const KIB = 1024;
const run = (runId: string, bytes = 0) => ({ runId, bytes });

describe("parked runs in memory", () => {
  it("are let go oldest first when they are too many", () => {
    const parked = new Parked(3 * 8 * KIB);
    expect(["a", "b", "c"].flatMap((id) => parked.keep(run(id)))).toEqual([]);
    expect(parked.keep(run("d"))).toEqual([run("a")]);
    expect(parked.take("a")).toBeUndefined();
    expect(parked.take("b")).toEqual(run("b"));
    // There is room again.
    expect(parked.keep(run("e"))).toEqual([]);
    expect(parked.takeAll().map(({ runId }) => runId)).toEqual(["c", "d", "e"]);
    expect(parked.takeAll()).toEqual([]);
  });

  it("count for what they hold", () => {
    const parked = new Parked(100 * KIB);
    for (const id of ["a", "b", "c"]) parked.keep(run(id));
    expect(parked.keep(run("large", 72 * KIB)).map(({ runId }) => runId)).toEqual(["a"]);
    expect(parked.take("large")).toBeDefined();
    expect(parked.keep(run("d"))).toEqual([]);
  });

  it("are not kept if one alone is too much", () => {
    const parked = new Parked(100 * KIB);
    parked.keep(run("a"));
    expect(parked.keep(run("huge", 200 * KIB)).map(({ runId }) => runId)).toEqual(["a", "huge"]);
    expect(parked.keep(run("b"))).toEqual([]);
  });
});
