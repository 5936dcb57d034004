import type { Chance } from "./chance.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { Blow, Faults } from "./faults.ts";
import type { Network } from "./network.ts";
import type { SimulatedServer } from "./server.ts";
import type { SimulatedWorker } from "./worker.ts";
import { type Process, type World, stopFor } from "./world.ts";

/** Whom blows may meet. */
export interface Parties {
  readonly world: World;
  readonly faults: Faults;
  readonly network: Network;
  readonly database: SimulatedDatabase;
  readonly servers: readonly SimulatedServer[];
  readonly workers: readonly SimulatedWorker[];
  readonly leaseMs: number;
}

const HOUR_MS = 3_600_000;

/** Deals blows until faults are over. */
export function dealBlows(parties: Parties): void {
  const { faults, leaseMs, world } = parties;
  const chance = world.chance.fork();
  const everyMs = chance.pick([0.3, 0.7, 1.5]) * leaseMs;
  const next = () => {
    world.in(chance.between(0.1, 1.9) * everyMs, "blow", () => {
      if (faults.areOver) return;
      const blow = faults.blow();
      if (blow !== undefined) deal(blow, parties);
      next();
    });
  };
  next();
}

/** Everything is as it should be: everyone runs, and all links are whole. */
export function healAll({ database, network, servers, workers, world }: Parties): void {
  database.awayUntil = 0;
  for (const { process } of [...servers, ...workers]) process.goOn();
  for (const { process } of workers) for (const host of network.hosts) network.cut(process, host.process, world.now);
}

function deal(blow: Blow, parties: Parties): void {
  const { database, faults, leaseMs, network, servers, workers, world } = parties;
  const { chance } = world;
  const worker = oneThatRuns(workers, chance);
  const server = oneThatRuns(servers, chance);
  const done = () => faults.count(blow);
  const longMs = chance.between(0.2, 2.5) * leaseMs;
  switch (blow) {
    case "worker killed":
      return worker && (done(), worker.process.lose());
    case "server killed":
      return server && (done(), server.process.lose());
    case "worker stopped":
    case "worker suspended":
      return worker && (done(), stopFor(worker.process, longMs, { clock: blow === "worker suspended" }));
    case "server stopped":
    case "server suspended":
      return server && (done(), stopFor(server.process, longMs, { clock: blow === "server suspended" }));
    case "worker restarted":
      return worker && (done(), worker.restart());
    case "server restarted":
      return server && (done(), server.restart());
    case "stream reset": {
      const streams = [...network.streams];
      return streams.length === 0 ? undefined : (done(), chance.pick(streams).break());
    }
    case "link cut": {
      const who = chance.pick(workers).process;
      for (const host of network.hosts) if (chance.happens(0.6)) network.cut(who, host.process, world.now + longMs);
      return done();
    }
    case "store away":
      database.awayUntil = world.now + longMs;
      return done();
    case "store's clock ahead":
      database.moveClock(chance.pick([0.5 * leaseMs, 2 * leaseMs, HOUR_MS]));
      return done();
    case "store's clock back":
      database.moveClock(-chance.between(0, 1.5) * leaseMs);
      return done();
    default: {
      chance.pick([...workers, ...servers]).process.skewMs = chance.between(-HOUR_MS, HOUR_MS);
      return done();
    }
  }
}

function oneThatRuns<Party extends { readonly process: Process }>(
  all: readonly Party[],
  chance: Chance,
): Party | undefined {
  const running = all.filter(({ process }) => process.isUp && !process.isStopped);
  return running.length === 0 ? undefined : chance.pick(running);
}
