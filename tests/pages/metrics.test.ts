import { writeSection } from "@kagzi/test-support";
import { openStore } from "@kagzi/embedded";
import { type MetricInfo, Metrics, collectProcess } from "@kagzi/metrics";
import { startEngine } from "@kagzi/server";
import { describe, expect, it } from "vitest";
import { WorkerMetrics } from "../../sdks/typescript/src/worker/worker-metrics.ts";
import { readPage } from "./proofs.ts";

const PAGE = "docs/operate/metrics.md";
/** Labels that Prometheus adds by itself, or that make a bucket. */
const ADDED = ["job", "instance", "le"];

const store = await openStore("sqlite::memory:");
const engine = startEngine({ store });
await engine.ready;
const ofServer = engine.metrics.list();
await engine.stop();
await store.close();
const ofProcess = processMetrics();
const ofWorker = new WorkerMetrics().registry.list();
const ALL = new Map([...ofServer, ...ofWorker, ...ofProcess].map((metric) => [metric.name, metric]));

function processMetrics(): readonly MetricInfo[] {
  const metrics = new Metrics();
  collectProcess(metrics)();
  return metrics.list();
}

/** The table of a page. */
function tableOf(metrics: readonly MetricInfo[]): string {
  const rows = metrics.map(({ help, labels, name, type }) => {
    const shown = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
  });
  return ["| metric | type | labels | what it says |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

const SECTIONS = [
  ["server metrics", ofServer],
  ["worker metrics", ofWorker],
  ["process metrics", ofProcess],
] as const;

/** Without what Prettier adds. */
function plain(text: string): string {
  return text.replaceAll(/-{3,}/g, "---").replaceAll(/ +/g, " ").trim();
}

describe(PAGE, () => {
  it.each(SECTIONS)("says of the %s what they are (KAGZI_WRITE_PAGES=1 writes it)", (name, metrics) => {
    const page = new URL(`../../${PAGE}`, import.meta.url).pathname;
    if (process.env["KAGZI_WRITE_PAGES"] === "1") writeSection(page, name, tableOf(metrics));
    const [, rest = ""] = readPage(PAGE).split(`<!-- ${name} -->`);
    const [section = ""] = rest.split(`<!-- /${name} -->`);
    expect(plain(section)).toBe(plain(tableOf(metrics)));
  });

  it("names each metric once, in its unit", () => {
    expect(ALL.size).toBe(ofServer.length + ofWorker.length + ofProcess.length);
    for (const { name, type } of ALL.values()) {
      if (type === "counter") expect(name).toMatch(/_total$/);
      else expect(name).not.toMatch(/_total$/);
      expect(name).toMatch(/^(kagzi|process|nodejs)_[a-z_]+$/);
      expect(name).not.toMatch(/milliseconds|_ms$|_ms_/);
    }
  });

  it("has labels that cannot be many", () => {
    const labels = new Set([...ALL.values()].flatMap((metric) => metric.labels));
    const known = [
      "namespace",
      "workflow",
      "status",
      "state",
      "outcome",
      "op",
      "code",
      "method",
      "version",
      "node",
      "store",
    ];
    expect([...labels].toSorted()).toEqual(known.toSorted());
  });
});

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}

/** What Grafana asks for. */
function dashboardQueries(): readonly string[] {
  const { panels, templating } = JSON.parse(readPage("docs/operate/monitoring/grafana.json")) as Dashboard;
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return [...queries, ...templating.list.flatMap(({ definition }) => definition ?? [])];
}

/** What the rules look at: each is on a line of its own. */
function alertQueries(): readonly string[] {
  const rules = readPage("docs/operate/monitoring/alerts.yaml");
  return Array.from(rules.matchAll(/^ +expr: (.+)$/gm), ([, expr]) => expr ?? "");
}

/** What is wrong with a query, as far as it can be told without Prometheus. */
function problems(query: string): readonly string[] {
  const wrong: string[] = [];
  for (const [open, close] of ["()", "{}", "[]"]) {
    if (query.split(open ?? "").length !== query.split(close ?? "").length)
      wrong.push(`${open} and ${close} in ${query}`);
  }
  for (const [, name = "", selector = ""] of query.matchAll(/\b((?:kagzi|process|nodejs)_[a-z_]+)(\{[^}]*\})?/g)) {
    const metric = ALL.get(name) ?? histogramOf(name);
    if (metric === undefined) wrong.push(`there is no ${name}`);
    for (const [, label = ""] of selector.matchAll(/(\w+)(?:=|!)/g)) {
      if (metric !== undefined && ![...metric.labels, ...ADDED].includes(label)) wrong.push(`${name} has no ${label}`);
    }
  }
  return wrong;
}

function histogramOf(line: string): MetricInfo | undefined {
  const metric = ALL.get(line.replace(/_(bucket|sum|count)$/u, ""));
  return metric?.type === "histogram" ? metric : undefined;
}

describe("docs/operate/monitoring", () => {
  it("asks for metrics and labels that there are", () => {
    expect(dashboardQueries().length).toBeGreaterThan(30);
    expect(alertQueries().length).toBeGreaterThan(10);
    expect([...dashboardQueries(), ...alertQueries()].flatMap(problems)).toEqual([]);
  });

  it("would be told of a metric, a label or a bracket that is wrong", () => {
    expect(problems("sum(rate(kagzi_runs_ended_total[5m]))")).toEqual(["there is no kagzi_runs_ended_total"]);
    expect(problems('kagzi_runs{queue="a"}')).toEqual(["kagzi_runs has no queue"]);
    expect(problems("kagzi_serving_count")).toEqual(["there is no kagzi_serving_count"]);
    expect(problems("sum(kagzi_serving")).toHaveLength(1);
  });

  it("shows or watches every metric of the server but what builds it is", () => {
    const asked = [...dashboardQueries(), ...alertQueries()].join("\n");
    const unseen = ofServer.filter(({ name }) => !asked.includes(name)).map(({ name }) => name);
    expect(unseen).toEqual(["kagzi_build_info"]);
  });

  it("has a page that explains each alert", () => {
    const names = Array.from(
      readPage("docs/operate/monitoring/alerts.yaml").matchAll(/alert: (\w+)/g),
      ([, name]) => name,
    );
    for (const name of names) expect(readPage(PAGE)).toContain(`\`${name}\``);
  });
});
