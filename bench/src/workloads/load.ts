import { now } from "../programs/program.ts";
import type { Session } from "./workload.ts";

/** A first try, which also warms the engine up. */
const FIRST_RUNS = 200;
const MOST_RUNS = 100_000;
/** A shorter try says too little. */
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

/** How many runs take about as long as a measurement is to be: found by trying once, with more and more of them. */
export async function runsFor(session: Session, steps: number): Promise<number> {
  const { rates, seconds } = session;
  const known = rates.get(steps);
  if (known !== undefined) return clamp(known * seconds);
  for (let count = FIRST_RUNS / steps; ; count *= 4) {
    const took = await timedRuns(session, Math.ceil(count), steps);
    rates.set(steps, Math.ceil(count) / took);
    if (took >= TRY_SECONDS || count >= MOST_RUNS) return clamp((count / took) * seconds);
  }
}

function clamp(runs: number): number {
  return Math.round(Math.min(MOST_RUNS, Math.max(FIRST_RUNS / 10, runs)));
}
