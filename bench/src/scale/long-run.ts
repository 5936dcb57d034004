import type { Client } from "kagzi";
import { type Figure, median } from "../figures.ts";
import { withFleet, withSqlite } from "./parts.ts";
import { longRun } from "./workflows.ts";

const STEPS = Number(process.env["BENCH_LONG_STEPS"] ?? 10_000);
const ROUNDS = 3;
const WINDOW = 500;

/** How a step's time grows with the number of steps that its run has. */
export async function measureLongRun(): Promise<readonly Figure[]> {
  const served = await withFleet(async (fleet) => {
    await fleet.startWorker();
    return figuresOf("server and worker on PostgreSQL", fleet.client);
  });
  const embedded = await withSqlite(async (alone) => {
    await using worker = alone.newWorker();
    await worker.start();
    return await figuresOf("embedded on SQLite", alone.client);
  });
  return [...served, ...embedded];
}

async function figuresOf(name: string, client: Client): Promise<Figure[]> {
  const stepTimes = async (steps: number) => (await client.start(longRun, { steps })).result();
  const rounds: { readonly early: number; readonly late: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const late = (await stepTimes(STEPS)).slice(-WINDOW);
    // Right after it, by runs that have only begun: on a busy machine a minute may make more of a difference than all steps.
    const early: number[] = [];
    while (early.length < WINDOW) early.push(...(await stepTimes(150)).slice(50));
    rounds.push({ early: median(early), late: median(late) });
  }
  const ratio = median(rounds.map(({ early, late }) => late / early));
  return [
    { name: `${name}: a step at step 100`, value: median(rounds.map(({ early }) => early)), unit: "ms" },
    { name: `${name}: a step at step ${STEPS}`, value: median(rounds.map(({ late }) => late)), unit: "ms" },
    { name: `${name}: step ${STEPS} against step 100`, value: ratio, unit: "x", bar: 1.2, goal: 1.05 },
  ];
}
