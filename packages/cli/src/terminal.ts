import { styleText } from "node:util";
import type { Sink, Surroundings } from "./surroundings.ts";

type Format = Parameters<typeof styleText>[0];

/** Writes in colour, or not. */
export type Paint = (format: Format, text: string) => string;

/** Whether it is a terminal that can move its cursor. */
export function isTerminal(sink: Sink, env: Surroundings["env"]): boolean {
  return sink.isTTY === true && env["TERM"] !== "dumb";
}

/** FORCE_COLOR goes before NO_COLOR, as it does in Node; without both a terminal has colours. */
export function painter(sink: Sink, env: Surroundings["env"]): Paint {
  return hasColour(sink, env)
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_, text) => text;
}

function hasColour(sink: Sink, env: Surroundings["env"]): boolean {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  return isTerminal(sink, env);
}

/** Text of others, on one line and without what a terminal would obey. */
export function printable(text: string): string {
  return text.replaceAll(/\s*[\r\n\t]+\s*/gu, " ").replaceAll(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, "�");
}

/** The same for text that has lines. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/u)
    .map((line) => line.replaceAll("\t", "  "))
    .map(printable)
    .join("\n");
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6])/u;

/** How many columns of a terminal a text takes. Without colours. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** A text that is cut so that it takes at most so many columns. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [kept, taken] = ["", 0];
  for (const { segment } of graphemes.segment(text)) {
    taken += WIDE.test(segment) ? 2 : 1;
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
