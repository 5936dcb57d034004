import { type Chance, pause } from "./chance.ts";
import { type Fault, faultsOf } from "./faults.ts";
import type { System } from "./system.ts";

/** How hard it blows. */
export interface StormOptions {
  readonly chance: Chance;
  readonly minutes: number;
  readonly faultsPerSecond: number;
  readonly leaseMs: number;
  /** Faults whose kind or target this is found in. */
  readonly only: string;
}

/** Breaks one thing after the other, some at once, as the seed says. Resolves when the time is over and nothing is broken. */
export async function storm(system: System, options: StormOptions): Promise<void> {
  const { chance, faultsPerSecond, leaseMs, minutes, only } = options;
  const faults = faultsOf(system, leaseMs).filter(({ target, what }) => `${what} ${target}`.includes(only));
  if (faults.length === 0) throw new Error(`no fault has ${JSON.stringify(only)} in its kind or its target`);
  const broken = new Map<string, Promise<void>>();
  const until = performance.now() + minutes * 60_000;
  for (;;) {
    // The next one comes when it comes, as accidents do.
    await pause((-Math.log(1 - chance.next()) * 1000) / faultsPerSecond);
    if (performance.now() >= until) break;
    const whole = faults.filter(({ place }) => !broken.has(place));
    if (whole.length === 0) continue;
    const fault = chance.weighed(whole);
    broken.set(
      fault.place,
      strike(system, fault, chance).finally(() => broken.delete(fault.place)),
    );
  }
  await Promise.all(broken.values());
  system.ledger.append({ kind: "calm" });
}

async function strike(system: System, fault: Fault, chance: Chance): Promise<void> {
  const { target, what } = fault;
  const ms = fault.ms(chance);
  system.ledger.append({ kind: "fault", what, target, ms });
  await fault.strike(ms, chance);
}
