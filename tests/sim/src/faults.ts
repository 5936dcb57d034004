import type { Chance } from "./chance.ts";
import type { World } from "./world.ts";

/** What may go wrong with one message, one call of the store or one step: how often, where it is switched on. */
const CHANCES = {
  "request lost": 0.03,
  "answer lost": 0.03,
  "request made twice": 0.04,
  "request late beyond the lease": 0.01,
  "message slow": 0.05,
  "stream reset at a message": 0.02,
  "worker killed at a message": 0.008,
  "slow reader of a stream": 0.2,
  "store refuses a call": 0.015,
  "store loses its answer": 0.015,
  "store slow": 0.03,
  "server killed before a commit": 0.002,
  "server killed after a commit": 0.002,
  "hint lost": 0.5,
  "step beyond the lease": 0.08,
  "worker stopped in a step, beyond its lease": 0.08,
} as const;

/** What may happen at any time: how often as against the others. */
const BLOWS = {
  "worker killed": 4,
  "server killed": 3,
  "worker stopped": 4,
  "server stopped": 2,
  "worker suspended": 3,
  "server suspended": 2,
  "worker restarted": 2,
  "server restarted": 2,
  "stream reset": 3,
  "link cut": 3,
  "store away": 2,
  "store's clock ahead": 1,
  "store's clock back": 1,
  "calendar moved": 1,
} as const;

export type Mishap = keyof typeof CHANCES;
export type Blow = keyof typeof BLOWS;
export type FaultKind = Mishap | Blow;

const MISHAPS = Object.keys(CHANCES) as readonly Mishap[];
const BLOW_KINDS = Object.keys(BLOWS) as readonly Blow[];

/** Every kind of fault there is. */
export const FAULT_KINDS: readonly FaultKind[] = [...MISHAPS, ...BLOW_KINDS];

/** What slows things down, and is no reason to execute a step again. */
const HARMLESS: ReadonlySet<FaultKind> = new Set([
  "request made twice",
  "message slow",
  "slow reader of a stream",
  "hint lost",
  "calendar moved",
] as const);

/** Seeds of which nothing goes wrong: there everything happens once. */
const CALM = 0.04;

/** What goes wrong in one seed. Each seed has a selection of its own, so that no fault hides another one. */
export class Faults {
  readonly counts = new Map<FaultKind, number>();
  /** Nothing will go wrong in this seed. */
  readonly isCalm: boolean;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #rates = new Map<Mishap, number>();
  readonly #blows: readonly Blow[];
  #areOver = false;

  constructor(world: World, { isCalm = false } = {}) {
    const chance = world.chance.fork();
    this.#world = world;
    this.#chance = chance;
    this.isCalm = chance.happens(CALM) || isCalm;
    const share = this.isCalm ? 0 : chance.pick([0.25, 0.5, 0.75]);
    for (const kind of MISHAPS) {
      // Drawn for each kind, on or off, so that one more or less does not change the others.
      const rate = CHANCES[kind] * chance.pick([0.5, 1, 2]);
      if (chance.happens(share)) this.#rates.set(kind, rate);
    }
    this.#blows = BLOW_KINDS.filter(() => chance.happens(share)).flatMap((kind) =>
      Array.from({ length: BLOWS[kind] }, () => kind),
    );
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.#areOver = true;
  }

  get areOver(): boolean {
    return this.#areOver;
  }

  /** Whether this goes wrong now. */
  happens(kind: Mishap): boolean {
    const rate = this.#rates.get(kind);
    if (rate === undefined || this.#areOver || !this.#chance.happens(rate)) return false;
    this.count(kind);
    return true;
  }

  /** What happens next, if anything ever does. */
  blow(): Blow | undefined {
    return this.#blows.length === 0 ? undefined : this.#chance.pick(this.#blows);
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#world.note("fault", kind);
  }

  /** How much has gone wrong for which a step may be executed again. */
  get excuses(): number {
    let excuses = 0;
    for (const [kind, count] of this.counts) if (!HARMLESS.has(kind)) excuses += count;
    return excuses;
  }
}
