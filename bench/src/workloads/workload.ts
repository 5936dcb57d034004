import type { Engine } from "../engine.ts";
import type { FigureOf, Measurement } from "../figures.ts";
import type { Batch } from "../programs/program.ts";

/** An engine under measurement, from its start to its stop. */
export interface Session {
  readonly engine: Engine;
  /** How long a measurement under load is to take, about. */
  readonly seconds: number;
  /** Runs per second of each number of steps, as far as they were measured. */
  readonly rates: Map<number, number>;
  /** A batch of runs with numbers that no run had before. */
  readonly batch: (count: number, steps: number) => Batch;
}

/** Something that is measured of each engine in the same way. */
export interface Workload {
  /** As it is named on the command line. */
  readonly name: string;
  readonly figures: readonly FigureOf[];
  /** Only for engines that keep steps. */
  readonly workflowsOnly?: boolean;
  measure(session: Session): Promise<Measurement>;
}

export function openSession(engine: Engine, seconds: number): Session {
  let next = 0;
  return {
    engine,
    seconds,
    rates: new Map(),
    batch: (count, steps) => {
      const first = next;
      next += count;
      return { first, count, steps };
    },
  };
}
