import { dealBlows, healAll } from "./blows.ts";
import { type Cast, castOf } from "./cast.ts";
import { findBreaches, stillOpen } from "./check.ts";
import type { FaultKind } from "./faults.ts";
import { DEFAULT, type Recorded, countOpen, readRuns } from "./recorded.ts";
import type { Sabotage } from "./sabotage.ts";
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
  readonly happenings: number;
  readonly storeCalls: number;
  readonly virtualMs: number;
  /** The lines of the trace, where they were kept. */
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
const LOOK_MS = 1000;
/** A seed is small: one that goes on and on has something in it that never comes to rest. */
const MOST_HAPPENINGS = 100_000;

/** Lives through one seed, from the first start to the last end. */
export async function runSeed(seed: number, { keepTrace = false, sabotage }: SeedOptions = {}): Promise<SeedReport> {
  const world = new World(seed, { keepTrace });
  const simulation = new Simulation(world, castOf(world, sabotage));
  const stray = (reason: unknown) =>
    simulation.breach(`A0: a promise was rejected and nobody heard of it: ${String(reason)}`);
  process.on("unhandledRejection", stray);
  try {
    return { seed, ...(await simulation.toTheEnd()) };
  } finally {
    process.off("unhandledRejection", stray);
  }
}

class Simulation {
  readonly #world: World;
  readonly #cast: Cast;
  readonly #breaches = new Set<string>();
  #isOver = false;

  constructor(world: World, cast: Cast) {
    this.#world = world;
    this.#cast = cast;
  }

  breach(what: string): void {
    if (this.#breaches.has(what)) return;
    this.#breaches.add(what);
    this.#world.note("breach", what);
  }

  async toTheEnd(): Promise<Omit<SeedReport, "seed">> {
    const { database, network, servers, workers } = this.#cast;
    const { chance } = this.#world;
    await database.open();
    this.#begin();
    for (const server of servers) server.start();
    for (const worker of workers) this.#world.in(chance.between(10, 500), "start", () => worker.start());
    await this.#world.run(() => this.#isOver || this.#world.happenings > MOST_HAPPENINGS);
    const runs = await readRuns(database.store);
    await this.#check(runs);
    network.close();
    await database.close();
    return this.#report(runs);
  }

  #begin(): void {
    const { customer, faults, leaseMs } = this.#cast;
    const { chance } = this.#world;
    const faultyMs = chance.between(2, 4) * leaseMs;
    customer.begin({
      runs: 1 + chance.below(4),
      deeds: chance.below(6),
      withinMs: faultyMs * 0.7,
      schedules: chance.happens(0.15),
    });
    dealBlows(this.#cast);
    this.#watch(faultyMs / 4);
    this.#world.in(faultyMs, "faults are over", () => {
      faults.end();
      healAll(this.#cast);
      customer.end();
      this.#look(this.#world.now + LEASES_UNTIL_THE_END * leaseMs + UNTIL_THE_END_MS);
    });
  }

  /** Looks now and then whether a row breaks an invariant, for as long as things go wrong. */
  #watch(everyMs: number): void {
    this.#world.in(everyMs, "watch", () => {
      if (this.#cast.faults.areOver) return;
      void this.#checkRows();
      this.#watch(everyMs);
    });
  }

  /** Looks again and again whether all has ended. */
  #look(until: number): void {
    this.#world.in(LOOK_MS, "look", () => void this.#isAllOver(until));
  }

  async #isAllOver(until: number): Promise<void> {
    const { customer, database } = this.#cast;
    await this.#checkRows();
    const isDone = (await countOpen(database.store)) === 0 && !customer.isBusy;
    const isLate = this.#world.now >= until;
    if (isLate && customer.isBusy) this.breach("P3: a client still waits for an answer");
    this.#isOver = isDone || isLate || this.#breaches.size > 0;
    if (!this.#isOver) this.#look(until);
  }

  async #checkRows(): Promise<void> {
    const { atOnce, database } = this.#cast;
    for (const found of await database.store.violations()) this.breach(found);
    for (const { running } of await database.store.limits.usage(DEFAULT, "held", 10)) {
      if (running > atOnce) this.breach(`there are ${running} runs of a workflow that may have ${atOnce} at once`);
    }
  }

  async #check(runs: readonly Recorded[]): Promise<void> {
    const { faults, leaseMs, ledger } = this.#cast;
    if (!this.#isOver) this.breach("P3: it never comes to rest");
    const suspended = faults.counts.has("worker suspended");
    await this.#checkRows();
    for (const found of stillOpen(runs)) this.breach(found);
    for (const found of findBreaches(ledger, runs, { leaseMs, excuses: faults.excuses, suspended })) this.breach(found);
  }

  #report(runs: readonly Recorded[]): Omit<SeedReport, "seed"> {
    const { database, faults, ledger } = this.#cast;
    const { now, happenings, trace } = this.#world;
    const ends: Record<string, number> = {};
    for (const { run } of runs) ends[run.status] = (ends[run.status] ?? 0) + 1;
    for (const run of runs) trace.add(describeRun(run));
    return {
      hash: trace.digest(),
      breaches: [...this.#breaches],
      faults: faults.counts,
      runs: runs.length,
      ends,
      steps: runs.reduce((sum, { records }) => sum + records.filter(isOutcome).length, 0),
      executions: ledger.executed.length,
      happenings,
      storeCalls: database.calls,
      virtualMs: now,
      trace: trace.kept,
    };
  }
}

function isOutcome({ kind, type }: Recorded["records"][number]): boolean {
  return kind !== "run" && (type === "completed" || type === "failed" || type === "cancelled");
}

/** All that is stored of a run, for the trace. */
function describeRun({ records, run }: Recorded): string {
  const lines = records.map(({ attempt, epoch, kind, name, occurrence, recordedAt, seq, type }) =>
    [`  ${seq}`, kind, type, name, occurrence, attempt, epoch, recordedAt].join(" "),
  );
  return [`run ${run.runId} ${run.workflowType} ${run.status} ${run.epoch}`, ...lines].join("\n");
}
