import { randomUUID } from "node:crypto";
import type { Hint, Hints } from "@kagzi/core";
import type { Client } from "pg";
import type { Database } from "./database.ts";
import { statement } from "./sql.ts";

/** A notification holds less than 8000 bytes, which this many hints never reach. */
const HINTS_PER_MESSAGE = 8;
const RECONNECT_MS = 1000;
/** A connection can die without a word; one that does not hear itself within this time is made anew. */
const PROBE_MS = 15_000;

/** Hints by LISTEN and NOTIFY, on a connection of their own. */
export class PostgresHints implements Hints {
  readonly #database: Database;
  readonly #channel: string;
  /** So that a server does not wake itself. */
  readonly #sender: string = randomUUID();
  readonly #listeners = new Set<(hint: Hint | undefined) => void>();
  #stop: (() => void) | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#channel = `kagzi_${database.schema.replaceAll('"', "")}`;
  }

  listen(onHint: (hint: Hint | undefined) => void): () => void {
    this.#listeners.add(onHint);
    this.#stop ??= this.#keepListening();
    return () => {
      this.#listeners.delete(onHint);
    };
  }

  async send(hints: readonly Hint[]): Promise<void> {
    const messages: string[] = [];
    for (let at = 0; at < hints.length; at += HINTS_PER_MESSAGE) {
      messages.push(JSON.stringify({ from: this.#sender, hints: hints.slice(at, at + HINTS_PER_MESSAGE) }));
    }
    await this.#notify(messages);
  }

  async #notify(messages: readonly string[]): Promise<void> {
    await this.#database.run(statement("hints_send", "SELECT pg_notify($1, m) FROM unnest($2::text[]) AS m"), [
      this.#channel,
      messages,
    ]);
  }

  close(): void {
    this.#stop?.();
    this.#listeners.clear();
  }

  #keepListening(): () => void {
    let stopped = false;
    let client: Client | undefined;
    let timer: NodeJS.Timeout | undefined;
    let heard = true;

    const again = () => {
      const broken = client;
      client = undefined;
      clearInterval(timer);
      void broken?.end().catch(() => {});
      if (stopped) return;
      // What was sent while nobody listened is lost: everyone looks for themselves.
      this.#deliver([undefined]);
      timer = setTimeout(() => void connect(), RECONNECT_MS * (0.5 + Math.random()));
      timer.unref();
    };
    const probe = () => {
      if (!heard) return again();
      heard = false;
      this.#notify([JSON.stringify({ from: this.#sender, hints: [] })]).catch(() => {});
    };
    const connect = async () => {
      try {
        const fresh = await this.#database.connect();
        client = fresh;
        if (stopped) return again();
        fresh.on("notification", ({ payload }) => {
          heard = true;
          this.#receive(payload);
        });
        fresh.once("end", () => client === fresh && again());
        await fresh.query(`LISTEN "${this.#channel}"`);
        heard = true;
        timer = setInterval(probe, PROBE_MS);
        timer.unref();
        this.#deliver([undefined]);
      } catch {
        again();
      }
    };
    void connect();
    return () => {
      stopped = true;
      again();
    };
  }

  #receive(payload: string | undefined): void {
    const message = JSON.parse(payload ?? "{}") as { from?: string; hints?: Hint[] };
    if (message.from !== this.#sender) this.#deliver(message.hints ?? []);
  }

  #deliver(hints: readonly (Hint | undefined)[]): void {
    for (const listener of this.#listeners) for (const hint of hints) listener(hint);
  }
}
