import { percentile } from "../measure.ts";
import type { Workload } from "./workload.ts";

const MOST_RUNS = 1500;
const BUDGET_MS = 8000;

/** One run of one step after the other on an idle engine. */
export const idle: Workload = {
  name: "idle",
  figures: [
    { id: "picked-p50", title: "idle, start to picked up, p50", unit: "ms", better: "less" },
    { id: "picked-p99", title: "p99", unit: "ms", better: "less" },
    { id: "result-p50", title: "idle, start to result, p50", unit: "ms", better: "less" },
    { id: "result-p99", title: "p99", unit: "ms", better: "less" },
  ],
  measure: async ({ batch, engine }) => {
    await engine.worker.reset();
    const times = await engine.client.idle({ ...batch(MOST_RUNS, 1), budgetMs: BUDGET_MS });
    await engine.worker.ended(times.length);
    const pickedAt = new Map((await engine.worker.marks()).map((mark) => [mark.n, mark.pickedAt]));
    // The first half warms up what only idle engines do: a server that has been up for a minute has that behind it.
    const warm = times.slice(Math.floor(times.length / 2));
    const picked = sorted(warm.map(({ n, startedAt }) => (pickedAt.get(n) ?? Number.NaN) - startedAt));
    const figures = { "picked-p50": percentile(picked, 0.5), "picked-p99": percentile(picked, 0.99) };
    if (engine.definition.kind === "jobs") return figures;
    const results = sorted(warm.map(({ endedAt, startedAt }) => endedAt - startedAt));
    return { ...figures, "result-p50": percentile(results, 0.5), "result-p99": percentile(results, 0.99) };
  },
};

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
