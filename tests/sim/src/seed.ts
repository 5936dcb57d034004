import { type Parties, dealBlows, healAll } from "./blows.ts";
import { findBreaches, stillOpen } from "./check.ts";
import { Customer } from "./customer.ts";
import { SimulatedDatabase } from "./database.ts";
import { type FaultKind, Faults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { Network } from "./network.ts";
import { LIMIT, Programs } from "./programs.ts";
import { type Recorded, countOpen, readRuns } from "./recorded.ts";
import type { Sabotage } from "./sabotage.ts";
import { SimulatedServer } from "./server.ts";
import { SimulatedWorker } from "./worker.ts";
import { type WorkflowName, type WorkflowParts, workflowsOf } from "./workflows.ts";
import { World } from "./world.ts";

/** What became of a seed. */
export interface SeedReport {
  readonly seed: number;
  /** The same for the same seed and the same code, to the last byte. */
  readonly hash: string;
  readonly breaches: readonly string[];
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly runs: number;
  /** Runs by how they ended. */
  readonly ends: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly executions: number;
  readonly occurrences: number;
  readonly storeCalls: number;
  readonly virtualMs: number;
  /** The last lines of the trace, where it was kept. */
  readonly trace: readonly string[];
}

/** How a seed is lived through. */
export interface SeedOptions {
  readonly keepTrace?: boolean;
  /** With a store that breaks a rule. */
  readonly sabotage?: Sabotage;
}

/** Once nothing goes wrong any more, everything has ended after so many leases. */
const LEASES_UNTIL_THE_END = 40;
/** And this, for what does not go by leases: clients that wait for servers that are gone. */
const UNTIL_THE_END_MS = 90_000;
/** How often it is looked whether all is over, and whether a row breaks an invariant. */
const LOOK_MS = 500;
const LAST_LINES = 100_000;

/** Lives through one seed, from the first start to the last end. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedReport> {
  const simulation = new Simulation(seed, options);
  return simulation.toTheEnd();
}

class Simulation {
  readonly #seed: number;
  readonly #world: World;
  readonly #ledger = new Ledger();
  readonly #parties: Parties;
  readonly #customer: Customer;
  readonly #breaches: string[] = [];
  #isOver = false;

  constructor(seed: number, { keepTrace = false, sabotage }: SeedOptions) {
    this.#seed = seed;
    const world = new World(seed, { keepTrace });
    this.#world = world;
    const { chance } = world;
    const faults = new Faults(world);
    const leaseMs = chance.pick([1500, 3000, 6000]);
    const database = new SimulatedDatabase(world, faults, sabotage);
    const network = new Network(world, faults, leaseMs);
    const features = {
      fails: chance.happens(0.7),
      waits: chance.happens(0.8),
      events: chance.happens(0.7),
      children: chance.happens(0.6),
      branches: chance.happens(0.7),
      limits: chance.happens(0.3),
      timeouts: chance.happens(0.3),
    };
    const programs = new Programs(chance.fork(), features);
    for (let size = 1; size <= 2; size++) programs.make(size);
    const config = {
      leaseMs,
      pollMs: chance.pick([1000, 2000, 4000]),
      commitItems: chance.pick([500, 2]),
      pageBytes: chance.pick([1024 * 1024, 100]),
    };
    const servers = Array.from({ length: 1 + chance.below(2) }, (_, index) => {
      return new SimulatedServer({ world, name: `server ${index}`, database, config });
    });
    network.hosts.push(...servers);
    const ledger = this.#ledger;
    const names: WorkflowName[] = ["main", ...(features.children ? (["child"] as const) : [])];
    for (const name of ["retried", "held", "subscriber"] as const) if (chance.happens(0.3)) names.push(name);
    const parts: WorkflowParts = {
      programs,
      ledger,
      faults,
      chance: chance.fork(),
      leaseMs,
      names,
      atOnce: 1 + chance.below(2),
    };
    const workers = Array.from({ length: 1 + chance.below(3) }, (_, index) => {
      return new SimulatedWorker({
        world,
        network,
        name: `worker ${index}`,
        workflows: (life) => workflowsOf(life, parts),
        concurrency: 1 + chance.below(5),
        limits: features.limits ? { [LIMIT]: { concurrency: 1 } } : {},
      });
    });
    if (!faults.isCalm)
      for (const { process } of [...servers, ...workers]) process.rate = chance.pick([1, 1, 0.8, 1.25]);
    this.#parties = { world, faults, network, database, servers, workers, leaseMs };
    this.#customer = new Customer({ world, network, ledger, programs, names });
  }

  async toTheEnd(): Promise<SeedReport> {
    const { database, servers, workers } = this.#parties;
    await database.store.migrate();
    this.#begin();
    for (const server of servers) server.start();
    for (const worker of workers) this.#world.in(this.#world.chance.between(10, 500), "start", () => worker.start());
    await this.#world.run(() => this.#isOver);
    const runs = await readRuns(database.store);
    this.#breaches.push(...stillOpen(runs), ...(await database.store.violations()));
    const report = this.#report(runs);
    await database.store.close();
    return report;
  }

  #begin(): void {
    const { chance } = this.#world;
    const { faults, leaseMs } = this.#parties;
    const faultyMs = chance.between(2, 4) * leaseMs;
    this.#customer.begin({
      runs: 1 + chance.below(4),
      deeds: chance.below(6),
      withinMs: faultyMs * 0.7,
      schedules: chance.happens(0.15),
    });
    dealBlows(this.#parties);
    this.#world.in(faultyMs, "faults are over", () => {
      faults.end();
      healAll(this.#parties);
      this.#customer.end();
      this.#look(this.#world.now + LEASES_UNTIL_THE_END * leaseMs + UNTIL_THE_END_MS);
    });
  }

  /** Looks again and again whether all has ended. */
  #look(until: number): void {
    this.#world.in(LOOK_MS, "look", () => {
      void this.#isAllOver(until);
    });
  }

  async #isAllOver(until: number): Promise<void> {
    const { store } = this.#parties.database;
    this.#breaches.push(...(await store.violations()));
    const isDone = (await countOpen(store)) === 0 && !this.#customer.isBusy;
    const isLate = this.#world.now >= until;
    if (isLate && this.#customer.isBusy) this.#breaches.push("P3: a client still waits for an answer");
    this.#isOver = isDone || isLate || this.#breaches.length > 0;
    if (!this.#isOver) this.#look(until);
  }

  #report(runs: readonly Recorded[]): SeedReport {
    const { database, faults, leaseMs } = this.#parties;
    const suspended = faults.counts.has("worker suspended");
    this.#breaches.push(...findBreaches(this.#ledger, runs, { leaseMs, faults: faults.total, suspended }));
    const ends: Record<string, number> = {};
    for (const { records, run } of runs) {
      ends[run.status] = (ends[run.status] ?? 0) + 1;
      const lines = records.map(({ attempt, epoch, kind, name, occurrence, recordedAt, seq, type }) =>
        [seq, kind, type, name, occurrence, attempt, epoch, recordedAt].join(" "),
      );
      this.#world.trace.add(`${run.runId} ${run.workflowType} ${run.status} ${run.epoch}\n${lines.join("\n")}`);
    }
    for (const breach of this.#breaches) this.#world.note("breach", breach);
    return {
      seed: this.#seed,
      hash: this.#world.trace.digest(),
      breaches: [...new Set(this.#breaches)],
      faults: faults.counts,
      runs: runs.length,
      ends,
      steps: runs.reduce(
        (sum, { records }) => sum + records.filter(({ kind, type }) => kind !== "run" && type === "completed").length,
        0,
      ),
      executions: this.#ledger.executed.length,
      occurrences: this.#world.occurrences,
      storeCalls: database.calls,
      virtualMs: this.#world.now,
      trace: this.#world.trace.tail(LAST_LINES),
    };
  }
}
