import { uuidv7Source } from "@kagzi/core";
import { type EngineConfig, type Env, type Log, type RunningEngine, startEngine } from "@kagzi/server";
import { BEGINNING, type SimulatedDatabase } from "./database.ts";
import type { Host } from "./network.ts";
import { type Life, Process, type World } from "./world.ts";

/** What time and chance are for a server's process, in its present life. */
function envOf({ process, timer }: Life): Env {
  const { world } = process;
  const chance = world.chance.fork();
  return {
    now: process.now,
    setTimer: timer,
    random: chance.next,
    newUuid: uuidv7Source({ now: () => calendarOf(process), randomBytes: chance.bytes }),
  };
}

/** What a process takes for the time of day. */
export function calendarOf(process: Process): number {
  return Math.floor(BEGINNING + process.world.now + process.skewMs);
}

/** A server's process, which is lost and started again. */
export class SimulatedServer implements Host {
  readonly process: Process;
  services: Host["services"];
  readonly #world: World;
  readonly #database: SimulatedDatabase;
  readonly #config: Partial<EngineConfig>;
  #engine: RunningEngine | undefined;

  constructor(parts: {
    readonly world: World;
    readonly name: string;
    readonly database: SimulatedDatabase;
    readonly config: Partial<EngineConfig>;
  }) {
    this.#world = parts.world;
    this.#database = parts.database;
    this.#config = parts.config;
    this.process = new Process(parts.world, parts.name);
  }

  start(): void {
    const { process } = this;
    const life = process.present();
    process.onLoss(() => this.#lost());
    const engine = startEngine({
      store: this.#database.connect(life),
      env: envOf(life),
      log: this.#log(),
      config: this.#config,
    });
    this.#engine = engine;
    this.services = engine.services;
    engine.ready.catch((error: unknown) => {
      if (life.isOn) this.#world.note(process.name, `cannot start: ${String(error)}`);
    });
  }

  /** Stops as it does when its operator asks for it, and starts anew; it is killed if that takes too long. */
  restart(): void {
    const engine = this.#engine;
    const { process } = this;
    if (engine === undefined || !process.isUp) return;
    this.services = undefined;
    const life = process.present();
    const again = () => {
      if (life.isOn) process.lose();
    };
    engine.stop().then(again, again);
    life.in(10_000, "stops too slowly", again);
  }

  /** Its process is gone, and there is a new one soon. */
  #lost(): void {
    this.services = undefined;
    this.#engine = undefined;
    this.#world.note(this.process.name, "is lost");
    this.#world.in(this.#world.chance.between(50, 3000), `${this.process.name} starts`, () => {
      this.process.begin();
      this.start();
    });
  }

  #log(): Log {
    const write = (level: string) => (message: string) => this.#world.note(this.process.name, `${level}: ${message}`);
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }
}
