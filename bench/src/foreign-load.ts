import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Spent } from "./engine.ts";

const TICKS_PER_SECOND = 100;

/** How much of the machine was used at a moment, by all and by the benchmark itself, in seconds of CPU. */
export interface LoadMark {
  readonly at: number;
  readonly all: number;
  readonly own: number;
}

/** What all have used so far, and of that what the engine has, its database and this process. */
export function loadMark(spent: Spent): LoadMark {
  const engine = Object.values(spent.cpuSeconds).reduce((sum, each) => sum + each, 0);
  const { system, user } = process.cpuUsage();
  return {
    at: performance.now(),
    all: machineSeconds(),
    own: engine + (spent.database?.cpuSeconds ?? 0) + (system + user) / 1e6,
  };
}

/** The share of the machine, in percent, that others used between two moments: what was not there for the engine. */
export function foreignShare(before: LoadMark, after: LoadMark): number {
  const foreign = after.all - before.all - (after.own - before.own);
  const there = ((after.at - before.at) / 1000) * availableParallelism();
  return (Math.max(0, foreign) / there) * 100;
}

/** Time that was not idle, that which a hypervisor took among it; 0 where the system does not tell. */
function machineSeconds(): number {
  try {
    const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
      .split(/\s+/u)
      .slice(1)
      .map(Number);
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
