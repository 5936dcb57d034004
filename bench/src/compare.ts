import type { PostgresCluster } from "@kagzi/test-support";
import { goOn } from "./clean-up.ts";
import { type Engine, type EngineDefinition, startEngine } from "./engine.ts";
import { type FigureOf, type Measurement, median, shown } from "./figures.ts";
import { foreignShare, loadMark } from "./foreign-load.ts";
import { type Workload, openSession } from "./workloads/workload.ts";

/** What was measured of one engine. */
export interface EngineResult {
  readonly definition: EngineDefinition;
  readonly settings: string;
  /** Medians by the ids of figures. */
  readonly medians: Measurement;
  /** What went wrong, each in a line. */
  readonly failures: readonly string[];
}

/** What is to be compared, and how often. */
export interface Comparison {
  readonly engines: readonly EngineDefinition[];
  readonly workloads: readonly Workload[];
  readonly repeats: number;
  readonly seconds: number;
  readonly cluster: PostgresCluster;
  readonly print: (line: string) => void;
}

/** Measured beside all workloads. */
export const FOREIGN: FigureOf = {
  id: "foreign",
  title: "of the machine used by others meanwhile",
  unit: "%",
  better: "less",
};

interface Collected {
  settings: string;
  readonly values: Map<string, number[]>;
  readonly failures: Set<string>;
}

/** Measures all engines in turn, again and again, so that what else the machine does hits them alike. */
export async function compare(comparison: Comparison): Promise<EngineResult[]> {
  const { engines, print, repeats } = comparison;
  const all = engines.map((definition) => {
    const collected: Collected = { settings: "", values: new Map(), failures: new Set() };
    return { definition, collected };
  });
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const { collected, definition } of all) {
      goOn();
      print(`${definition.title}, ${repeat} of ${repeats}`);
      try {
        await measureEngine(comparison, definition, collected);
      } catch (error) {
        const failure = (error instanceof Error ? error.message : String(error)).split("\n").slice(0, 3).join(" ");
        collected.failures.add(failure);
        print(`  failed: ${error instanceof Error ? error.stack : failure}`);
      }
    }
  }
  return all.map(({ collected: { failures, settings, values }, definition }) => ({
    definition,
    settings,
    failures: [...failures],
    medians: Object.fromEntries([...values].map(([id, each]) => [id, median(each)])),
  }));
}

async function measureEngine(
  comparison: Comparison,
  definition: EngineDefinition,
  collected: Collected,
): Promise<void> {
  const { cluster, print, seconds, workloads } = comparison;
  const engine = await startEngine(definition, cluster);
  try {
    collected.settings = engine.settings;
    const session = openSession(engine, seconds);
    const before = loadMark(await engine.spent());
    for (const workload of workloads.filter((each) => canDo(engine, each))) {
      const figures = await workload.measure(session);
      print(`  ${workload.name}: ${inWords(workload, figures)}`);
      keep(collected, figures);
    }
    keep(collected, { [FOREIGN.id]: foreignShare(before, loadMark(await engine.spent())) });
  } finally {
    await engine.stop();
  }
}

function keep({ values }: Collected, figures: Measurement): void {
  for (const [id, value] of Object.entries(figures)) values.set(id, [...(values.get(id) ?? []), value]);
}

function canDo({ definition }: Engine, { workflowsOnly }: Workload): boolean {
  return definition.kind === "workflows" || workflowsOnly !== true;
}

function inWords({ figures }: Workload, measured: Measurement): string {
  return figures
    .filter(({ id }) => measured[id] !== undefined)
    .map(({ id, title, unit }) => `${title} ${shown(measured[id])} ${unit}`.trim())
    .join("; ");
}
