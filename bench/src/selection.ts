import type { EngineDefinition } from "./engine.ts";
import type { OwnWorkload } from "./own-workloads.ts";
import { WORKLOADS } from "./workloads/index.ts";
import type { Workload } from "./workloads/workload.ts";

/** What is to be measured. */
export interface Selection {
  readonly engines: readonly EngineDefinition[];
  readonly workloads: readonly Workload[];
  readonly own: readonly OwnWorkload[];
  /** Kagzi alone, once, in under two minutes. */
  readonly isQuick: boolean;
  /** Nothing was left out: these are results to keep. */
  readonly isWhole: boolean;
}

/**
 * Reads what was asked for: names of workloads and of engines, in any order. Without a name of a workload all of them are
 * meant, and without a name of an engine all engines.
 * @throws Error for a word that is no name
 */
export function selectionOf(
  words: readonly string[],
  all: { readonly engines: readonly EngineDefinition[]; readonly own: readonly OwnWorkload[] },
): Selection {
  const isQuick = words.includes("--quick");
  const names = words.filter((word) => word !== "--quick");
  const engines = all.engines.filter(({ name }) => names.includes(name));
  const workloads = WORKLOADS.filter(({ name }) => names.includes(name));
  const own = all.own.filter(({ name }) => names.includes(name));
  const known = [...all.engines, ...WORKLOADS, ...all.own].map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no workload or engine is called ${unknown.join(", ")}; there are ${known.join(", ")}`);
  if (names.length === 0 && !isQuick) {
    const parts = all.own.filter(({ onlyByName }) => onlyByName !== true);
    return { engines: all.engines, workloads: WORKLOADS, own: parts, isQuick, isWhole: true };
  }
  const comparesAny = workloads.length > 0 || own.length === 0;
  const kagzi = all.engines.filter(({ name }) => name.startsWith("kagzi"));
  return {
    engines: engines.length > 0 ? engines : isQuick ? kagzi : comparesAny ? all.engines : [],
    workloads: workloads.length > 0 ? workloads : comparesAny || engines.length > 0 ? WORKLOADS : [],
    own,
    isQuick,
    isWhole: false,
  };
}
