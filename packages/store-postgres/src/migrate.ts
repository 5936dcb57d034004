import { readFile, readdir } from "node:fs/promises";
import { KagziError, type SchemaState } from "@kagzi/core";
import type { Client, DatabaseError } from "pg";
import { type Database, quoteSchema } from "./database.ts";
import { isTransient, translateError } from "./errors.ts";

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
 * How long a statement of a migration waits for a table. Whoever comes to the table meanwhile waits behind it, so it
 * gives up soon, lets them go first, and tries again.
 */
const LOCK_TIMEOUT_MS = 1000;
const TRIES = 12;

const LOCK_NOT_AVAILABLE = "55P03";

/**
 * Applies what is missing, each migration in a transaction of its own, and answers with the schema's version. A lock on
 * the table of migrations lets several servers start at once: one applies, the others find it done. One that is killed
 * leaves nothing of the migration that it was at.
 * @throws KagziError `PRECONDITION_FAILED` for a schema that is newer, `UNAVAILABLE` where a table stays locked by others
 */
export async function migrate(database: Database, known?: readonly Migration[]): Promise<number> {
  const wanted = known ?? (await migrations(database.schema));
  const client = await database.connect({ isPatient: true });
  try {
    await createMigrationsTable(client, database.schema);
    await refuseNewer(client, database.schema, wanted.at(-1)?.version ?? 0);
    for (const migration of wanted) await applyPatiently(client, database.schema, migration);
    return wanted.at(-1)?.version ?? 0;
  } catch (error) {
    throw translateError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Which version the schema has, 0 without one, and the newest that there is. */
export async function schemaState(database: Database): Promise<SchemaState> {
  const newest = (await migrations(database.schema)).at(-1)?.version ?? 0;
  const client = await database.connect({ isPatient: false });
  try {
    const version = (await isThere(client, database.schema)) ? await appliedVersion(client, database.schema) : 0;
    return { version, newest };
  } catch (error) {
    throw translateError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

async function createMigrationsTable(client: Client, schema: string): Promise<void> {
  // A server that may not create anything works on a schema that is there.
  if (await isThere(client, schema)) return;
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

async function isThere(client: Client, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ isThere: boolean }>(`SELECT to_regclass($1) IS NOT NULL AS "isThere"`, [
    `${schema}.migrations`,
  ]);
  return rows[0]?.isThere === true;
}

async function appliedVersion(client: Client, schema: string): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT coalesce(max(version), 0)::int AS version FROM ${schema}.migrations`,
  );
  return rows[0]?.version ?? 0;
}

async function refuseNewer(client: Client, schema: string, newestKnown: number): Promise<void> {
  const version = await appliedVersion(client, schema);
  if (version <= newestKnown) return;
  throw new KagziError(
    "PRECONDITION_FAILED",
    `the schema ${schema} has version ${version}, this server knows ${newestKnown}: start a server that is as new as the schema`,
  );
}

async function applyPatiently(client: Client, schema: string, migration: Migration): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await apply(client, schema, migration);
    } catch (error) {
      const isLocked = (error as DatabaseError).code === LOCK_NOT_AVAILABLE;
      if (!isLocked && !isTransient(error)) throw error;
      if (tries === TRIES) throw isLocked ? tableIsLocked(schema, migration, error) : error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_TIMEOUT_MS * (0.25 + Math.random() / 2)));
    }
  }
}

function tableIsLocked(schema: string, { name, version }: Migration, cause: unknown): KagziError {
  return new KagziError(
    "UNAVAILABLE",
    `migration ${version} (${name}) of ${schema} cannot be applied: a table that it changes stays locked; end the ` +
      "transactions that pg_locks names for it, or wait until another server has finished migrating",
    { cause },
  );
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
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = 0`);
    // Others may read it: servers that start meanwhile, and those who ask for the version.
    await client.query(`LOCK TABLE ${schema}.migrations IN SHARE ROW EXCLUSIVE MODE`);
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
