import type { JsonValue } from "@bufbuild/protobuf";
import { KagziError } from "@kagzi/core";
import type { Surroundings } from "./surroundings.ts";
import { type Cell, type Column, plainTable, wideTable } from "./table.ts";
import { type Paint, isTerminal, padTo, painter, printableLines, widthOf } from "./terminal.ts";
import { relativeText } from "./times.ts";

export const FORMATS = ["table", "json", "jsonl", "id"] as const;
export type Format = (typeof FORMATS)[number];

/** Where a terminal does not say how wide it is. */
const WIDTH = 80;

/** Writes answers to standard output, and everything else to standard error. */
export interface Output {
  readonly format: Format;
  /** Standard output is read by a person. */
  readonly isTerminal: boolean;
  readonly paint: Paint;
  readonly width: number;
  readonly cli: Surroundings;
}

/** How the things of a list are shown. */
export interface ListView<Row> {
  readonly columns: readonly Column<Row>[];
  readonly json: (row: Row) => JsonValue;
  readonly id: (row: Row) => string;
  /** Said to people where there are none. */
  readonly none: string;
}

/** How one thing is shown: its fields for people, and as JSON. */
export interface RecordView {
  readonly fields: readonly (readonly [name: string, value: Cell | string | undefined])[];
  readonly json: JsonValue;
  readonly id: string;
}

/** @throws KagziError `INVALID_ARGUMENT` for a format that there is not */
export function createOutput(cli: Surroundings, format = "table"): Output {
  const known = FORMATS.find((each) => each === format);
  if (known === undefined) {
    throw new KagziError("INVALID_ARGUMENT", `-o must be ${FORMATS.join(", ")}, not ${JSON.stringify(format)}`);
  }
  return {
    format: known,
    isTerminal: cli.stdout.isTTY === true,
    paint: painter(cli.stdout, cli.env),
    width: cli.stdout.columns ?? WIDTH,
    cli,
  };
}

/** Shows a list. */
export function showList<Row>(output: Output, rows: readonly Row[], view: ListView<Row>): void {
  const { cli, format, isTerminal: isForPeople } = output;
  if (format === "json") return write(cli, json(rows.map(view.json)));
  if (format === "jsonl") return write(cli, rows.map((row) => `${JSON.stringify(view.json(row))}\n`).join(""));
  if (format === "id") return write(cli, rows.map((row) => `${view.id(row)}\n`).join(""));
  if (!isForPeople) return write(cli, plainTable(view.columns, rows));
  if (rows.length === 0) note(output, view.none);
  else write(cli, wideTable(view.columns, rows, output));
}

/** Shows one thing. */
export function showRecord(output: Output, view: RecordView): void {
  const { cli, format } = output;
  if (format === "json") return write(cli, json(view.json));
  if (format === "jsonl") return write(cli, `${JSON.stringify(view.json)}\n`);
  if (format === "id") return write(cli, `${view.id}\n`);
  write(cli, fieldsText(output, view.fields));
}

/** Says what was done; scripts get the id, or the thing as it is then. */
export function said(output: Output, sentence: string, thing: Omit<RecordView, "fields">): void {
  if (output.format === "table") write(output.cli, `${printableLines(sentence)}\n`);
  else showRecord(output, { ...thing, fields: [] });
}

/** The fields of a thing, one on each line. A value with several lines is indented. */
export function fieldsText(output: Output, fields: RecordView["fields"]): string {
  const given = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === "string" ? { text: value } : value] as const],
  );
  if (!output.isTerminal) {
    return given
      .map(([name, { plain, text }]) => `${name}\t${printableLines(plain ?? text).replaceAll("\n", "\n\t")}\n`)
      .join("");
  }
  const width = Math.max(0, ...given.map(([name]) => widthOf(name))) + 2;
  return given
    .map(([name, { colour, text }]) => {
      const shown = printableLines(text).replaceAll("\n", `\n${" ".repeat(width)}`);
      return `${output.paint("dim", padTo(name, width))}${colour === undefined ? shown : output.paint(colour, shown)}\n`;
    })
    .join("");
}

/** A time for people and for scripts. */
export function timeCell(output: Output, at: Date | undefined): Cell | undefined {
  return at === undefined ? undefined : { text: relativeText(at, output.cli.now()), plain: at.toISOString() };
}

/** Something that is no data. */
export function note(output: Pick<Output, "cli">, text: string): void {
  output.cli.stderr.write(`${printableLines(text)}\n`);
}

/** Something that only a person cares for. */
export function hint(output: Pick<Output, "cli">, text: string): void {
  const { env, stderr } = output.cli;
  if (isTerminal(stderr, env)) stderr.write(`${painter(stderr, env)("dim", printableLines(text))}\n`);
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

export function write(cli: Surroundings, text: string | Uint8Array): void {
  if (text.length > 0) cli.stdout.write(text);
}
