import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { inject } from "vitest";
import { Database as Postgres } from "../../packages/store-postgres/src/database.ts";
import { migrate as migratePostgres, migrationsFor } from "../../packages/store-postgres/src/migrate.ts";
import { Database as Sqlite } from "../../packages/store-sqlite/src/database.ts";
import { migrate as migrateSqlite, migrations } from "../../packages/store-sqlite/src/migrate.ts";

/** The tables and columns of a schema. */
export type Shape = ReadonlyMap<string, readonly string[]>;

/** A database of a fixture: what differs between the two stores. */
export interface FixtureDatabase {
  readonly kind: "postgres" | "sqlite";
  readonly url: string;
  readonly schema: string;
  /** Makes the schema as it was at that version. */
  migrateTo(version: number): Promise<void>;
  shape(): Promise<Shape>;
  /** The rows of tables at one moment, each as the VALUES of an INSERT, in one order; as if `change` had been done before. */
  rows(tables: Shape, change: string): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Runs statements in which `:"schema".` stands before the names of tables. */
  run(sql: string): Promise<void>;
  remove(): Promise<void>;
}

export const KINDS = ["postgres", "sqlite"] as const;

/** The newest version that there is. */
export const HEAD = Math.max(...migrations().map(({ version }) => version));

/** Where the fixture of a version is kept. */
export function fixturePath(kind: FixtureDatabase["kind"], version: number): URL {
  return new URL(`schemas/${String(version).padStart(4, "0")}.${kind}.sql`, import.meta.url);
}

/** A database of its own, empty at first. */
export function newDatabase(kind: FixtureDatabase["kind"]): FixtureDatabase {
  return kind === "postgres" ? postgresDatabase() : sqliteDatabase();
}

/** A database with what a fixture holds, and the time at which that was taken. */
export async function restore(kind: FixtureDatabase["kind"], version: number) {
  const database = newDatabase(kind);
  await database.migrateTo(version);
  const sql = readFileSync(fixturePath(kind, version), "utf8");
  await database.run(sql);
  const takenAt = Date.parse(/^-- taken at (\S+)$/m.exec(sql)?.[1] ?? "");
  return { database, takenAt };
}

let schemas = 0;

function postgresDatabase(): FixtureDatabase {
  const url = inject("postgresUrl");
  const schema = `upgrade_${process.pid}_${++schemas}`;
  const use = async <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
    const client = new Client({ connectionString: url, options: "-c timezone=UTC" });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const query = (text: string) => use(async (client) => (await client.query<Record<string, string>>(text)).rows);
  return {
    kind: "postgres",
    url,
    schema,
    async migrateTo(version) {
      const database = new Postgres({ url, schema });
      await migratePostgres(database, (await migrationsFor(schema)).slice(0, version));
      await database.close();
    },
    async shape() {
      const found = await query(
        `SELECT table_name AS table, column_name AS column FROM information_schema.columns
         WHERE table_schema = '${schema}' ORDER BY table_name, ordinal_position`,
      );
      return shapeOf(found);
    },
    rows: (tables, change) =>
      use(async (client) => {
        await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
        await client.query(change.replaceAll(':"schema"', schema));
        const found = new Map<string, string[]>();
        for (const [table, columns] of tables) {
          const values = columns.map((column) => `quote_nullable("${column}"::text)`).join(" || ', ' || ");
          const { rows } = await client.query<{ row: string }>(
            `SELECT ${values} AS row FROM ${schema}.${table} ORDER BY 1`,
          );
          found.set(
            table,
            rows.map(({ row }) => row),
          );
        }
        return found;
      }),
    async run(sql) {
      await query(sql.replaceAll(':"schema"', schema));
    },
    async remove() {
      await query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    },
  };
}

interface Libsql {
  prepare(sql: string): { all(): unknown[] };
  exec(sql: string): void;
  close(): void;
}

function sqliteDatabase(): FixtureDatabase {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-upgrade-"));
  const path = join(folder, "test.db");
  // Beside the engine that has the file, which keeps only other engines off it.
  const use = <Result>(work: (database: Libsql) => Result): Result => {
    const database = new (createRequire(import.meta.url)("libsql") as new (file: string) => Libsql)(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const query = (sql: string) => use((database) => database.prepare(sql).all() as Record<string, string>[]);
  return {
    kind: "sqlite",
    url: `sqlite:${path}`,
    schema: "unused",
    async migrateTo(version) {
      const database = new Sqlite({ path });
      migrateSqlite(database, migrations().slice(0, version));
      database.close();
    },
    async shape() {
      return shapeOf(
        query(
          `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m, pragma_table_info(m.name) c
           WHERE m.type = 'table' ORDER BY m.name, c.cid`,
        ),
      );
    },
    async rows(tables, change) {
      return use((database) => {
        database.exec(`BEGIN IMMEDIATE; ${change.replaceAll(':"schema".', "")}`);
        const found = new Map<string, string[]>();
        for (const [table, columns] of tables) {
          const values = columns.map((column) => `quote("${column}")`).join(" || ', ' || ");
          const rows = database.prepare(`SELECT ${values} AS row FROM ${table} ORDER BY 1`).all() as { row: string }[];
          found.set(
            table,
            rows.map(({ row }) => row),
          );
        }
        database.exec("ROLLBACK");
        return found;
      });
    },
    async run(sql) {
      use((database) => database.exec(sql.replaceAll(':"schema".', "")));
    },
    async remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function shapeOf(rows: readonly Record<string, string>[]): Shape {
  const shape = new Map<string, string[]>();
  for (const { column = "", table = "" } of rows) {
    if (table === "migrations") continue;
    shape.set(table, [...(shape.get(table) ?? []), column]);
  }
  return shape;
}
