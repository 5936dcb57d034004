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

  /** Resolves when a COMMIT is held. */
  holdNext(): Promise<void> {
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
    if (args[0] !== "COMMIT") return this.#note(client, textOf(args[0]));
    if (this.#onHeld === undefined || !this.#writers.has(client)) return undefined;
    const onHeld = this.#onHeld;
    this.#onHeld = undefined;
    const held = new Promise<void>((resolve) => (this.#letGo = resolve));
    onHeld();
    return held.then(() => Reflect.apply(this.#query, client, args));
  }

  #note(client: Client, text: string): undefined {
    if (text.startsWith("BEGIN")) this.#writers.delete(client);
    if (WRITES.test(text)) this.#writers.add(client);
  }
}

function textOf(query: unknown): string {
  return typeof query === "string" ? query : ((query as { readonly text?: string }).text ?? "");
}
