import { Client as PostgresClient } from "pg";
import type { PostgresCluster } from "@kagzi/test-support";
import type { Attended } from "./attended.ts";
import { type Chance, pause } from "./chance.ts";
import { TROUBLES } from "./link.ts";
import type { System } from "./system.ts";

/** Something that may be broken, and how often it is. */
export interface Fault {
  readonly what: string;
  readonly target: string;
  readonly weight: number;
  /** Faults of the same place do not overlap. */
  readonly place: string;
  /** For how long, in milliseconds. */
  readonly ms: (chance: Chance) => number;
  /** Resolves when all is as before, or will be by itself. */
  readonly strike: (ms: number, chance: Chance) => Promise<void>;
}

/** How often, beside each other; of each kind, however many targets it has. */
const WEIGHTS = {
  "worker killed": 14,
  "worker stopped": 5,
  "server killed": 7,
  "server with its database killed": 25,
  "server stopped": 4,
  cut: 14,
  down: 8,
  stall: 10,
  mute: 10,
  "backend terminated": 16,
  "all backends terminated": 4,
  "backend killed": 2,
  "database stopped at once": 1.5,
  "database killed": 1.5,
  "process killed": 10,
};

/** Everything of a system that may be broken. */
export function faultsOf(system: System, leaseMs: number): readonly Fault[] {
  const { cluster, links, load, servers, workers } = system;
  return [
    ...each(workers, "worker killed", killed),
    ...each(workers, "worker stopped", (target) => stopped(target, leaseMs)),
    ...each(servers, cluster === undefined ? "server with its database killed" : "server killed", killed),
    ...each(servers, "server stopped", (target) => stopped(target, leaseMs)),
    ...TROUBLES.flatMap((what) =>
      each(links, what, (link) => ({
        place: `link ${link.name}`,
        // Some for longer than a lease.
        ms: (chance) => (what === "cut" ? 0 : Math.round(chance.next() ** 2 * 1.5 * leaseMs)),
        strike: (ms) => link.trouble(what, ms),
      })),
    ),
    ...(workers.length === 0 ? each([load], "process killed", killed) : []),
    ...(cluster === undefined ? [] : databaseFaults(cluster)),
  ];
}

type Aim = Pick<Fault, "place" | "ms" | "strike">;

/** One fault for each target, which share the weight of their kind. */
function each<Target extends { readonly name: string }>(
  targets: readonly Target[],
  what: keyof typeof WEIGHTS,
  aim: (target: Target) => Aim,
): readonly Fault[] {
  const weight = WEIGHTS[what] / targets.length;
  return targets.map((target) => ({ what, target: target.name, weight, ...aim(target) }));
}

function killed(target: Attended): Aim {
  return {
    place: target.name,
    ms: () => 0,
    strike: async () => {
      await target.kill();
      while (!target.isReady) await pause(20);
    },
  };
}

/** For longer than a lease, or only for a moment. */
function stopped(target: Attended, leaseMs: number): Aim {
  return {
    place: target.name,
    ms: (chance) => Math.round(leaseMs * (chance.isLucky(0.7) ? 1.1 + chance.next() : chance.next())),
    strike: async (ms) => {
      target.signal("SIGSTOP");
      await pause(ms);
      target.signal("SIGCONT");
    },
  };
}

function databaseFaults(cluster: PostgresCluster): readonly Fault[] {
  const aims: readonly (readonly [what: keyof typeof WEIGHTS, strike: Fault["strike"]])[] = [
    ["backend terminated", (_, chance) => terminate(cluster, (pids) => [chance.of(pids)])],
    ["all backends terminated", () => terminate(cluster, (pids) => pids)],
    [
      "backend killed",
      async (_, chance) => {
        const pids = await backends(cluster);
        if (pids.length > 0) kill(chance.of(pids));
      },
    ],
    [
      "database stopped at once",
      async () => {
        await cluster.stopImmediately();
        await cluster.start();
      },
    ],
    [
      "database killed",
      async () => {
        await cluster.kill();
        await cluster.start();
      },
    ],
  ];
  const place = "database";
  return aims.map(([what, strike]) => ({
    what,
    target: place,
    place,
    weight: WEIGHTS[what],
    ms: () => 0,
    strike,
  }));
}

async function terminate(
  cluster: PostgresCluster,
  choose: (pids: readonly number[]) => readonly number[],
): Promise<void> {
  const pids = await backends(cluster);
  if (pids.length > 0)
    await ask(cluster.url, "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", [choose(pids)]);
}

/** The processes that serve Kagzi; none while the database recovers. */
async function backends(cluster: PostgresCluster): Promise<readonly number[]> {
  const sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'kagzi' ORDER BY pid";
  const rows = await ask<{ readonly pid: number }>(cluster.url, sql, []);
  return rows.map(({ pid }) => pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was gone already.
  }
}

/** No rows from a database that cannot answer now. */
async function ask<Row extends object>(url: string, sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
  const client = new PostgresClient({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query<Row>(sql, [...values])).rows;
  } catch {
    return [];
  } finally {
    await client.end().catch(() => {});
  }
}
