import { now } from "../programs/program.ts";
import type { Session } from "./workload.ts";

/** Of the first try. */
const FIRST_RUNS = 200;
const MOST_RUNS = 100_000;
/** Tries go on for so long: code that has just been loaded says little. */
const WARM_SECONDS = 2.5;
/** What a try is to take at least: a shorter one says little, too. */
const TRY_SECONDS = 0.8;

/** Starts so many runs while the worker is at work, and gives the seconds until all are durably over. */
export async function timedRuns({ batch, engine }: Session, count: number, steps: number): Promise<number> {
  await engine.worker.reset();
  const begin = now();
  await engine.client.start(batch(count, steps));
  await engine.worker.ended(count);
  await engine.client.settled();
  return (now() - begin) / 1000;
}

/** How many runs take about as long as a measurement is to be: found by trying, which warms the engine up. */
export async function runsFor(session: Session, steps: number): Promise<number> {
  const { rates, seconds } = session;
  let count = FIRST_RUNS / steps;
  for (let passed = 0; !rates.has(steps) || (passed > 0 && passed < WARM_SECONDS);) {
    const took = await timedRuns(session, count, steps);
    rates.set(steps, count / took);
    passed += took;
    count = Math.min(MOST_RUNS, Math.ceil(Math.max(2 * count, (count / took) * TRY_SECONDS)));
  }
  return clamp((rates.get(steps) ?? 0) * seconds);
}

function clamp(runs: number): number {
  return Math.round(Math.min(MOST_RUNS, Math.max(FIRST_RUNS / 10, runs)));
}
