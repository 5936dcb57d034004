import { uuidv7Source } from "@kagzi/core";
import { type LimitOptions, type Logger, type Runtime, Worker, type Workflow } from "kagzi";
import type { Network } from "./network.ts";
import { calendarOf } from "./server.ts";
import { type Life, Process, type World } from "./world.ts";

/** What the SDK takes from the world, in the present life of a process. */
export function runtimeOf({ process, timer }: Life): Runtime {
  const chance = process.world.chance.fork();
  return {
    now: process.now,
    setTimer: timer,
    random: chance.next,
    newId: uuidv7Source({ now: () => calendarOf(process), randomBytes: chance.bytes }),
  };
}

/** A worker's process, which is lost and started again. */
export class SimulatedWorker {
  readonly process: Process;
  readonly #world: World;
  readonly #network: Network;
  readonly #options: {
    readonly workflows: (life: Life) => readonly Workflow<unknown, unknown>[];
    readonly concurrency: number;
    readonly limits: Readonly<Record<string, LimitOptions>>;
  };
  #worker: Worker | undefined;

  constructor(
    parts: { readonly world: World; readonly network: Network; readonly name: string } & SimulatedWorker["options"],
  ) {
    this.#world = parts.world;
    this.process = new Process(parts.world, parts.name);
    // Until it is started.
    this.process.isUp = false;
    this.#network = parts.network;
    this.#options = parts;
  }

  get options() {
    return this.#options;
  }

  start(): void {
    const { process } = this;
    const { concurrency, limits, workflows } = this.#options;
    process.begin();
    process.onLoss(() => this.#lost());
    const life = process.present();
    const worker = new Worker({
      connection: this.#network.connect(life),
      workflows: workflows(life),
      concurrency,
      limits,
      hostname: process.name,
      logger: this.#logger(),
      shutdownTimeout: 2000,
      runtime: runtimeOf(life),
    });
    this.#worker = worker;
    // A worker that cannot register ends, and is started again by whoever looks after it.
    worker.start().catch((error: unknown) => {
      this.#world.note(process.name, `cannot start: ${String(error)}`);
      if (life.isOn) process.lose();
    });
  }

  /** Stops as it does when its operator asks for it, and starts anew. */
  restart(): void {
    const worker = this.#worker;
    const { process } = this;
    if (worker === undefined || !process.isUp) return;
    const life = process.present();
    const again = () => {
      if (life.isOn) process.lose();
    };
    worker.stop().then(again, again);
    life.in(15_000, "stops too slowly", again);
  }

  #lost(): void {
    this.#worker = undefined;
    this.#world.note(this.process.name, "is lost");
    this.#world.in(this.#world.chance.between(50, 3000), `${this.process.name} starts`, () => {
      this.start();
    });
  }

  #logger(): Logger {
    const write = (level: string) => (message: string) => this.#world.note(this.process.name, `${level}: ${message}`);
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }
}
