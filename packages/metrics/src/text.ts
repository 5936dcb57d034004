import type { Family } from "./family.ts";
import { Buckets, type Value } from "./series.ts";

/** Prometheus' own text format 0.0.4, or OpenMetrics 1.0. */
export type MetricsFormat = "prometheus" | "openmetrics";

const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The format that a reader asks for by its `accept` header. */
export function formatOf(accept: string | undefined): MetricsFormat {
  return accept?.includes("application/openmetrics-text") === true ? "openmetrics" : "prometheus";
}

export function contentTypeOf(format: MetricsFormat): string {
  return CONTENT_TYPES[format];
}

/** Metrics as lines of text. */
export function render(families: readonly Family<Value | Buckets>[], format: MetricsFormat): string {
  const lines: string[] = [];
  for (const family of families) renderFamily(family, format, lines);
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function renderFamily(family: Family<Value | Buckets>, format: MetricsFormat, lines: string[]): void {
  const { help, labels, name, type } = family.info;
  // OpenMetrics names a counter without its `_total`, and each of its lines with it.
  const title = format === "openmetrics" && type === "counter" ? name.replace(/_total$/u, "") : name;
  lines.push(`# HELP ${title} ${escapeHelp(help)}`, `# TYPE ${title} ${type}`);
  for (const { series, values } of family.all()) {
    const pairs = labels.map((label, index) => `${label}="${escapeValue(values[index] ?? "")}"`);
    if (series instanceof Buckets) renderBuckets(name, pairs, series, lines);
    else lines.push(`${name}${braces(pairs)} ${numberText(series.value)}`);
  }
}

function renderBuckets(
  name: string,
  pairs: readonly string[],
  { bounds, counts, sum }: Buckets,
  lines: string[],
): void {
  let total = 0;
  for (const [index, count] of counts.entries()) {
    total += count;
    const bound = bounds[index];
    lines.push(`${name}_bucket${braces([...pairs, `le="${bound === undefined ? "+Inf" : bound}"`])} ${total}`);
  }
  lines.push(`${name}_sum${braces(pairs)} ${numberText(sum)}`, `${name}_count${braces(pairs)} ${total}`);
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
