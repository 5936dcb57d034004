import { Client, type KagziError, type RunHandle, Worker, type WorkerOptions, type Workflow } from "kagzi";
import { afterEach, beforeEach, expect } from "vitest";
import type { Store } from "@kagzi/core";
import type { ENGINES, TestEngine } from "./engines.ts";

export const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An engine of its own for each test, with a client and workers; after each, no row may break an invariant. */
export class Fixture {
  client!: Client;
  engine!: TestEngine;
  readonly #workers: Worker[] = [];

  async open(open: (typeof ENGINES)[number][1]): Promise<void> {
    this.engine = await open();
    this.client = new Client(this.engine.at);
    this.#workers.length = 0;
  }

  /** Answers with one line for each invariant that a row breaks. */
  async close(): Promise<readonly string[]> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.client.close();
    return this.engine.close();
  }

  async work(workflows: readonly Workflow<unknown, unknown>[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = new Worker({ ...this.engine.at, workflows, logger: quiet, ...options });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }
}

/** A fixture for every test of a suite. */
export function useEngine(open: (typeof ENGINES)[number][1]): Fixture {
  const fixture = new Fixture();
  beforeEach(() => fixture.open(open));
  afterEach(async () => {
    expect(await fixture.close()).toEqual([]);
  });
  return fixture;
}

/** The error that a run ends with. */
export async function failure(run: RunHandle<unknown>): Promise<KagziError> {
  return run.result({ timeout: "20s" }).then(
    () => expect.fail("the run did not fail"),
    (error: KagziError) => error,
  );
}

/** A promise that somebody else settles. */
export function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let settle: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle?.() };
}

/** Resolves when the run is in one of these states. */
export async function reaches(run: RunHandle<unknown>, ...statuses: readonly string[]): Promise<void> {
  await expect.poll(async () => statuses.includes((await run.status()).status), { timeout: 15_000 }).toBe(true);
}

/** A store with other parts in the place of its own. */
export function storeWith(store: Store, parts: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, property) {
      const value = Reflect.get(property in parts ? parts : target, property) as unknown;
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A step's function that works until it is aborted, and notes when that was. */
export interface Aborted {
  readonly run: (step: { readonly signal: AbortSignal }) => Promise<void>;
  /** Resolves when it has begun. */
  readonly begun: Promise<void>;
  /** By `performance.now()`; absent before. */
  readonly abortedAt: number | undefined;
  /** Ends it where nobody has aborted it. */
  readonly end: () => void;
}

export function abortable(): Aborted {
  const [begun, ended] = [signal(), signal()];
  let abortedAt: number | undefined;
  return {
    begun: begun.promise,
    end: ended.resolve,
    get abortedAt() {
      return abortedAt;
    },
    run: async ({ signal: aborted }) => {
      aborted.addEventListener("abort", () => {
        abortedAt = performance.now();
        ended.resolve();
      });
      begun.resolve();
      await ended.promise;
    },
  };
}
