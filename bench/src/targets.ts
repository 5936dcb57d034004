import type { EngineResult } from "./compare.ts";
import { type Figure, shown } from "./figures.ts";

/** A target as it was met or missed. */
export interface TargetLine {
  readonly name: string;
  readonly bar: string;
  readonly goal: string;
  readonly measured: string;
  readonly verdict: "goal met" | "bar met" | "missed" | "not measured";
}

/** Of an engine's name and a figure's id: the median. */
type Of = (engine: string, figure: string) => number;

/** What Kagzi is to reach against its peers and its database. */
export function targetLines(results: readonly EngineResult[], own: readonly Figure[]): TargetLine[] {
  const of: Of = (engine, figure) =>
    results.find(({ definition }) => definition.name === engine)?.medians[figure] ?? Number.NaN;
  return [...throughput(of), ...embeddedThroughput(of), ...latency(of), ...perStep(of), ...own.filter(hasBar)].map(
    lineOf,
  );
}

function throughput(of: Of): Figure[] {
  const better = (id: string) => {
    const measured = ["dbos", "openworkflow"].map((peer) => of(peer, id)).filter((value) => value > 0);
    return measured.length === 0 ? Number.NaN : Math.max(...measured);
  };
  const against = (id: string, name: string, more: Pick<Figure, "bar" | "goal">): Figure => ({
    name: `${name}, against the better of DBOS and OpenWorkflow`,
    value: of("kagzi", id) / better(id),
    unit: "x",
    better: "more",
    ...more,
  });
  const againstRestate = (id: string, name: string, more: Pick<Figure, "bar" | "goal">): Figure => ({
    name: `${name}, against Restate`,
    value: of("kagzi", id) / of("restate", id),
    unit: "x",
    better: "more",
    ...more,
  });
  return [
    against("steps", "steps/s in runs of 10", { bar: 7, goal: 12 }),
    againstRestate("steps", "steps/s in runs of 10", { bar: 2, goal: 4 }),
    against("runs", "one-step runs/s, started while working", { bar: 6, goal: 12 }),
    againstRestate("runs", "one-step runs/s, started while working", { bar: 2 }),
    against("drained", "one-step runs/s, drained", { bar: 8 }),
    againstRestate("drained", "one-step runs/s, drained", { bar: 2 }),
    {
      name: "one-step runs/s, drained, against graphile-worker's jobs",
      value: of("kagzi", "drained") / of("graphile-worker", "drained"),
      unit: "x",
      goal: 1,
      better: "more",
    },
  ];
}

function embeddedThroughput(of: Of): Figure[] {
  const names = {
    steps: "steps/s in runs of 10",
    runs: "one-step runs/s, started while working",
    drained: "one-step runs/s, drained",
  };
  return Object.entries(names).map(([id, name]) => ({
    name: `embedded on SQLite: ${name}, against OpenWorkflow's SQLite`,
    value: of("kagzi-sqlite", id) / of("openworkflow-sqlite", id),
    unit: "x",
    bar: 8,
    goal: 15,
    better: "more",
  }));
}

function latency(of: Of): Figure[] {
  const byPgbench = of("kagzi", "commit-pgbench");
  const commit = Number.isNaN(byPgbench) ? of("kagzi", "commit-pg") : byPgbench;
  return [
    {
      name: "idle, start to result, p50, against Restate",
      value: of("kagzi", "result-p50") / of("restate", "result-p50"),
      unit: "x",
      bar: 0.7,
      goal: 0.35,
    },
    {
      name: `idle, time per step of a run alone, against a commit of one row${Number.isNaN(byPgbench) ? "" : " by pgbench"}`,
      value: of("kagzi", "step-alone") / commit,
      unit: "x",
      bar: 4,
      goal: 2,
    },
    { name: "2,000 sleeps due at once, lateness p99", value: of("kagzi", "late-p99"), unit: "ms", bar: 100, goal: 30 },
  ];
}

function perStep(of: Of): Figure[] {
  return [
    // Its payload of a few bytes is in it.
    { name: "WAL per step", value: of("kagzi", "step-wal"), unit: "bytes", bar: 600, goal: 350 },
    { name: "transactions per step under load", value: of("kagzi", "step-commits"), unit: "", bar: 0.2, goal: 0.05 },
  ];
}

function hasBar({ bar, goal }: Figure): boolean {
  return bar !== undefined || goal !== undefined;
}

function lineOf(figure: Figure): TargetLine {
  const { bar, goal, name, unit, value } = figure;
  const sign = figure.better === "more" ? "≥" : "≤";
  const asked = (limit: number | undefined) => (limit === undefined ? "–" : `${sign} ${shown(limit)} ${unit}`.trim());
  const measured = Number.isNaN(value) ? "–" : `${shown(value)} ${unit}`.trim();
  return { name, bar: asked(bar), goal: asked(goal), measured, verdict: verdictOf(figure) };
}

function verdictOf({ bar, better, goal, value }: Figure): TargetLine["verdict"] {
  if (!Number.isFinite(value)) return "not measured";
  const reaches = (limit: number | undefined) =>
    limit !== undefined && (better === "more" ? value >= limit : value <= limit);
  if (reaches(goal)) return "goal met";
  return reaches(bar) ? "bar met" : "missed";
}
