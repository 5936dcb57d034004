import type { Spent } from "../engine.ts";
import type { Measurement } from "../figures.ts";
import { runsFor, timedRuns } from "./load.ts";
import type { Workload } from "./workload.ts";

const STEPS = 10;

/** Runs of ten steps, started while the worker is at work; and what a step costs every process and the database. */
export const steps: Workload = {
  name: "steps",
  workflowsOnly: true,
  figures: [
    { id: "steps", title: "steps/s, runs of 10", unit: "/s", better: "more" },
    { id: "step-cpu", title: "CPU per step, all processes", unit: "µs", better: "less" },
    { id: "step-client", title: "client CPU per step", unit: "µs", better: "less" },
    { id: "step-worker", title: "worker CPU per step", unit: "µs", better: "less" },
    { id: "step-server", title: "server CPU per step", unit: "µs", better: "less" },
    { id: "step-postgres", title: "PostgreSQL CPU per step", unit: "µs", better: "less" },
    { id: "step-wal", title: "WAL per step", unit: "bytes", better: "less" },
    { id: "step-commits", title: "transactions per step", unit: "", better: "less" },
  ],
  measure: async (session) => {
    const count = await runsFor(session, STEPS);
    const before = await session.engine.spent();
    const seconds = await timedRuns(session, count, STEPS);
    session.rates.set(STEPS, count / seconds);
    const each = costs(before, await session.engine.spent(), count * STEPS);
    return { steps: (count * STEPS) / seconds, ...renamed("step", each) };
  },
};

/** What each of so many things has cost. */
export function costs(before: Spent, after: Spent, count: number): Measurement {
  const cpu = Object.entries(after.cpuSeconds).map(
    ([name, seconds]) => [name, ((seconds - (before.cpuSeconds[name] ?? 0)) / count) * 1e6] as const,
  );
  const figures = Object.fromEntries(cpu.map(([name, each]) => [name === "process" ? "worker" : name, each]));
  const engine = cpu.reduce((sum, [, each]) => sum + each, 0);
  if (before.database === undefined || after.database === undefined) return { cpu: engine, ...figures };
  const [was, is] = [before.database, after.database];
  const postgres = ((is.cpuSeconds - was.cpuSeconds) / count) * 1e6;
  return {
    cpu: engine + postgres,
    ...figures,
    postgres,
    wal: (is.walBytes - was.walBytes) / count,
    commits: (is.commits - was.commits) / count,
  };
}

export function renamed(prefix: string, figures: Measurement): Measurement {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}-${name}`, value]));
}
