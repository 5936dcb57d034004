import type { Parties } from "./blows.ts";
import type { Chance } from "./chance.ts";
import { Customer } from "./customer.ts";
import { SimulatedDatabase } from "./database.ts";
import { Faults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { Network } from "./network.ts";
import { type Features, LIMIT, Programs } from "./programs.ts";
import type { Sabotage } from "./sabotage.ts";
import { SimulatedServer } from "./server.ts";
import { SimulatedWorker } from "./worker.ts";
import { type WorkflowName, type WorkflowParts, workflowsOf } from "./workflows.ts";
import type { Life, World } from "./world.ts";

/** Who takes part in a seed. */
export interface Cast extends Parties {
  readonly ledger: Ledger;
  readonly customer: Customer;
  /** Runs of the workflow that is held back. */
  readonly atOnce: number;
}

/** Draws who takes part in a seed, and what they are like. */
export function castOf(world: World, sabotage: Sabotage | undefined): Cast {
  const { chance } = world;
  const faults = new Faults(world);
  const leaseMs = chance.pick([1500, 2500, 4000]);
  const database = new SimulatedDatabase(world, faults, sabotage);
  const network = new Network(world, faults, leaseMs);
  const ledger = new Ledger();
  const features = featuresOf(chance);
  const programs = new Programs(chance.fork(), features);
  for (let size = 1; size <= 2; size++) programs.make(size);
  const servers = serversOf(world, database, leaseMs);
  network.hosts.push(...servers);
  const names = namesOf(chance, features);
  const atOnce = 1 + chance.below(2);
  const parts: WorkflowParts = { programs, ledger, faults, chance: chance.fork(), leaseMs, names, atOnce };
  const limits = features.limits ? { [LIMIT]: { concurrency: 1 } } : {};
  const workflows = (life: Life) => workflowsOf(life, parts);
  const workers = Array.from({ length: 1 + chance.below(3) }, (_, index) => {
    const concurrency = 1 + chance.below(5);
    return new SimulatedWorker({ world, network, name: `worker ${index}`, workflows, concurrency, limits });
  });
  // Clocks that go wrong are a fault as well.
  if (!faults.isCalm) for (const { process } of [...servers, ...workers]) process.rate = chance.pick([1, 1, 0.8, 1.25]);
  const customer = new Customer({ world, network, ledger, programs, names });
  return { world, faults, network, database, servers, workers, leaseMs, ledger, customer, atOnce };
}

function featuresOf(chance: Chance): Features {
  return {
    fails: chance.happens(0.7),
    waits: chance.happens(0.8),
    events: chance.happens(0.7),
    children: chance.happens(0.6),
    branches: chance.happens(0.7),
    limits: chance.happens(0.3),
    timeouts: chance.happens(0.3),
  };
}

function serversOf(world: World, database: SimulatedDatabase, leaseMs: number): SimulatedServer[] {
  const { chance } = world;
  const config = {
    leaseMs,
    pollMs: chance.pick([1500, 3000]),
    // So that there are pages, batches and full streams, though everything is small.
    commitItems: chance.pick([500, 2]),
    pageBytes: chance.pick([1024 * 1024, 100]),
  };
  return Array.from({ length: 1 + chance.below(2) }, (_, index) => {
    return new SimulatedServer({ world, name: `server ${index}`, database, config });
  });
}

function namesOf(chance: Chance, { children }: Features): readonly WorkflowName[] {
  const others = (["retried", "held", "subscriber"] as const).filter(() => chance.happens(0.3));
  return ["main", ...(children ? (["child"] as const) : []), ...others];
}
