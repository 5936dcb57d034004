import { readFile, readdir } from "node:fs/promises";
import { KagziError } from "@kagzi/core";
import type { Client, DatabaseError } from "pg";
import { type Database, quoteSchema } from "./database.ts";
import { translateError } from "./errors.ts";

/** A numbered step of the schema. It is never changed once it is released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** With the schema's name in place. */
  readonly sql: string;
}

const FOLDER = new URL("../migrations/", import.meta.url);

/** All migrations, oldest first, for a schema of that name. @throws KagziError `INVALID_ARGUMENT` for one that none can have */
export async function migrationsFor(name: string): Promise<readonly Migration[]> {
  return migrations(quoteSchema(name));
}

/** All migrations, oldest first, for a schema of that (quoted) name. */
async function migrations(schema: string): Promise<readonly Migration[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".sql")).toSorted();
  return Promise.all(
    files.map(async (file) => ({
      version: Number(file.slice(0, 4)),
      name: file.slice(5, -4),
      sql: (await readFile(new URL(file, FOLDER), "utf8")).replaceAll(':"schema"', schema),
    })),
  );
}

/**
 * Applies what is missing, each migration in a transaction of its own, and answers with the schema's version. A lock on
 * the table of migrations lets several servers start at once: one applies, the others find it done.
 */
export async function migrate(database: Database): Promise<number> {
  const known = await migrations(database.schema);
  const client = await database.connect();
  try {
    await createMigrationsTable(client, database.schema);
    for (const migration of known) await apply(client, database.schema, migration);
    return await versionOf(client, database.schema, known.at(-1)?.version ?? 0);
  } catch (error) {
    throw translateError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function createMigrationsTable(client: Client, schema: string): Promise<void> {
  // IF NOT EXISTS does not keep two sessions from creating the same name at once: one of them is told that it exists.
  const existsAlready = new Set(["23505", "42710", "42P06", "42P07"]);
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS ${schema}`,
    `CREATE TABLE IF NOT EXISTS ${schema}.migrations (
       version integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  ];
  for (const statement of statements) {
    await client.query(statement).catch((error: unknown) => {
      if (!existsAlready.has((error as DatabaseError).code ?? "")) throw error;
    });
  }
}

async function apply(client: Client, schema: string, migration: Migration): Promise<void> {
  const isApplied = async () => {
    const { rowCount } = await client.query(`SELECT 1 FROM ${schema}.migrations WHERE version = $1`, [
      migration.version,
    ]);
    return rowCount === 1;
  };
  // Looked at without the lock first, so that a server that has nothing to do waits for nobody.
  if (await isApplied()) return;
  await client.query("BEGIN");
  try {
    await client.query("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0");
    await client.query(`LOCK TABLE ${schema}.migrations IN ACCESS EXCLUSIVE MODE`);
    if (!(await isApplied())) {
      await client.query(migration.sql);
      await client.query(`INSERT INTO ${schema}.migrations (version, name) VALUES ($1, $2)`, [
        migration.version,
        migration.name,
      ]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

async function versionOf(client: Client, schema: string, newestKnown: number): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT coalesce(max(version), 0)::int AS version FROM ${schema}.migrations`,
  );
  const version = rows[0]?.version ?? 0;
  if (version > newestKnown) {
    throw new KagziError(
      "PRECONDITION_FAILED",
      `the schema ${schema} has version ${version}, this server knows ${newestKnown}: start a server that is as new as the schema`,
    );
  }
  return version;
}
