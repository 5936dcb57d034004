import { describe, expect, it } from "vitest";
import { type Column, plainTable, wideTable } from "./table.ts";
import { cutTo, padTo, painter, printable, widthOf } from "./terminal.ts";

interface Row {
  readonly name: string;
  readonly state: string;
  readonly note: string;
}

const columns: readonly Column<Row>[] = [
  { title: "STATE", cell: ({ state }) => ({ text: `* ${state}`, plain: state, colour: "red" }) },
  { title: "NAME", cell: ({ name }) => name, narrow: "cut" },
  { title: "SIZE", cell: ({ name }) => String(name.length), narrow: 1 },
  { title: "NOTE", cell: ({ note }) => note, narrow: 2 },
];
const rows: readonly Row[] = [
  { name: "a", state: "on", note: "first" },
  { name: "a rather long name of something", state: "off", note: "two\tparts\nof it" },
];
const asIs = (width: number) => wideTable(columns, rows, { paint: (_, text) => text, width });

describe("a table", () => {
  it("lines its columns up", () => {
    expect(asIs(80)).toBe(
      [
        "STATE  NAME                             SIZE  NOTE",
        "* on   a                                1     first",
        "* off  a rather long name of something  31    two parts of it",
        "",
      ].join("\n"),
    );
  });

  it("cuts what can be cut before it leaves anything out", () => {
    expect(asIs(40)).toBe(
      [
        "STATE  NAME        SIZE  NOTE",
        "* on   a           1     first",
        "* off  a rather …  31    two parts of it",
        "",
      ].join("\n"),
    );
  });

  it("leaves columns out, those that matter least first, where a terminal is too narrow", () => {
    expect(asIs(25)).toBe(
      ["STATE  NAME          SIZE", "* on   a             1", "* off  a rather lo…  31", ""].join("\n"),
    );
    expect(asIs(16)).toBe(["STATE  NAME", "* on   a", "* off  a rather…", ""].join("\n"));
    // Narrower than it can be: it is what it is.
    expect(asIs(3).split("\n")[2]).toBe("* off  a rathe…");
  });

  it("is the same columns with tabs for scripts, and no text can break a line", () => {
    expect(plainTable(columns, rows)).toBe(
      "on\ta\t1\tfirst\noff\ta rather long name of something\t31\ttwo parts of it\n",
    );
  });

  it("colours cells, and no blanks", () => {
    const text = wideTable(columns, rows, { paint: (format, each) => `<${String(format)}>${each}</>`, width: 80 });
    expect(text).toContain("<red>* on</>   a ");
  });
});

describe("text on a terminal", () => {
  it("is as wide as it looks", () => {
    expect(["abc", "日本語", "é", "👩‍👩‍👧", "✓"].map(widthOf)).toEqual([3, 6, 1, 2, 1]);
    expect(cutTo("日本語", 5)).toBe("日本…");
    expect(cutTo("abc", 3)).toBe("abc");
    expect(padTo("日", 4)).toBe("日  ");
  });

  it("cannot tell the terminal to do anything", () => {
    expect(printable("a\u001B[31mb\u0007\u009Bc\r\nd\u202Ee")).toBe("a�[31mb��c d�e");
  });

  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
  ])("has colours as %j says, on a terminal: %s", (env, isTTY, isColoured) => {
    const paint = painter({ write: () => true, isTTY }, env);
    expect(paint("red", "x") !== "x").toBe(isColoured);
  });
});
