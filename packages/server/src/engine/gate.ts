import { KagziError } from "@kagzi/core";
import type { Env } from "./env.ts";

/** What a gate lets through. */
export interface GateOptions {
  readonly env: Env;
  /** Calls under way at once. */
  readonly atOnce: number;
  /** Under way and waiting, in items and in bytes: what comes beyond is refused. */
  readonly items: number;
  readonly bytes: number;
}

/** What a piece of work weighs. */
export interface Weight {
  readonly items: number;
  readonly bytes: number;
}

/** The wait that those are asked for who are refused, at least and at most. */
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;
/** The pace is that of the last second or two; of work that has just begun, that of the time since, but of so long at least. */
const PACE_MS = 1000;
const SHORTEST_PACE_MS = 50;

/**
 * Where work comes in that nobody has to take: so much of it may be under way, so much may wait its turn, and the rest is
 * told when to come again. However much is offered, what is held of it is bounded, and what was let in goes on as fast as
 * it would without the rest.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #items = 0;
  #bytes = 0;
  readonly #pace: Pace;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#pace = new Pace(options.env);
  }

  /**
   * Does the work when it is its turn, in the order in which it came.
   * @throws KagziError `UNAVAILABLE` with `retryAfterMs` if there is no room, `CANCELLED` if `signal` is aborted by then
   */
  async pass<Result>(weight: Weight, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (this.#isFull(weight)) throw overloaded(this.#waitMs());
    this.#items += weight.items;
    this.#bytes += weight.bytes;
    if (this.#underWay < this.#options.atOnce) this.#underWay += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      // Nobody is there any more who could be told what became of it.
      if (signal.aborted) throw new KagziError("CANCELLED", "the caller has gone before it was its turn");
      return await work();
    } finally {
      this.#items -= weight.items;
      this.#bytes -= weight.bytes;
      this.#pace.done(weight.items);
      // The next one has its place at once: nobody comes in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay -= 1;
      else next();
    }
  }

  /** What is larger than the whole room may come in alone. */
  #isFull({ bytes, items }: Weight): boolean {
    if (this.#items === 0) return false;
    return this.#items + items > this.#options.items || this.#bytes + bytes > this.#options.bytes;
  }

  /** By then, at the pace of the last second, all is done that is in the way. */
  #waitMs(): number {
    const ms = this.#items / this.#pace.perMs();
    return Math.round(Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, ms)));
  }
}

/** How much is done in a millisecond, of late. */
class Pace {
  readonly #env: Env;
  #since: number;
  #before = 0;
  #now = 0;

  constructor(env: Env) {
    this.#env = env;
    this.#since = env.now();
  }

  done(items: number): void {
    this.#turn();
    this.#now += items;
  }

  perMs(): number {
    this.#turn();
    const passed = Math.max(SHORTEST_PACE_MS, this.#env.now() - this.#since);
    return (this.#before + this.#now) / (this.#before > 0 ? PACE_MS + passed : passed);
  }

  #turn(): void {
    const passed = this.#env.now() - this.#since;
    if (passed < PACE_MS) return;
    this.#before = passed < 2 * PACE_MS ? this.#now : 0;
    this.#now = 0;
    this.#since = this.#env.now();
  }
}

function overloaded(retryAfterMs: number): KagziError {
  const message = `this server has more to do than it can take: call again in ${retryAfterMs} ms, as \`retry_after_ms\` says`;
  return new KagziError("UNAVAILABLE", message, { retryAfterMs, metadata: { reason: "OVERLOADED" } });
}
