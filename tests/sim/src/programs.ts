import { type Context, KagziError, type ReceivedEvent, Retry } from "kagzi";
import type { Chance } from "./chance.ts";

/** A workflow as a tree, so that it can be made at random and shown when it fails. */
export type Program =
  | Leaf
  | { readonly do: "ctxRace"; readonly parts: readonly Leaf[] }
  | { readonly do: "sequence" | "all" | "allSettled" | "race" | "any"; readonly parts: readonly Program[] }
  | { readonly do: "repeat"; readonly times: number; readonly part: Program }
  | { readonly do: "try"; readonly part: Program; readonly rescue: Program };

/** What the code asks the context for. */
export type Leaf =
  | {
      readonly do: "step";
      readonly name: string;
      /** Attempts that fail, of {@link TRIES}. */
      readonly fails: number;
      readonly ms: number;
      readonly timeout: number | undefined;
      readonly limit: string | undefined;
    }
  | { readonly do: "sleep"; readonly name: string; readonly ms: number }
  | { readonly do: "event"; readonly name: string; readonly ms: number | undefined }
  | { readonly do: "child"; readonly name: string; readonly program: number; readonly waits: boolean }
  | { readonly do: "send"; readonly name: string };

/** Attempts of a step in all; one that fails so often fails for good. */
export const TRIES = 3;
/** The limit that steps may ask for. */
export const LIMIT = "scarce";
/** What programs wait for, and what they send. */
export const EVENTS = ["e", "f"] as const;
const STEPS = ["a", "b", "c", "d"] as const;

/** What programs of a seed are made of: some seeds leave out some of it. */
export interface Features {
  readonly fails: boolean;
  readonly waits: boolean;
  readonly events: boolean;
  readonly children: boolean;
  readonly branches: boolean;
  readonly limits: boolean;
  readonly timeouts: boolean;
}

/** Makes programs. A child's program stands before its parent's in the list, so that none is its own child. */
export class Programs {
  readonly list: Program[] = [];
  readonly #chance: Chance;
  readonly #features: Features;

  constructor(chance: Chance, features: Features) {
    this.#chance = chance;
    this.#features = features;
  }

  make(size: number): number {
    const parts = Array.from({ length: size }, () => this.#program(2));
    return this.list.push({ do: "sequence", parts }) - 1;
  }

  #program(depth: number): Program {
    const chance = this.#chance;
    if (depth === 0 || !this.#features.branches || chance.happens(0.55)) return this.#leaf();
    const few = (most: number) => Array.from({ length: 1 + chance.below(most) }, () => this.#program(depth - 1));
    const kind = chance.below(8);
    if (kind === 0) return { do: "ctxRace", parts: Array.from({ length: 1 + chance.below(3) }, () => this.#leaf()) };
    if (kind === 1) return { do: "repeat", times: 1 + chance.below(3), part: this.#program(depth - 1) };
    if (kind === 2) return { do: "try", part: this.#program(depth - 1), rescue: this.#program(depth - 1) };
    return { do: chance.pick(["sequence", "all", "all", "allSettled", "race", "any"] as const), parts: few(3) };
  }

  #leaf(): Leaf {
    const chance = this.#chance;
    const { children, events, waits } = this.#features;
    const kind = chance.next();
    if (kind < 0.12 && waits) return { do: "sleep", name: chance.pick(["p", "q"]), ms: chance.below(3000) };
    if (kind < 0.24 && events) {
      return { do: "event", name: chance.pick(EVENTS), ms: chance.happens(0.7) ? chance.below(3000) : undefined };
    }
    if (kind < 0.3 && events) return { do: "send", name: chance.pick(EVENTS) };
    if (kind < 0.4 && children && this.list.length > 0) {
      const program = chance.below(this.list.length);
      return { do: "child", name: chance.pick(["x", "y"]), program, waits: chance.happens(0.8) };
    }
    return this.#step();
  }

  #step(): Leaf {
    const chance = this.#chance;
    const { fails, limits, timeouts } = this.#features;
    return {
      do: "step",
      name: chance.pick(STEPS),
      fails: fails ? chance.pick([0, 0, 0, 0, 1, 2, TRIES]) : 0,
      // Some are long enough for something to happen to their worker meanwhile.
      ms: chance.happens(0.3) ? chance.below(4000) : chance.below(20),
      timeout: timeouts && chance.happens(0.1) ? 500 : undefined,
      limit: limits && chance.happens(0.3) ? LIMIT : undefined,
    };
  }
}

/** Something that the code was handed: for which step, and what. */
export interface Handed {
  readonly key: string;
  readonly value?: unknown;
  /** The message of the error. */
  readonly lost?: string;
}

/** An execution of a step's function. */
export interface StepCall {
  readonly key: string;
  readonly attempt: number;
  readonly leaf: Extract<Leaf, { do: "step" }>;
  /** What the code had been handed when it asked for the step. */
  readonly saw: readonly Handed[];
}

/** Who does the work of steps. */
export type StepBody = (call: StepCall) => Promise<unknown>;

/** The code of a run: a program, interpreted. */
export class Code {
  /** In order. */
  readonly handed: Handed[] = [];
  readonly #ctx: Context;
  readonly #body: StepBody;
  readonly #asked = new Map<string, number>();

  constructor(ctx: Context, body: StepBody) {
    this.#ctx = ctx;
    this.#body = body;
  }

  async run(part: Program): Promise<unknown> {
    switch (part.do) {
      case "step":
      case "sleep":
      case "event":
      case "child":
      case "send":
        return this.#ask(part);
      case "ctxRace":
        return this.#race(part.parts);
      case "sequence": {
        const values: unknown[] = [];
        for (const one of part.parts) values.push(await this.run(one));
        return values;
      }
      case "all":
        return Promise.all(part.parts.map((one) => this.run(one)));
      case "allSettled":
        return (await Promise.allSettled(part.parts.map((one) => this.run(one)))).map(({ status }) => status);
      case "race":
        return Promise.race(part.parts.map((one) => this.run(one)));
      case "any":
        return Promise.any(part.parts.map((one) => this.run(one)));
      case "repeat": {
        const values: unknown[] = [];
        for (let times = 0; times < part.times; times++) values.push(await this.run(part.part));
        return values;
      }
      default:
        return this.#rescue(part);
    }
  }

  async #rescue({ part, rescue }: Extract<Program, { do: "try" }>): Promise<unknown> {
    try {
      return await this.run(part);
    } catch {
      return this.run(rescue);
    }
  }

  async #race(parts: readonly Leaf[]): Promise<unknown> {
    const entries: Record<string, Promise<unknown>> = {};
    for (const [index, leaf] of parts.entries()) {
      const key = this.#keyOf(leaf.name);
      const promise = this.#begin(leaf, key);
      entries[String(index)] = promise;
      this.#note(key, leaf, promise).catch(() => {});
    }
    const { winner } = await this.#ctx.race(entries);
    return winner;
  }

  #ask(leaf: Leaf): Promise<unknown> {
    const key = this.#keyOf(leaf.name);
    return this.#note(key, leaf, this.#begin(leaf, key));
  }

  /** As the SDK numbers what is asked for. */
  #keyOf(name: string): string {
    const occurrence = (this.#asked.get(name) ?? 0) + 1;
    this.#asked.set(name, occurrence);
    return occurrence === 1 ? name : `${name}#${occurrence}`;
  }

  #begin(leaf: Leaf, key: string): Promise<unknown> {
    const ctx = this.#ctx;
    switch (leaf.do) {
      case "step":
        return this.#step(leaf);
      case "sleep":
        return ctx.sleep(leaf.name, leaf.ms);
      case "event":
        return ctx.waitForEvent(leaf.name, leaf.ms === undefined ? {} : { timeout: leaf.ms });
      case "child": {
        const input = { program: leaf.program, again: 0 };
        return leaf.waits
          ? ctx.invoke("child", input, { name: leaf.name })
          : ctx.start("child", input, { name: leaf.name });
      }
      default:
        return ctx.send(leaf.name, `${ctx.runId}/${key}`);
    }
  }

  #step(leaf: Extract<Leaf, { do: "step" }>): Promise<unknown> {
    const saw = [...this.handed];
    const options = {
      retry: Retry.fixed(TRIES - 1, 50),
      ...(leaf.timeout !== undefined && { timeout: leaf.timeout }),
      ...(leaf.limit !== undefined && { limit: leaf.limit }),
    };
    return this.#ctx.step(leaf.name, options, ({ attempt, idempotencyKey }) =>
      this.#body({ key: idempotencyKey.slice(this.#ctx.runId.length + 1), attempt, leaf, saw }),
    );
  }

  async #note(key: string, leaf: Leaf, promise: Promise<unknown>): Promise<unknown> {
    try {
      const outcome = await promise;
      const value = leaf.do === "event" ? (outcome as ReceivedEvent | null)?.payload : outcome;
      this.handed.push(value === undefined ? { key } : { key, value });
      return value;
    } catch (error) {
      // What the code gives up, or is told to, is no outcome that somebody recorded.
      const isGivenUp = error instanceof KagziError && error.code === "CANCELLED";
      if (!isGivenUp) this.handed.push({ key, lost: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }
}
