import { readFileSync, readdirSync } from "node:fs";
import { KagziError, type SchemaState } from "@kagzi/core";
import type { Database } from "./database.ts";

/** A numbered step of the schema. It is never changed once it is released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

const FOLDER = new URL("../migrations/", import.meta.url);

/** All migrations, oldest first. */
export function migrations(): readonly Migration[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".sql"));
  return files.toSorted().map((file) => ({
    version: Number(file.slice(0, 4)),
    name: file.slice(5, -4),
    sql: readFileSync(new URL(file, FOLDER), "utf8"),
  }));
}

/**
 * Applies what is missing, each migration in a transaction of its own, and answers with the schema's version. A process
 * that is killed leaves nothing of the migration that it was at; another one cannot have the file meanwhile.
 * @throws KagziError `PRECONDITION_FAILED` for a schema that is newer
 */
export function migrate(database: Database, known: readonly Migration[] = migrations()): number {
  database.exec(
    "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
  );
  const newest = known.at(-1)?.version ?? 0;
  refuseNewer(database, newest);
  for (const migration of known) apply(database, migration);
  return newest;
}

/** Which version the schema has, 0 without one, and the newest that there is. */
export function schemaState(database: Database): SchemaState {
  const newest = migrations().at(-1)?.version ?? 0;
  const isThere = database.all("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").length > 0;
  return { version: isThere ? appliedVersion(database) : 0, newest };
}

function appliedVersion(database: Database): number {
  const [row] = database.all<{ version: number }>("SELECT coalesce(max(version), 0) AS version FROM migrations");
  return row?.version ?? 0;
}

function refuseNewer(database: Database, newestKnown: number): void {
  const version = appliedVersion(database);
  if (version <= newestKnown) return;
  throw new KagziError(
    "PRECONDITION_FAILED",
    `the database has schema version ${version}, this server knows ${newestKnown}: start a server that is as new as the schema`,
  );
}

function apply(database: Database, migration: Migration): void {
  database.transaction(() => {
    const applied = database.all("SELECT 1 FROM migrations WHERE version = ?", [migration.version]);
    if (applied.length > 0) return;
    database.exec(migration.sql);
    database.change("INSERT INTO migrations VALUES (?, ?, ?)", [migration.version, migration.name, database.now()]);
  });
}
