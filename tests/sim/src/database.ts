import { type Hint, type Hints, KagziError, type Store } from "@kagzi/core";
import { SqliteStore } from "@kagzi/store-sqlite";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Sabotage } from "./sabotage.ts";
import type { Life, Process, World } from "./world.ts";

/** What time it is for the store when a seed begins. */
export const BEGINNING = Date.UTC(2030, 0, 1);

/** Calls that go to and fro within their transaction: they are undone if their caller is lost, and wait while it is stopped. */
const INTERACTIVE = new Set(["runs.claim", "runs.claimLimited", "runs.operate", "schedules.change"]);

/** A call on its way. */
interface StoreCall {
  readonly life: Life;
  readonly name: string;
  readonly make: () => Promise<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A store that is taken again by the next seed: to open and migrate one costs more than many a seed. */
interface Pooled {
  readonly store: SqliteStore;
  /** What time it is for it, by whoever has it. */
  clock: () => number;
  /** It has its schema. */
  isOpen: boolean;
}

/** Those that nobody has. */
const idle: Pooled[] = [];

type Method = (...about: readonly unknown[]) => Promise<unknown>;

/** One database with several servers: the real store, and the way to it, on which things are slow and get lost. */
export class SimulatedDatabase {
  /** As it is, for those who look at it in the end. */
  readonly store: Store;
  readonly #pooled: Pooled;
  /** As servers have it. */
  readonly #served: Store;
  /** It is away until then. */
  awayUntil = 0;
  calls = 0;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #chance: Chance;
  #aheadMs = 0;
  readonly #listeners = new Map<Process, { readonly life: Life; readonly onHint: (hint: Hint | undefined) => void }>();

  constructor(world: World, faults: Faults, sabotage: Sabotage = (store) => store) {
    this.#world = world;
    this.#faults = faults;
    this.#chance = world.chance.fork();
    this.#pooled = idle.pop() ?? freshStore();
    this.#pooled.clock = this.now;
    this.store = this.#pooled.store;
    this.#served = sabotage(this.store);
  }

  /** Nothing is in it, as on the first day. */
  async open(): Promise<void> {
    if (this.#pooled.isOpen) return;
    await this.#pooled.store.migrate();
    this.#pooled.isOpen = true;
  }

  /** The next one may have the store. */
  async close(): Promise<void> {
    await this.#pooled.store.clear();
    this.#pooled.clock = () => BEGINNING;
    idle.push(this.#pooled);
  }

  /** The database's own clock. */
  readonly now = (): number => Math.floor(BEGINNING + this.#world.now + this.#aheadMs);

  /** Sets its clock. */
  moveClock(ms: number): void {
    this.#aheadMs += ms;
  }

  /** The store as a process sees it in its present life. */
  connect(life: Life): Store {
    const hints = this.#hintsOf(life);
    const methods = new Map<string, unknown>();
    const call =
      (name: string, method: Method): Method =>
      (...about) =>
        this.#call(life, name, () => method(...about));
    const once = (name: string, make: () => unknown) => {
      if (!methods.has(name)) methods.set(name, make());
      return methods.get(name);
    };
    const part = (of: string, calls: object) =>
      new Proxy(calls, {
        get: (target, name) =>
          once(`${of}.${String(name)}`, () => call(`${of}.${String(name)}`, Reflect.get(target, name) as Method)),
      });
    return new Proxy(this.#served, {
      get: (target, key) => {
        if (key === "hints") return hints;
        const found = Reflect.get(target, key) as unknown;
        const name = String(key);
        if (typeof found === "function") return once(name, () => call(name, (found as Method).bind(target)));
        return typeof found === "object" && found !== null ? once(name, () => part(name, found)) : found;
      },
    });
  }

  #call(life: Life, name: string, make: () => Promise<unknown>): Promise<unknown> {
    this.calls += 1;
    return new Promise((resolve, reject) => {
      // A process that is gone asks nobody.
      if (!life.isOn) return;
      const call = { life, name, make, resolve, reject };
      const what = `${life.process.name} store ${name}`;
      this.#world.in(this.#latency(), what, () => void this.#arrive(call));
    });
  }

  async #arrive(call: StoreCall): Promise<void> {
    const { life, name, reject } = call;
    const { process } = life;
    const waits = life.isOn && process.isStopped && INTERACTIVE.has(name);
    if (waits) return void life.in(0, `store ${name}`, () => void this.#arrive(call));
    if (!this.#getsThrough(call)) return;
    if (this.#isAway() || this.#faults.happens("store refuses a call")) {
      return this.#back(life, () => reject(unavailable()));
    }
    if (life.isOn && this.#faults.happens("server killed before a commit")) process.lose();
    if (!this.#getsThrough(call)) return;
    const isLost = this.#faults.happens("store loses its answer");
    const settle = await outcomeOf(call);
    if (life.isOn && this.#faults.happens("server killed after a commit")) process.lose();
    this.#back(life, isLost ? () => reject(unavailable()) : settle);
  }

  /** What was on its way when its sender was lost may arrive all the same. */
  #getsThrough({ life, name }: StoreCall): boolean {
    return life.isOn || (!INTERACTIVE.has(name) && this.#chance.happens(0.5));
  }

  #back(life: Life, settle: () => void): void {
    if (!life.isOn) return;
    // Mostly at once, which is one happening less.
    if (!life.process.isStopped && this.#chance.happens(0.7)) settle();
    else life.in(this.#latency(), "store answers", settle);
  }

  #isAway(): boolean {
    return this.#world.now < this.awayUntil;
  }

  #latency(): number {
    return this.#faults.happens("store slow") ? this.#chance.between(10, 3000) : this.#chance.between(0.05, 1.5);
  }

  /** Word between servers, which may be lost. */
  #hintsOf(life: Life): Hints {
    const { process } = life;
    return {
      listen: (onHint) => {
        this.#listeners.set(process, { life, onHint });
        return () => {
          if (this.#listeners.get(process)?.life === life) this.#listeners.delete(process);
        };
      },
      send: async (hints) => {
        if (this.#isAway()) throw unavailable();
        for (const [to, listener] of this.#listeners) {
          if (to === process || this.#faults.happens("hint lost")) continue;
          this.#tell(to, listener, hints);
        }
      },
    };
  }

  #tell(
    to: Process,
    { life, onHint }: { readonly life: Life; readonly onHint: (hint: Hint | undefined) => void },
    hints: readonly Hint[],
  ): void {
    to.reach(this.#world.now + this.#latency(), "hints", () => {
      if (life.isOn) for (const hint of hints) onHint(hint);
    });
  }
}

function freshStore(): Pooled {
  const pooled: Pooled = {
    store: new SqliteStore({ path: ":memory:", clock: () => pooled.clock() }),
    clock: () => BEGINNING,
    isOpen: false,
  };
  return pooled;
}

/** Does what a call asks for. Answers with how to tell its caller. */
async function outcomeOf({ make, reject, resolve }: StoreCall): Promise<() => void> {
  try {
    const answer = await make();
    return () => resolve(answer);
  } catch (error) {
    return () => reject(error);
  }
}

function unavailable(): KagziError {
  return new KagziError("UNAVAILABLE", "the database does not answer");
}
