import type { Client } from "pg";
import type { Database } from "./database.ts";
import { isPooled } from "./session.ts";

const RECONNECT_MS = 1000;
/** A connection can die without a word; one that does not hear itself within this time is made anew. */
const PROBE_MS = 15_000;

/** Who hears what comes. */
export interface HintListenerOptions {
  readonly onMessage: (payload: string) => void;
  /** Messages may have been missed: the connection is new, or was lost. */
  readonly onGap: () => void;
  /** Sends something to the channel that the listener will hear. */
  readonly probe: () => Promise<void>;
}

/** Listens to a channel on a connection of its own, and connects again whenever that is lost, until it is closed. */
export class HintListener {
  readonly #database: Database;
  readonly #channel: string;
  readonly #options: HintListenerOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heard = true;
  #closed = false;

  constructor(database: Database, channel: string, options: HintListenerOptions) {
    this.#database = database;
    this.#channel = channel;
    this.#options = options;
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#letGo();
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#database.connect();
      this.#client = client;
      // Over a pooler nothing would be heard, and one of its sessions would listen for nobody: everyone looks for themselves.
      if (this.#closed || isPooled(client)) return this.#letGo();
      client.on("notification", ({ payload }) => {
        this.#heard = true;
        this.#options.onMessage(payload ?? "");
      });
      client.once("end", () => {
        if (this.#client === client) this.#again();
      });
      await client.query(`LISTEN "${this.#channel}"`);
      this.#heard = true;
      this.#timer = setInterval(() => this.#probe(), PROBE_MS);
      this.#timer.unref();
      this.#options.onGap();
    } catch {
      this.#again();
    }
  }

  #probe(): void {
    if (!this.#heard) return this.#again();
    this.#heard = false;
    // If it cannot be sent, it is not heard either.
    this.#options.probe().catch(() => {});
  }

  #again(): void {
    this.#letGo();
    if (this.#closed) return;
    // What is sent while nobody listens is lost: everyone looks for themselves.
    this.#options.onGap();
    this.#timer = setTimeout(() => void this.#connect(), RECONNECT_MS * (0.5 + Math.random()));
    this.#timer.unref();
  }

  #letGo(): void {
    const client = this.#client;
    this.#client = undefined;
    clearTimeout(this.#timer);
    void client?.end().catch(() => {});
  }
}
