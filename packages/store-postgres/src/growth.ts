import type { Pool, PoolClient } from "pg";

/** How often it is looked at most, while there is something to do. */
const LOOK_MS = 1000;

/**
 * Lets the plans of a pool's connections be made anew when tables have grown. A plan that was made while PostgreSQL knew
 * a table to be empty may read all of an index instead of looking rows up in it; it is kept, and costs more with every
 * row, until PostgreSQL looks at the table by itself, which may take a minute. Sizes count in powers of four, and up to
 * 32 MiB: no plan reads all of a table that is as large. `schema` is not quoted. What `vital` is for never waits for a look,
 * which waits for tables that are locked.
 */
export function watchGrowth(pools: { readonly pool: Pool; readonly vital: Pool }, schema: string): void {
  // How often plans were to be made anew, and how often each connection did so.
  let generation = 0;
  const generationOf = new WeakMap<PoolClient, number>();
  let sizes = new Map<string, number>();
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = async () => {
    const { rows } = await pools.pool.query<{ name: string; size: number }>(SIZES, [schema]);
    if (rows.some(({ name, size }) => size > (sizes.get(name) ?? size))) generation += 1;
    sizes = new Map(rows.map(({ name, size }) => [name, size]));
  };
  const lookSometimes = () => {
    if (performance.now() - lookedAt < LOOK_MS) return;
    // Not again before it has answered.
    lookedAt = Number.POSITIVE_INFINITY;
    // If it cannot be asked now, it is the next time.
    void look()
      .catch(() => {})
      .finally(() => (lookedAt = performance.now()));
  };
  for (const pool of [pools.pool, pools.vital]) {
    pool.on("connect", (client) => generationOf.set(client, generation));
    pool.on("acquire", (client) => {
      if (generationOf.get(client) !== generation) {
        generationOf.set(client, generation);
        // It goes before whatever the connection is wanted for. If it fails, so does that.
        client.query("DISCARD PLANS").catch(() => {});
      }
      lookSometimes();
    });
  }
}

const SIZES = `
  SELECT c.relname AS name, least(6, floor(log(4.0, 1 + pg_relation_size(c.oid) / 8192)))::int AS size
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind = 'r'`;
