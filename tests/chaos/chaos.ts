import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "@kagzi/embedded";
import { Client } from "kagzi";
import { Chance, pause } from "./chance.ts";
import { findBreaches } from "./check.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { Options } from "./options.ts";
import { PostgresWatch, deadlocksIn } from "./postgres-watch.ts";
import { type Recorded, readRecorded } from "./recorded.ts";
import { storm } from "./storm.ts";
import { type System, openSystem } from "./system.ts";

/** What came of it, and where the evidence is. */
export interface Result {
  readonly options: Options;
  readonly breaches: readonly string[];
  readonly figures: Figures;
  /** From the last fault until nothing was under way. */
  readonly drainMs: number;
  /** What PostgreSQL says of itself. */
  readonly database?: { readonly deadlocks: number; readonly longestIdleInTransactionMs: number };
  readonly folder: string;
}

/** All that is under way when the faults are over may take so long: three leases, and what a busy machine adds. */
const DRAIN_LEASES = 3;
const DRAIN_SLACK_MS = 300_000;
/** A session that does nothing in a transaction is ended by PostgreSQL after five seconds. */
const LONGEST_IDLE_MS = 6000;

/** Brings load to a system, breaks it again and again, and holds what it has in the end against the ledger. */
export async function chaos(options: Options): Promise<Result> {
  const system = await openSystem(options);
  const watch = system.cluster && new PostgresWatch(system.cluster.url);
  const { folder, ledger } = system;
  try {
    await storm(system, { ...options, chance: new Chance(options.seed) });
    const drainMs = await drain(system, options.leaseMs);
    const longestIdleInTransactionMs = await watch?.stop();
    for (const each of [...system.workers, ...system.servers]) await each.stop();
    const { recorded, violations } = await read(system.db);
    writeFileSync(join(folder, "recorded.json"), JSON.stringify(recorded));
    const breaches = [
      ...findBreaches(ledger.lines, recorded, options),
      ...violations.map((each) => `A11: ${each}`),
      ...(drainMs === undefined ? ["A1: not everything came to its end after the last fault"] : []),
      ...tooLong(longestIdleInTransactionMs),
    ];
    return {
      options,
      breaches,
      figures: figuresOf(ledger.lines, recorded, { ...options, breaches }),
      drainMs: drainMs ?? Number.POSITIVE_INFINITY,
      folder,
      ...(longestIdleInTransactionMs !== undefined && {
        database: { deadlocks: deadlocksIn(join(folder, "postgresql.log")), longestIdleInTransactionMs },
      }),
    };
  } finally {
    for (const each of [system.load, ...system.workers, ...system.servers])
      writeFileSync(join(folder, `${each.name}.log`), each.output);
    await system.remove();
  }
}

/** Lets all that was begun come to its end. Answers with how long that took; `undefined` if it did not. */
async function drain(system: System, leaseMs: number): Promise<number | undefined> {
  const begun = performance.now();
  const longest = DRAIN_LEASES * leaseMs + DRAIN_SLACK_MS;
  system.load.tell("stop");
  const quiet = system.load.ended().then(() => settle(system.url));
  const isQuiet = await Promise.race([quiet.then(() => true), pause(longest).then(() => false)]);
  return isQuiet ? performance.now() - begun : undefined;
}

/** Stops the schedules, and waits until nothing is under way that no customer waited for. */
async function settle(url: string | undefined): Promise<void> {
  if (url === undefined) return;
  const client = new Client({ url });
  for (const schedule of ["tick", "tock"]) await client.schedules.pause(schedule);
  const status = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  while ((await client.runs.list({ status }).page({ size: 1 })).items.length > 0) await pause(100);
  await client.close();
}

async function read(db: string): Promise<{ readonly recorded: Recorded; readonly violations: readonly string[] }> {
  const store = await openStore(db);
  try {
    return { recorded: await readRecorded(store), violations: await store.violations() };
  } finally {
    await store.close();
  }
}

function tooLong(idleMs: number | undefined): readonly string[] {
  return idleMs === undefined || idleMs <= LONGEST_IDLE_MS
    ? []
    : [`A11: a session was idle in a transaction for ${idleMs} ms`];
}
