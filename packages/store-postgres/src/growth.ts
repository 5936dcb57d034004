import type { Pool, PoolClient } from "pg";

/** How often it is looked at most, while there is something to do. */
const LOOK_MS = 1000;

/**
 * Lets the plans of connections be made anew when tables have grown. A plan that was made while PostgreSQL knew a table to
 * be empty may read all of an index instead of looking rows up in it; it is kept, and costs more with every row, until
 * PostgreSQL looks at the table by itself, which may take a minute. Sizes count in powers of four, and up to 32 MiB: no
 * plan reads all of a table that is as large.
 */
export class Growth {
  readonly #pool: Pool;
  readonly #schema: string;
  /** How often plans were to be made anew, and how often that was when each connection last made its own. */
  #generation = 0;
  readonly #generationOf = new WeakMap<PoolClient, number>();
  #sizes = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** Looks over a connection of `pool`, and so keeps nobody waiting: it waits for tables that are locked. `schema` is not quoted. */
  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
  }

  /** Before a connection is used. Absent, there is nothing to wait for. */
  renew(client: PoolClient): Promise<unknown> | undefined {
    this.#lookSometimes();
    const known = this.#generationOf.get(client);
    if (known === this.#generation) return undefined;
    this.#generationOf.set(client, this.#generation);
    return known === undefined ? undefined : client.query("DISCARD PLANS");
  }

  #lookSometimes(): void {
    if (performance.now() - this.#lookedAt < LOOK_MS) return;
    // Not again before it has answered.
    this.#lookedAt = Number.POSITIVE_INFINITY;
    void this.#look()
      // If it cannot be asked now, it is the next time.
      .catch(() => {})
      .finally(() => (this.#lookedAt = performance.now()));
  }

  async #look(): Promise<void> {
    const { rows } = await this.#pool.query<{ name: string; size: number }>(SIZES, [this.#schema]);
    if (rows.some(({ name, size }) => size > (this.#sizes.get(name) ?? size))) this.#generation += 1;
    this.#sizes = new Map(rows.map(({ name, size }) => [name, size]));
  }
}

const SIZES = `
  SELECT c.relname AS name, least(6, floor(log(4.0, 1 + pg_relation_size(c.oid) / 8192)))::int AS size
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind = 'r'`;
