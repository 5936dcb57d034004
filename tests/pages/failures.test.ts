import { describe, expect, it } from "vitest";
import { readPage, rowsOf, wrongProofs } from "./proofs.ts";

const ROWS = rowsOf(readPage("docs/operate/failures.md"));
const NUMBERS = [
  ...Array.from({ length: 9 }, (_, index) => `K${index + 1}`),
  ...Array.from({ length: 90 }, (_, index) => String(index + 1)),
];

describe("the page of what goes wrong", () => {
  it("has each number once, in their order", () => {
    expect(ROWS.map(({ id }) => id)).toEqual(NUMBERS);
  });

  it.each(ROWS)("shows what it says of $id, or why that cannot happen", ({ cells }) => {
    const [what = "", here = "", proof = ""] = cells;
    expect(cells).toHaveLength(3);
    expect([what.length > 10, here.length > 10]).toEqual([true, true]);
    if (proof === "by construction") expect(here).toMatch(/^Cannot happen: .{20}/);
    else expect(wrongProofs(proof)).toEqual([]);
  });

  it("would notice a test that is gone", () => {
    const file = "tests/pages/failures.test.ts";
    expect(wrongProofs(`\`${file} › would notice a test that is gone\``)).toEqual([]);
    expect(wrongProofs(`\`${file} › has each number once, %s\``)).toEqual([]);
    expect(wrongProofs(`\`${file} › would have noticed\``)).toHaveLength(1);
    expect(wrongProofs(`\`${file}\``)).toHaveLength(1);
    expect(wrongProofs("`tests/pages/nowhere.test.ts › a`")).toHaveLength(1);
    expect(wrongProofs("surely")).toHaveLength(1);
  });
});
