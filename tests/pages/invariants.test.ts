import { describe, expect, it } from "vitest";
import { readPage, rowsOf, wrongProofs } from "./proofs.ts";

const ROWS = rowsOf(readPage("docs/state-machine.md"));
const PROBES = ["store-postgres", "store-sqlite"].map((store) => readPage(`packages/${store}/src/violations.ts`));

describe("the invariants", () => {
  it("are there, each once", () => {
    const ids = ROWS.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(50);
    expect(ids).toEqual([...new Set(ids)]);
  });

  it.each(ROWS)("$id is shown where the page says so", ({ cells }) => {
    const [, , proof = ""] = cells;
    expect(wrongProofs(proof)).toEqual([]);
  });

  it.each(ROWS)("$id is looked for after every test if and only if the page says so", ({ cells, id }) => {
    const isProbed = (source: string) => new RegExp(`['" ,]${id}[,'":]`).test(source);
    expect(PROBES.map(isProbed)).toEqual(cells[1] === "✓" ? [true, true] : [false, false]);
  });
});
