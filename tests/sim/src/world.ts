import { Agenda, type Due } from "./agenda.ts";
import { Chance } from "./chance.ts";
import { Trace } from "./trace.ts";

/** Turns of the event loop that a process gets to follow everything that a happening has set off. */
const TURNS = 2;

/** Something that happens to one process, or to nobody in particular. */
interface Happening extends Due {
  at: number;
  readonly what: string;
  readonly run: () => void;
  readonly to: Process | undefined;
  /** Of the process when it was put onto the agenda; absent for what reaches whoever is there then. */
  readonly life: number | undefined;
  /** Happens instead if the process is down. */
  readonly orElse: (() => void) | undefined;
}

/**
 * One thread with several processes in it, each of which only sees what it is told. Nothing happens but by the agenda:
 * one happening after the other, each followed to its end before the next one. Time passes in between.
 */
export class World {
  /** Milliseconds since the beginning. */
  now = 0;
  happenings = 0;
  readonly trace: Trace;
  readonly chance: Chance;
  readonly #agenda = new Agenda<Happening>();

  constructor(seed: number, { keepTrace }: { readonly keepTrace: boolean }) {
    this.chance = new Chance(seed);
    this.trace = new Trace({ keep: keepTrace });
  }

  /** Happens in `ms`, to nobody in particular. Answers with a way to call it off. */
  in(ms: number, what: string, run: () => void): () => void {
    return this.put({ at: this.now + ms, what, run, to: undefined, life: undefined, orElse: undefined });
  }

  put(happening: Omit<Happening, "isOff">): () => void {
    const item = { ...happening, isOff: false };
    this.#agenda.add(item);
    return () => {
      item.isOff = true;
    };
  }

  /** What was taken off the agenda comes back onto it. */
  putBack(happening: Happening, at: number): void {
    happening.at = at;
    this.#agenda.add(happening);
  }

  note(who: string, what: string): void {
    this.trace.add(`${this.now.toFixed(3)} ${who}: ${what}`);
  }

  /** Goes on until `isOver`, or until nothing is left to happen. */
  async run(isOver: () => boolean): Promise<void> {
    for (let next = this.#agenda.take(); next !== undefined; next = this.#agenda.take()) {
      this.now = Math.max(this.now, next.at);
      if (this.#happen(next)) for (let turn = 0; turn < TURNS; turn++) await nextTurn();
      if (isOver()) return;
    }
  }

  /** Whether anything did. */
  #happen(happening: Happening): boolean {
    const { life, orElse, run, to, what } = happening;
    if (to !== undefined && (!to.isUp || (life !== undefined && life !== to.life))) {
      if (orElse === undefined) return false;
      orElse();
      return true;
    }
    if (to?.hold(happening) === true) return false;
    this.happenings += 1;
    this.note(to?.name ?? "world", what);
    run();
    return true;
  }
}

/** A computer's process: a server, a worker or a client. It has a clock of its own, and can be lost and stopped. */
export class Process {
  readonly name: string;
  readonly world: World;
  isUp = true;
  /** Counts the times that it was started. */
  life = 1;
  /** How fast its clocks go. */
  rate = 1;
  /** How far its calendar is off. */
  skewMs = 0;
  /** Is stopped; if `clock` is, too, then it will not know how long it was. */
  #stopped: { readonly since: number; readonly clock: boolean } | undefined;
  #lostMs = 0;
  #held: Happening[] = [];
  readonly #onLoss = new Set<() => void>();

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
  }

  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Milliseconds that only go forward, from no particular start. */
  readonly now = (): number => {
    const until = this.#stopped?.clock === true ? this.#stopped.since : this.world.now;
    return (until - this.#lostMs) * this.rate;
  };

  /** The present life, or the one that has just ended. */
  present(): Life {
    return new Life(this, this.life);
  }

  /** Reaches whichever life of the process is there at a time; `orElse` if there is none. */
  reach(at: number, what: string, run: () => void, orElse?: () => void): void {
    this.world.put({ at, what, run, to: this, life: undefined, orElse });
  }

  /** Calls `run` when this life of the process is lost. Answers with a way to forget it. */
  onLoss(run: () => void): () => void {
    this.#onLoss.add(run);
    return () => this.#onLoss.delete(run);
  }

  /** As by SIGKILL: nothing that it was about to do happens any more. */
  lose(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.#stopped = undefined;
    const held = this.#held;
    this.#held = [];
    for (const { orElse } of held) orElse?.();
    const listeners = [...this.#onLoss];
    this.#onLoss.clear();
    for (const run of listeners) run();
  }

  begin(): void {
    this.isUp = true;
    this.life += 1;
  }

  /** As by SIGSTOP, or, with `clock`, as when its machine is suspended. */
  stop({ clock }: { readonly clock: boolean }): void {
    this.#stopped ??= { since: this.world.now, clock };
  }

  goOn(): void {
    if (this.#stopped === undefined) return;
    if (this.#stopped.clock) this.#lostMs += this.world.now - this.#stopped.since;
    this.#stopped = undefined;
    const held = this.#held;
    this.#held = [];
    for (const [index, each] of held.entries()) this.world.putBack(each, this.world.now + index / 1000);
  }

  /** Whether it is stopped; then what happens to it waits. */
  hold(happening: Happening): boolean {
    if (this.#stopped === undefined) return false;
    this.#held.push(happening);
    return true;
  }
}

/** A process is stopped, as by SIGSTOP, or, with `clock`, as when its machine is suspended; and goes on after a while. */
export function stopFor(process: Process, ms: number, { clock = false } = {}): void {
  process.stop({ clock });
  process.world.in(ms, `${process.name} goes on`, () => process.goOn());
}

/** A process from its start to its loss. What it left behind goes on in nobody: it hears nothing, and nobody hears of it. */
export class Life {
  readonly process: Process;
  readonly number: number;

  constructor(process: Process, number: number) {
    this.process = process;
    this.number = number;
  }

  get isOn(): boolean {
    return this.process.isUp && this.process.life === this.number;
  }

  /** Calls `run` in `ms` by the process's clock. Answers with a way to call it off. */
  readonly timer = (ms: number, run: () => void): (() => void) => {
    const { process } = this;
    const due = process.now() + ms;
    let isOff = false;
    let cancel: (() => void) | undefined;
    const wait = () => {
      cancel = this.in(Math.max(0.01, (due - process.now()) / process.rate), "timer", () => {
        if (isOff) return;
        // Its clock may have stood still meanwhile.
        if (process.now() < due - 0.01) wait();
        else run();
      });
    };
    wait();
    return () => {
      isOff = true;
      cancel?.();
    };
  };

  /** Happens in `ms` of the world's time. */
  in(ms: number, what: string, run: () => void): () => void {
    const { world } = this.process;
    return world.put({ at: world.now + ms, what, run, to: this.process, life: this.number, orElse: undefined });
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
