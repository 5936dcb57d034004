import { percentile } from "../measure.ts";
import type { Workload } from "./workload.ts";

const SLEEPS = Number(process.env["BENCH_SLEEPS"] ?? 2000);
/** All are to be asleep when the moment comes: twice as long as it takes to run as many, and then this. */
const REST_MS = 3000;
const MOST_LEAD_MS = 30_000;
/** Where the rate is not known. */
const RUNS_PER_SECOND = 400;

/** Sleeps that are due at the same moment: how late each of them ends. */
export const sleeps: Workload = {
  name: "sleeps",
  figures: [
    {
      id: "late-p50",
      title: `${SLEEPS.toLocaleString("en-US")} sleeps due at once, lateness p50`,
      unit: "ms",
      better: "less",
    },
    { id: "late-p99", title: "p99", unit: "ms", better: "less" },
  ],
  measure: async ({ batch, engine, rates }) => {
    await engine.worker.reset();
    const leadMs = Math.round((2 * SLEEPS * 1000) / (rates.get(1) ?? RUNS_PER_SECOND)) + REST_MS;
    const dueAt = Date.now() + Math.min(leadMs, MOST_LEAD_MS);
    const { count, first } = batch(SLEEPS, 0);
    await engine.client.sleep({ first, count, dueAt });
    await engine.worker.ended(SLEEPS);
    await engine.client.settled();
    const late = (await engine.worker.marks()).map(({ lateMs }) => lateMs).toSorted((a, b) => a - b);
    return { "late-p50": percentile(late, 0.5), "late-p99": percentile(late, 0.99) };
  },
};
