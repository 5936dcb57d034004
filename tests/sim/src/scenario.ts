import { Client, type Workflow } from "kagzi";
import { SimulatedDatabase } from "./database.ts";
import { Faults } from "./faults.ts";
import { Network } from "./network.ts";
import type { Sabotage } from "./sabotage.ts";
import { SimulatedServer } from "./server.ts";
import { SimulatedWorker, runtimeOf } from "./worker.ts";
import { type Life, Process, World } from "./world.ts";

/** What a scenario is made of. */
export interface ScenarioOptions {
  readonly seed?: number;
  readonly servers?: number;
  readonly leaseMs?: number;
  readonly concurrency?: number;
  readonly workflows: (life: Life) => readonly Workflow<unknown, unknown>[];
  readonly sabotage?: Sabotage;
}

/** A small world with one worker in which nothing goes wrong but what a test does to it. */
export class Scenario {
  readonly world: World;
  readonly servers: readonly SimulatedServer[];
  readonly worker: SimulatedWorker;
  readonly client: Client;
  readonly #database: SimulatedDatabase;

  constructor({ concurrency = 10, leaseMs = 1500, sabotage, seed = 1, servers = 1, workflows }: ScenarioOptions) {
    const world = new World(seed, { keepTrace: false });
    const faults = new Faults(world, { isCalm: true });
    const database = new SimulatedDatabase(world, faults, sabotage);
    const network = new Network(world, faults, leaseMs);
    this.world = world;
    this.#database = database;
    this.servers = Array.from({ length: servers }, (_, index) => {
      return new SimulatedServer({ world, name: `server ${index}`, database, config: { leaseMs, pollMs: 1000 } });
    });
    network.hosts.push(...this.servers);
    this.worker = new SimulatedWorker({ world, network, name: "worker", workflows, concurrency, limits: {} });
    const life = new Process(world, "client").present();
    this.client = new Client({ connection: network.connect(life), runtime: runtimeOf(life) });
  }

  async start(): Promise<void> {
    await this.#database.open();
    for (const server of this.servers) server.start();
    this.worker.start();
    await this.passes(1000);
  }

  /** Lets time pass. */
  passes(ms: number): Promise<void> {
    return this.until(
      new Promise((resolve) => {
        this.world.in(ms, "enough", resolve);
      }),
    );
  }

  /** Lets time pass until a promise is settled, `withinMs` at most. */
  async until<Result>(promise: Promise<Result>, withinMs = 120_000): Promise<Result> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    promise.then(end, end);
    const cancel = this.world.in(withinMs, "too late", end);
    await this.world.run(() => isOver);
    cancel();
    return Promise.race([promise, Promise.reject<Result>(new Error(`nothing came of it within ${withinMs} ms`))]);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
