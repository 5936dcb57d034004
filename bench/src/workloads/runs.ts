import { runsFor, timedRuns } from "./load.ts";
import { costs, renamed } from "./steps.ts";
import type { Workload } from "./workload.ts";

/** Runs of one step, started while the worker is at work. */
export const runs: Workload = {
  name: "runs",
  figures: [
    { id: "runs", title: "one-step runs/s, started while working", unit: "/s", better: "more" },
    { id: "run-cpu", title: "CPU per run, all processes", unit: "µs", better: "less" },
    { id: "run-postgres", title: "PostgreSQL CPU per run", unit: "µs", better: "less" },
    { id: "run-wal", title: "WAL per run", unit: "bytes", better: "less" },
    { id: "run-commits", title: "transactions per run", unit: "", better: "less" },
  ],
  measure: async (session) => {
    const count = await runsFor(session, 1);
    const before = await session.engine.spent();
    const seconds = await timedRuns(session, count, 1);
    session.rates.set(1, count / seconds);
    return { runs: count / seconds, ...renamed("run", costs(before, await session.engine.spent(), count)) };
  },
};
