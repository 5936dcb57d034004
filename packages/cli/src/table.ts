import { type Paint, cutTo, padTo, printable, widthOf } from "./terminal.ts";

/** What stands in a table: for a terminal, and, if that is another text, for scripts. */
export interface Cell {
  readonly text: string;
  readonly plain?: string;
  readonly colour?: Parameters<Paint>[0];
}

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Cell | string | undefined;
  /** Where a terminal is narrow: `cut` shortens it, and a number leaves the column out, the highest first. */
  readonly narrow?: "cut" | number;
}

const GAP = 2;
/** No column is cut to less. */
const LEAST = 8;

/** Rows for scripts: the same columns, a tab between them, no header. */
export function plainTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (row: Row) =>
    columns.map(({ cell }) => asCell(cell(row))).map(({ plain, text }) => printable(plain ?? text));
  return rows.map((row) => `${line(row).join("\t")}\n`).join("");
}

/** Rows for people, in lines that are at most `width` long, if that can be. */
export function wideTable<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  { paint, width }: { readonly paint: Paint; readonly width: number },
): string {
  const columns = fitting(
    all.map((column) => measured(column, rows)),
    width,
  );
  const header = columns.map(({ title, size }) => padTo(cutTo(title, size), size)).join(" ".repeat(GAP));
  const lines = rows.map((_, index) => columns.map(({ cells, size }) => painted(cells[index], size, paint)));
  return [paint("dim", header.trimEnd()), ...lines.map((line) => line.join(" ".repeat(GAP)).trimEnd()), ""].join("\n");
}

interface Measured {
  readonly title: string;
  readonly cells: readonly Cell[];
  readonly narrow: "cut" | number | undefined;
  readonly size: number;
}

function measured<Row>({ cell, narrow, title }: Column<Row>, rows: readonly Row[]): Measured {
  const cells = rows.map((row) => asCell(cell(row))).map(({ text, ...rest }) => ({ ...rest, text: printable(text) }));
  const size = Math.max(widthOf(title), ...cells.map(({ text }) => widthOf(text)));
  return { title, cells, narrow, size };
}

/** Columns are left out, then cut, until a line fits. */
function fitting(columns: readonly Measured[], width: number): readonly Measured[] {
  const left = [...columns];
  const tooWide = () => left.reduce((sum, { size }) => sum + size + GAP, -GAP) - width;
  // What can be cut is, first, so that nothing is left out that there is room for.
  const room = () =>
    left.reduce((sum, { narrow, size }) => sum + (narrow === "cut" ? Math.max(0, size - LEAST) : 0), 0);
  while (tooWide() > room()) {
    const next = left.reduce((most, { narrow }) => (typeof narrow === "number" ? Math.max(most, narrow) : most), -1);
    if (next < 0) break;
    left.splice(
      left.findIndex(({ narrow }) => narrow === next),
      1,
    );
  }
  for (;;) {
    const over = tooWide();
    const widest = left.reduce(
      (most, each) => (each.narrow === "cut" && each.size > (most?.size ?? LEAST) ? each : most),
      undefined as Measured | undefined,
    );
    if (over <= 0 || widest === undefined) return left;
    left[left.indexOf(widest)] = { ...widest, size: Math.max(LEAST, widest.size - over) };
  }
}

function painted(cell: Cell | undefined, size: number, paint: Paint): string {
  if (cell === undefined) return " ".repeat(size);
  const text = cutTo(cell.text, size);
  const blank = " ".repeat(Math.max(0, size - widthOf(text)));
  return (cell.colour === undefined ? text : paint(cell.colour, text)) + blank;
}

function asCell(cell: Cell | string | undefined): Cell {
  return typeof cell === "object" ? cell : { text: cell ?? "" };
}
