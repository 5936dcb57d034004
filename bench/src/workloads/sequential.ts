import { commitTimes } from "../commits.ts";
import { type Measurement, median } from "../figures.ts";
import type { Session, Workload } from "./workload.ts";

const STEPS = 20;
const MOST_RUNS = 150;
const BUDGET_MS = 4000;

/**
 * A run of twenty steps alone on an idle engine: from where its first step begins to where its last one does; and beside it
 * what one row costs that database to commit, before and after.
 */
export const sequential: Workload = {
  name: "sequential",
  workflowsOnly: true,
  figures: [
    { id: "step-alone", title: "idle, time per step of a run alone", unit: "ms", better: "less" },
    { id: "commit-pg", title: "a commit of one row beside it (pg)", unit: "ms", better: "less" },
    { id: "commit-pgbench", title: "the same by pgbench", unit: "ms", better: "less" },
  ],
  measure: async (session) => {
    const before = await commits(session);
    const stepAlone = await timePerStep(session);
    const after = await commits(session);
    const both = Object.keys(before).map((name) => [name, median([before[name] ?? 0, after[name] ?? 0])] as const);
    return { "step-alone": stepAlone, ...Object.fromEntries(both) };
  },
};

async function timePerStep({ batch, engine }: Session): Promise<number> {
  await engine.worker.reset();
  const runs = await engine.client.idle({ ...batch(MOST_RUNS, STEPS), budgetMs: BUDGET_MS });
  await engine.worker.ended(runs.length);
  const marks = await engine.worker.marks();
  // The first half warms up what only idle engines do.
  return median(
    marks.slice(Math.floor(marks.length / 2)).map(({ lastAt, pickedAt }) => (lastAt - pickedAt) / (STEPS - 1)),
  );
}

async function commits({ engine }: Session): Promise<Measurement> {
  if (engine.database === undefined) return {};
  const { pg, pgbench } = await commitTimes(engine.database);
  return { "commit-pg": pg, ...(pgbench !== undefined && { "commit-pgbench": pgbench }) };
}
