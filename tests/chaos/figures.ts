import type { ChaosLine } from "./entries.ts";
import { executions, recoveries } from "./check-times.ts";
import { Evidence } from "./evidence.ts";
import type { Recorded } from "./recorded.ts";

/** What a run of the chaos tests came to, in numbers. */
export interface Figures {
  /** By their kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly faultCount: number;
  readonly runs: number;
  /** Outcomes of steps that are recorded. */
  readonly steps: number;
  /** That clients sent to everyone or to one run, and that runs sent. */
  readonly events: number;
  readonly lost: number;
  readonly doubled: number;
  /** Runs that were taken for such as end their workers. */
  readonly givenUp: number;
  /** How often a worker's calls took longer than a heartbeat may. */
  readonly slow: number;
  /** Of each attempt of a step. */
  readonly executions: { readonly mean: number; readonly most: number };
  /** From a SIGKILL of a worker until what it was in the middle of is executed elsewhere. */
  readonly recovery: Spread;
  /** Of those while neither a server nor the database was broken. */
  readonly undisturbed: Spread;
}

/** In milliseconds. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

export function figuresOf(
  lines: readonly ChaosLine[],
  recorded: Recorded,
  options: { readonly leaseMs: number; readonly breaches: readonly string[] },
): Figures {
  const evidence = new Evidence(lines, recorded, options);
  const faults: Record<string, number> = {};
  for (const { what } of evidence.of("fault")) faults[what] = (faults[what] ?? 0) + 1;
  const times = executions(evidence).map(({ length }) => length);
  const recovered = recoveries(evidence);
  const count = (pattern: RegExp) => options.breaches.filter((each) => pattern.test(each)).length;
  return {
    faults,
    faultCount: evidence.of("fault").length,
    runs: recorded.runs.length,
    steps: recorded.runs.reduce((sum, { outcomes }) => sum + outcomes.length, 0),
    events: recorded.events.length + evidence.of("ackSend").filter(({ run }) => run !== undefined).length,
    lost: count(/^A\d+: .*(is lost|has no run|is not there|has started nothing)/u),
    doubled: count(/^A\d+: .*(two results|second run|kept twice|two runs|its event twice)/u),
    slow: evidence.of("slow").length,
    givenUp: recorded.runs.filter(({ run }) => evidence.wasGivenUp(run)).length,
    executions: {
      mean: times.reduce((sum, each) => sum + each, 0) / Math.max(1, times.length),
      most: times.reduce((most, each) => Math.max(most, each), 0),
    },
    recovery: spread(recovered.map(({ ms }) => ms)),
    undisturbed: spread(recovered.filter(({ isDisturbed }) => !isDisturbed).map(({ ms }) => ms)),
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
}
