import { type EngineResult, FOREIGN } from "./compare.ts";
import { type Figure, type FigureOf, shown } from "./figures.ts";
import { type TargetLine, targetLines } from "./targets.ts";
import type { Workload } from "./workloads/workload.ts";

/** All that there is to tell. */
export interface Findings {
  readonly machine: readonly string[];
  readonly date: Date;
  readonly repeats: number;
  readonly seconds: number;
  readonly results: readonly EngineResult[];
  readonly workloads: readonly Workload[];
  readonly own: readonly Figure[];
  /** What of Kagzi's own could not be measured, each in a line. */
  readonly failures: readonly string[];
}

/** The results as a page. */
export function report(findings: Findings): string {
  const { date, failures, machine, own, repeats, results, seconds, workloads } = findings;
  const parts = [
    "# Results",
    "Written by `npm run bench`, never by hand. What each figure means: [README.md](README.md).",
    [
      `- ${date.toISOString().slice(0, 10)}`,
      ...machine,
      `- medians of ${repeats} repeats, all engines in turn in each of them; about ${shown(seconds)} s for each measurement under load`,
    ].join("\n"),
    "## Targets",
    targetTable(targetLines(results, own)),
    "## Figures",
    [
      "In brackets: against Kagzi over its server; more than 1 is more than Kagzi has. Where others used much of the machine, CPU",
      "compares better than time does.",
    ].join("\n"),
    ...[...workloads.map(({ figures }) => figures), [FOREIGN]].map((figures) => figureTable(results, figures)),
    ...(own.length > 0 ? ["## Kagzi alone", ownTable(own)] : []),
    "## Settings",
    results.map(settingsLine).join("\n"),
    "Absurd is left out: its tables are made by a program that does not come from npm.",
    ...failureLines(results, failures),
  ];
  return `${parts.join("\n\n")}\n`;
}

export function targetTable(lines: readonly TargetLine[]): string {
  const rows = lines.map(({ bar, goal, measured, name, verdict }) => [name, bar, goal, measured, verdict]);
  return table(["target", "bar", "goal", "measured", ""], rows);
}

export function figureTable(results: readonly EngineResult[], figures: readonly FigureOf[]): string {
  const base = results.find(({ definition }) => definition.name === "kagzi")?.medians ?? {};
  const measured = figures.filter(({ id }) => results.some(({ medians }) => medians[id] !== undefined));
  const cell = ({ definition, medians }: EngineResult, id: string) => {
    const [value, own] = [medians[id], base[id]];
    if (value === undefined || own === undefined || own === 0 || definition.name === "kagzi") return shown(value);
    if (id === FOREIGN.id) return shown(value);
    return `${shown(value)} (${shown(value / own)})`;
  };
  const rows = results
    .filter(({ medians }) => measured.some(({ id }) => medians[id] !== undefined))
    .map((result) => [result.definition.title, ...measured.map(({ id }) => cell(result, id))]);
  return table(
    ["", ...measured.map(({ title, unit }) => (unit === "" || unit === "/s" ? title : `${title}, ${unit}`))],
    rows,
  );
}

function ownTable(own: readonly Figure[]): string {
  return table(
    ["", "measured"],
    own.map(({ name, unit, value }) => [name, `${shown(value)} ${unit}`.trim()]),
  );
}

function settingsLine({ definition, settings }: EngineResult): string {
  return `- ${definition.title}, ${definition.version()}: ${settings === "" ? "it did not start" : settings}`;
}

function failureLines(results: readonly EngineResult[], own: readonly string[]): string[] {
  const lines = results.flatMap(({ definition, failures }) =>
    failures.map((failure) => `- ${definition.title}: ${failure}`),
  );
  const all = [...lines, ...own.map((failure) => `- ${failure}`)];
  return all.length === 0 ? [] : ["## What failed", all.join("\n")];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? "")].map((text) => text.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n");
}
