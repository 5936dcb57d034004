import type { Pool, PoolClient } from "pg";

/** How often it is looked at most, while there is something to do. */
const LOOK_MS = 1000;

/**
 * Lets the plans of a pool's connections be made anew when tables have grown. A plan that was made while PostgreSQL knew
 * a table to be empty may read all of an index instead of looking rows up in it; it is kept, and costs more with every
 * row, until PostgreSQL looks at the table by itself, which may take a minute. Sizes count in powers of four, and up to
 * 32 MiB: no plan reads all of a table that is as large.
 */
export class Growth {
  readonly #pool: Pool;
  readonly #schema: string;
  /** How often plans were to be made anew, and how often each connection has done so. */
  #generation = 0;
  readonly #generationOf = new WeakMap<PoolClient, number>();
  #sizes = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** `schema` is not quoted. */
  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
    pool.on("connect", (client) => this.#generationOf.set(client, this.#generation));
  }

  /** Before a connection is used. Absent, there is nothing to wait for. */
  renew(client: PoolClient): Promise<unknown> | undefined {
    if (performance.now() - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = performance.now();
      // If it cannot be asked now, it is the next time.
      this.#look().catch(() => {});
    }
    if (this.#generationOf.get(client) === this.#generation) return undefined;
    this.#generationOf.set(client, this.#generation);
    return client.query("DISCARD PLANS");
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
