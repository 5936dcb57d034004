import { Client } from "pg";

type Query = (this: Client, ...args: unknown[]) => unknown;

/** What changes or locks rows. */
const WRITES = /\b(INSERT|UPDATE|DELETE|FOR SHARE)\b/;

/** Holds the next COMMIT of more than a look that goes to a port of PostgreSQL, until it is let go. */
export class HeldCommits {
  readonly #port: number;
  readonly #query: Query;
  /** Connections in a transaction that has written something. */
  readonly #writers = new WeakSet<Client>();
  #onHeld: (() => void) | undefined;
  #part: string | undefined;
  #letGo: (() => void) | undefined;

  constructor(port: number) {
    this.#port = port;
    this.#query = (Object.getOwnPropertyDescriptor(Client.prototype, "query") as { readonly value: Query }).value;
    const query = this.#query;
    const intercept = (client: Client, args: unknown[]) => this.#intercept(client, args);
    Client.prototype.query = function (this: Client, ...args: unknown[]) {
      return (intercept(this, args) ?? Reflect.apply(query, this, args)) as never;
    };
  }

  /** Resolves when one is held, or, with a part of its text, another statement. */
  holdNext(part?: string): Promise<void> {
    this.#part = part;
    return new Promise((resolve) => (this.#onHeld = resolve));
  }

  /** Lets it go; if none was held, none will be. */
  release(): void {
    this.#onHeld = undefined;
    this.#letGo?.();
    this.#letGo = undefined;
  }

  restore(): void {
    Client.prototype.query = this.#query as typeof Client.prototype.query;
  }

  #intercept(client: Client, args: unknown[]): unknown {
    if (client.port !== this.#port) return undefined;
    const text = textOf(args[0]);
    this.#note(client, text);
    const onHeld = this.#onHeld;
    if (onHeld === undefined || !this.#isMeant(client, text)) return undefined;
    this.#onHeld = undefined;
    const held = new Promise<void>((resolve) => (this.#letGo = resolve));
    onHeld();
    return held.then(() => Reflect.apply(this.#query, client, args));
  }

  #isMeant(client: Client, text: string): boolean {
    return this.#part === undefined ? text === "COMMIT" && this.#writers.has(client) : text.includes(this.#part);
  }

  #note(client: Client, text: string): void {
    if (text.startsWith("BEGIN")) this.#writers.delete(client);
    if (WRITES.test(text)) this.#writers.add(client);
  }
}

function textOf(query: unknown): string {
  return typeof query === "string" ? query : ((query as { readonly text?: string }).text ?? "");
}
