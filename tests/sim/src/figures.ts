import { FAULT_KINDS, type FaultKind } from "./faults.ts";
import type { SeedReport } from "./seed.ts";

/** What became of many seeds, as plain data: it goes from process to process. */
export interface Figures {
  seeds: number;
  calm: number;
  runs: number;
  steps: number;
  executions: number;
  happenings: number;
  storeCalls: number;
  virtualMs: number;
  readonly ends: Record<string, number>;
  readonly faults: Partial<Record<FaultKind, number>>;
  /** Seeds in which a promise was broken, with what was. */
  readonly broken: { readonly seed: number; readonly breaches: readonly string[] }[];
}

export function noFigures(): Figures {
  return {
    seeds: 0,
    calm: 0,
    runs: 0,
    steps: 0,
    executions: 0,
    happenings: 0,
    storeCalls: 0,
    virtualMs: 0,
    ends: {},
    faults: {},
    broken: [],
  };
}

const SUMS = ["runs", "steps", "executions", "happenings", "storeCalls", "virtualMs"] as const;

export function addSeed(figures: Figures, report: SeedReport): void {
  figures.seeds += 1;
  if (report.faults.size === 0) figures.calm += 1;
  for (const name of SUMS) figures[name] += report[name];
  addCounts(figures.ends, report.ends);
  addCounts(figures.faults, Object.fromEntries(report.faults));
  if (report.breaches.length > 0) figures.broken.push({ seed: report.seed, breaches: report.breaches });
}

export function addFigures(to: Figures, from: Figures): void {
  to.seeds += from.seeds;
  to.calm += from.calm;
  for (const name of SUMS) to[name] += from[name];
  addCounts(to.ends, from.ends);
  addCounts(to.faults, from.faults);
  to.broken.push(...from.broken);
}

function addCounts(to: Partial<Record<string, number>>, from: Partial<Record<string, number>>): void {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + (count ?? 0);
}

/** All faults together. */
export function faultsOf(figures: Figures): number {
  return FAULT_KINDS.reduce((sum, kind) => sum + (figures.faults[kind] ?? 0), 0);
}

const YEAR_MS = 365.25 * 24 * 60 * 60 * 1000;
const DAY_MS = YEAR_MS / 365.25;

/** The figures as rows of a table. */
export function rowsOf(figures: Figures): readonly (readonly [string, string])[] {
  const { calm, ends, executions, happenings, runs, seeds, steps, storeCalls, virtualMs } = figures;
  const time =
    virtualMs >= YEAR_MS ? `${(virtualMs / YEAR_MS).toFixed(2)} years` : `${(virtualMs / DAY_MS).toFixed(2)} days`;
  const ended = Object.entries(ends)
    .toSorted(([, a], [, b]) => b - a)
    .map(([status, count]) => `${shown(count)} ${status}`);
  return [
    ["seeds", `${shown(seeds)}, ${shown(calm)} of them without a fault`],
    ["faults", shown(faultsOf(figures))],
    ["runs", `${shown(runs)}: ${ended.join(", ")}`],
    ["steps that came to an outcome", shown(steps)],
    ["executions of steps", shown(executions)],
    ["happenings, one after the other", shown(happenings)],
    ["calls of the store", shown(storeCalls)],
    ["virtual time", time],
    ["seeds in which a promise was broken", shown(figures.broken.length)],
  ];
}

/** Faults by kind, as rows of a table. */
export function faultRows(figures: Figures): readonly (readonly [string, string])[] {
  return FAULT_KINDS.map((kind) => [kind, shown(figures.faults[kind] ?? 0)]);
}

function shown(count: number): string {
  return count.toLocaleString("en-US");
}
