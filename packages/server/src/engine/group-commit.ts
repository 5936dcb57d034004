import { KagziError, errorCodeOf } from "@kagzi/core";
import { type Env, sleep } from "./env.ts";

/** How items become one commit. */
export interface GroupCommitOptions<Item, Answer> {
  readonly env: Env;
  /** Commits all of the items and answers each, in order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly maxItems: number;
  /** What an item weighs against `maxBytes`. */
  readonly bytesOf?: (item: Item) => number;
  readonly maxBytes?: number;
  /** Items with the same key go into different commits, in the order in which they came. */
  readonly keyOf?: (item: Item) => string;
  /** How long an item waits for a store that is UNAVAILABLE; absent: until it is back or the gate is closed. */
  readonly patienceMs?: number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers what arrives while the last commit is in flight and commits it as one. There are no timers to tune: on an
 * idle system an item is committed at once, and the busier it is the more share a commit. An answer is given only after
 * the commit is durable.
 */
export class GroupCommit<Item, Answer> {
  readonly #options: GroupCommitOptions<Item, Answer>;
  #queue: Waiting<Item, Answer>[] = [];
  #running: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor(options: GroupCommitOptions<Item, Answer>) {
    this.#options = options;
  }

  submit(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed.signal.aborted) return reject(closing());
      this.#queue.push({ item, since: this.#options.env.now(), resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Takes nothing more, and resolves when everything that was taken is committed or, without a store, rejected. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whatever this turn of the event loop still brings goes along.
    await Promise.resolve();
    for (let failures = 0; this.#queue.length > 0;) {
      const batch = this.#take();
      const failed = await this.#commit(batch);
      failures = failed.length === 0 ? 0 : failures + 1;
      if (failed.length === 0) continue;
      this.#queue.unshift(...failed);
      await this.#backOff(failures);
    }
    this.#running = undefined;
  }

  /** Commits a batch. Answers with those that are to be tried again. */
  async #commit(batch: Waiting<Item, Answer>[]): Promise<Waiting<Item, Answer>[]> {
    try {
      const answers = await this.#options.commit(batch.map(({ item }) => item));
      for (const [index, waiting] of batch.entries()) waiting.resolve(answers[index] as Answer);
      return [];
    } catch (error) {
      if (errorCodeOf(error) === "UNAVAILABLE") return this.#patient(batch, error);
      if (batch.length === 1) {
        batch[0]?.reject(error);
        return [];
      }
      // One of them cannot be stored. Alone, the others can.
      const rest = await Promise.all(batch.map((waiting) => this.#commit([waiting])));
      return rest.flat();
    }
  }

  #patient(batch: Waiting<Item, Answer>[], error: unknown): Waiting<Item, Answer>[] {
    const { env, patienceMs = Number.POSITIVE_INFINITY } = this.#options;
    const isPatient = ({ since }: Waiting<Item, Answer>) =>
      !this.#closed.signal.aborted && env.now() - since < patienceMs;
    for (const waiting of batch) if (!isPatient(waiting)) waiting.reject(error);
    return batch.filter(isPatient);
  }

  async #backOff(failures: number): Promise<void> {
    const { env } = this.#options;
    const longest = Math.min(2000, 25 * 2 ** Math.min(failures, 10));
    await sleep(env, longest * (0.5 + env.random() / 2), this.#closed.signal);
  }

  #take(): Waiting<Item, Answer>[] {
    const { maxItems, bytesOf, maxBytes = Number.POSITIVE_INFINITY, keyOf } = this.#options;
    const batch: Waiting<Item, Answer>[] = [];
    const later: Waiting<Item, Answer>[] = [];
    let looked = 0;
    const keys = new Set<string>();
    let bytes = 0;
    for (const waiting of this.#queue) {
      if (batch.length === maxItems || bytes >= maxBytes) break;
      looked += 1;
      const key = keyOf?.(waiting.item);
      if (key !== undefined && keys.has(key)) {
        later.push(waiting);
        continue;
      }
      if (key !== undefined) keys.add(key);
      bytes += bytesOf?.(waiting.item) ?? 0;
      batch.push(waiting);
    }
    this.#queue = later.concat(this.#queue.slice(looked));
    return batch;
  }
}

function closing(): KagziError {
  return new KagziError("UNAVAILABLE", "this server is closing: try another one, or again in a moment");
}
