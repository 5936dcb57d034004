import { errorCodeOf } from "@kagzi/core";
import type { EngineContext } from "../engine/engine.ts";
import { sleep } from "../engine/env.ts";
import { errorField } from "../engine/log.ts";

/** Whether the server can do its work: its schema is there, and its store answers. */
export class Health {
  readonly #context: EngineContext;
  readonly #listeners = new Set<() => void>();
  #schemaVersion = 0;
  #problem: string | undefined = "starting: the store has not answered yet";
  #since: number;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#since = context.env.now();
  }

  get isServing(): boolean {
    return this.#problem === undefined;
  }

  /** What is wrong; `undefined` while all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  /** For how long the store has answered without a break. */
  get servingForMs(): number {
    return this.isServing ? this.#context.env.now() - this.#since : 0;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Brings the schema up to date, however long the database takes to come up.
   * @throws KagziError what no waiting cures: wrong credentials, a schema that is newer than this server
   */
  async start(stop: AbortSignal): Promise<void> {
    const { env, log, store } = this.#context;
    for (let tries = 0; !stop.aborted; tries++) {
      try {
        this.#schemaVersion = await store.migrate();
        for (const risk of await store.risks()) log.warn(risk);
        await this.check();
        return;
      } catch (error) {
        if (errorCodeOf(error) !== "UNAVAILABLE") throw error;
        this.#set(`the store does not answer: ${messageOf(error)}`);
        log.warn("the store does not answer yet, trying again", { error: errorField(error) });
        await sleep(env, Math.min(5000, 100 * 2 ** Math.min(tries, 6)) * (0.5 + env.random() / 2), stop);
      }
    }
  }

  /** Asks the store for the time. */
  async check(): Promise<void> {
    try {
      this.#context.clock.observe(await this.#context.store.now());
      this.#set(undefined);
    } catch (error) {
      this.#set(`the store does not answer: ${messageOf(error)}`);
    }
  }

  /** The server stops: whoever asks is sent elsewhere. */
  stopping(): void {
    this.#set("stopping");
  }

  #set(problem: string | undefined): void {
    const changed = (problem === undefined) !== this.isServing;
    if (this.#problem === "stopping") return;
    this.#problem = problem;
    if (!changed) return;
    this.#since = this.#context.env.now();
    for (const listener of this.#listeners) listener();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
