import { type Engine, startEngine } from "./engine.ts";
import { ENGINES } from "./engine-list.ts";
import { type Figure, median } from "./figures.ts";
import { startPostgres } from "./postgres.ts";
import { sizes } from "./sizes.ts";
import { runsFor, timedRuns } from "./workloads/load.ts";
import { type Session, openSession } from "./workloads/workload.ts";

const ROUNDS = 6;
const KINDS = [
  { steps: 10, what: "steps/s" },
  { steps: 1, what: "one-step runs/s" },
] as const;

/** What is done to one of two engines that are alike otherwise. */
export interface Difference {
  /** As in "throughput …, against a twin without that". */
  readonly name: string;
  /** Once, right after the start. */
  readonly prepare: (engine: Engine) => Promise<void>;
  /** Before each measurement. */
  readonly again?: (engine: Engine) => Promise<void>;
}

/** Measures two Kagzis on one PostgreSQL in turn, and how much of its throughput the one that is different keeps. */
export async function measureTwins({ again, name, prepare }: Difference): Promise<readonly Figure[]> {
  const definition = ENGINES.find((each) => each.name === "kagzi");
  if (definition === undefined) throw new Error("there is no Kagzi among the engines");
  const cluster = await startPostgres();
  const plain = await startEngine(definition, cluster);
  const other = await startEngine(definition, cluster);
  try {
    await prepare(other);
    const twins = { plain: openSession(plain, sizes().seconds), other: openSession(other, sizes().seconds) };
    const figures: Figure[] = [];
    for (const { steps, what } of KINDS) {
      const ratio = await ratioOf(twins, steps, async () => again?.(other));
      figures.push({ name: `${what} ${name}`, value: ratio, unit: "x", bar: 0.9, goal: 0.97, better: "more" });
    }
    return figures;
  } finally {
    await other.stop();
    await plain.stop();
    await cluster.remove();
  }
}

async function ratioOf(
  twins: { readonly plain: Session; readonly other: Session },
  steps: number,
  again: () => Promise<void>,
): Promise<number> {
  await again();
  const counts = [await runsFor(twins.other, steps), await runsFor(twins.plain, steps)];
  const count = Math.min(...counts);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await again();
    const seconds = { plain: 0, other: 0 };
    // Each of them goes first in turn.
    for (const which of round % 2 === 0 ? (["other", "plain"] as const) : (["plain", "other"] as const)) {
      seconds[which] = await timedRuns(twins[which], count, steps);
    }
    ratios.push(seconds.plain / seconds.other);
  }
  return median(ratios);
}
