import type { Client } from "pg";

/** How many transactions of the database PostgreSQL has ended because they waited for each other. */
export async function deadlocksOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()",
  );
  return rows[0]?.count ?? 0;
}
