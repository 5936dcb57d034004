import { randomUUID } from "node:crypto";
import type { Hint, Hints } from "@kagzi/core";
import type { Database } from "./database.ts";
import { HintListener } from "./hint-listener.ts";
import { statement } from "./sql.ts";

/** A notification holds less than 8000 bytes, which this many hints never reach, whatever their names are. */
const HINTS_PER_MESSAGE = 4;

/** Hints by LISTEN and NOTIFY. */
export class PostgresHints implements Hints {
  readonly #database: Database;
  readonly #channel: string;
  /** So that a server does not wake itself. */
  readonly #sender: string = randomUUID();
  readonly #listeners = new Set<(hint: Hint | undefined) => void>();
  #listener: HintListener | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#channel = `kagzi_${database.schema.replaceAll('"', "")}`;
  }

  listen(onHint: (hint: Hint | undefined) => void): () => void {
    this.#listeners.add(onHint);
    this.#listener ??= new HintListener(this.#database, this.#channel, {
      onMessage: (payload) => this.#receive(payload),
      onGap: () => this.#deliver([undefined]),
      probe: () => this.#notify([this.#message([])]),
    });
    return () => {
      this.#listeners.delete(onHint);
    };
  }

  async send(hints: readonly Hint[]): Promise<void> {
    const messages: string[] = [];
    for (let at = 0; at < hints.length; at += HINTS_PER_MESSAGE) {
      messages.push(this.#message(hints.slice(at, at + HINTS_PER_MESSAGE)));
    }
    await this.#notify(messages);
  }

  close(): void {
    this.#listener?.close();
    this.#listeners.clear();
  }

  #message(hints: readonly Hint[]): string {
    return JSON.stringify({ from: this.#sender, hints });
  }

  async #notify(messages: readonly string[]): Promise<void> {
    await this.#database.run(statement("hints_send", "SELECT pg_notify($1, m) FROM unnest($2::text[]) AS m"), [
      this.#channel,
      messages,
    ]);
  }

  #receive(payload: string): void {
    const { from, hints } = parse(payload);
    if (from !== this.#sender) this.#deliver(hints);
  }

  #deliver(hints: readonly (Hint | undefined)[]): void {
    for (const listener of this.#listeners) for (const hint of hints) listener(hint);
  }
}

/** Anybody may notify our channel of anything. */
function parse(payload: string): { readonly from?: string; readonly hints: readonly (Hint | undefined)[] } {
  try {
    const message = JSON.parse(payload) as { from?: string; hints?: Hint[] };
    return { hints: [], ...message };
  } catch {
    return { hints: [undefined] };
  }
}
