import type { Client } from "pg";
import type { Engine } from "./engine.ts";
import type { Figure } from "./figures.ts";
import { withClient } from "./postgres.ts";
import { pause } from "./programs/program.ts";
import { sizes } from "./sizes.ts";
import { measureTwins } from "./twins.ts";

const YEAR_MS = 365 * 86_400_000;
/** Rows of one INSERT. */
const CHUNK = 100_000;
/** The tables that hold what such a run is. */
const TABLES = ["runs", "history"] as const;

/** What is left of the throughput when the tables are full of runs that sleep and of runs that are over. */
export function measureFullTables(): Promise<readonly Figure[]> {
  const { fill } = sizes();
  const count = fill.toLocaleString("en-US");
  return measureTwins({ name: `with ${count} sleeping and ${count} finished runs in the tables`, prepare: fillTables });
}

/** Runs one that sleeps and one that ends, and copies both as they stand in the tables. */
async function fillTables({ client, database, worker }: Engine): Promise<void> {
  if (database === undefined) throw new Error("only PostgreSQL is filled");
  const { fill } = sizes();
  await worker.reset();
  await client.start({ first: 0, count: 1, steps: 1 });
  await client.sleep({ first: 1, count: 1, dueAt: Date.now() + YEAR_MS });
  await worker.ended(1);
  await client.settled();
  await withClient(database.url, async (sql) => {
    const schema = await schemaOf(sql);
    for (const status of ["completed", "sleeping"]) {
      const template = await templateOf(sql, schema, status);
      const columns = await Promise.all(TABLES.map((table) => columnsOf(sql, schema, table)));
      for (let begin = 0; begin < fill; begin += CHUNK) {
        const last = Math.min(begin + CHUNK, fill) - 1;
        for (const [index, table] of TABLES.entries()) {
          const names = columns[index] ?? [];
          const from = status === "completed" ? begin : fill + begin;
          await sql.query(copy(`"${schema}"."${table}"`, names), [template, from, from + last - begin]);
        }
      }
    }
    // As it is when runs have come over months: autovacuum has been here.
    await sql.query("VACUUM ANALYZE");
    await sql.query("CHECKPOINT");
  });
}

/** Ids of their own, in the order of time as all ids are. */
function copy(table: string, columns: readonly string[]): string {
  const names = columns.map((name) => `"${name}"`).join(", ");
  const hex = "lpad(to_hex(1700000000000 + g), 12, '0')";
  const id = `(substr(${hex}, 1, 8) || '-' || substr(${hex}, 9, 4) || '-7000-8000-' || lpad(to_hex(g), 12, '0'))::uuid`;
  return `INSERT INTO ${table} (run_id, ${names})
    SELECT ${id}, ${names} FROM ${table}, generate_series($2::bigint, $3::bigint) AS g WHERE run_id = $1`;
}

async function schemaOf(sql: Client): Promise<string> {
  const { rows } = await sql.query<{ schemaname: string }>(
    "SELECT schemaname FROM pg_tables WHERE tablename = 'history'",
  );
  return rows[0]?.schemaname ?? "public";
}

/** Waits until there is one: the run that is to sleep may not have come that far. */
async function templateOf(sql: Client, schema: string, status: string): Promise<string> {
  for (;;) {
    const { rows } = await sql.query<{ run_id: string }>(
      `SELECT run_id FROM "${schema}".runs WHERE namespace_id = 'default' AND status = $1 LIMIT 1`,
      [status],
    );
    if (rows[0] !== undefined) return rows[0].run_id;
    await pause(20);
  }
}

async function columnsOf(sql: Client, schema: string, table: string): Promise<string[]> {
  const { rows } = await sql.query<{ column_name: string }>(
    `SELECT column_name FROM information_schema.columns
     WHERE table_schema = $1 AND table_name = $2 AND column_name <> 'run_id'`,
    [schema, table],
  );
  return rows.map(({ column_name: name }) => name);
}
