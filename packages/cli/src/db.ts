import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { KagziError, type Store } from "@kagzi/core";
import type { Command } from "commander";
import { group, withExamples } from "./examples.ts";
import { createOutput, said, showRecord, write } from "./output.ts";
import { withOutput } from "./session.ts";
import { type Flags, readSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

type DbFlags = Flags & { readonly output?: string };

/** Where the schema of a database is, in words. */
interface Place {
  readonly db: string;
  readonly schema: string | undefined;
}

/** The commands about the database. */
export function addDb(kagzi: Command, cli: Surroundings): void {
  const db = group(kagzi, "db", "look after the database");
  addMigrate(db, cli);
  addStatus(db, cli);
  const print = withDatabase(db.command("print")).description(
    "print the SQL of the schema; --db postgres: or sqlite: says for which database",
  );
  withExamples(print, "kagzi db print --db sqlite:", "kagzi db print --db postgres: --schema kagzi").action(
    async (flags: DbFlags) => write(cli, await printMigrations(readSettings(flags, cli.env, "postgres:"))),
  );
}

/** A command that needs to know the database. */
export function withDatabase(command: Command): Command {
  return command
    .option("--db <url>", "postgres://… or sqlite:file (KAGZI_DB_URL)")
    .option("--schema <name>", "the schema in PostgreSQL (KAGZI_DB_SCHEMA, default: kagzi)");
}

function addMigrate(db: Command, cli: Surroundings): void {
  const command = withOutput(withDatabase(db.command("migrate"))).description(
    "bring the schema up to date; servers do so by themselves when they start",
  );
  withExamples(
    command,
    "kagzi db migrate --db sqlite:./kagzi.db",
    "kagzi db migrate --db postgres://user@host/database --schema kagzi",
  ).action(async (flags: DbFlags) => {
    await withStore(databaseOf(cli, flags), async (store) => {
      const version = await store.migrate();
      const thing = { json: { version }, id: String(version) };
      said(createOutput(cli, flags.output), `the schema has version ${version}`, thing);
    });
  });
}

function addStatus(db: Command, cli: Surroundings): void {
  const command = withOutput(withDatabase(db.command("status"))).description(
    "show the version of the schema, and the one that this program brings it to; nothing is changed",
  );
  withExamples(
    command,
    "kagzi db status --db sqlite:./kagzi.db",
    "kagzi db status --db postgres://user@host/database -o json",
  ).action(async (flags: DbFlags) => {
    const place = databaseOf(cli, flags);
    refuseMissingFile(cli, place.db);
    await withStore(place, async (store) => {
      const { newest, version } = await store.schemaState();
      showRecord(createOutput(cli, flags.output), {
        fields: [
          ["database", store.kind],
          ["schema", version === 0 ? "not there yet" : `version ${version}`],
          ["newest", `version ${newest}`],
          ["next", nextFor(version, newest)],
        ],
        json: { database: store.kind, version, newest },
        id: String(version),
      });
    });
  });
}

function nextFor(version: number, newest: number): string {
  if (version === newest) return "nothing: it is up to date";
  if (version < newest) return "kagzi db migrate, or start a server of this version";
  return "start servers and tools that are as new as the schema";
}

/** @throws KagziError `INVALID_ARGUMENT` where no database is given */
export function databaseOf(cli: Pick<Surroundings, "env">, flags: Flags): Place {
  const place = readSettings(flags, cli.env, "");
  if (place.db !== "") return place;
  throw new KagziError(
    "INVALID_ARGUMENT",
    "which database? give --db or KAGZI_DB_URL: postgres://… or sqlite:./kagzi.db",
  );
}

/** Opening a file makes it: who only looks must not. @throws KagziError `NOT_FOUND` */
export function refuseMissingFile({ cwd }: Surroundings, db: string): void {
  const path = /^sqlite:(.+)$/su.exec(db)?.[1];
  if (path === undefined || path === ":memory:" || existsSync(resolve(cwd, path))) return;
  throw new KagziError("NOT_FOUND", `there is no file ${path}; kagzi db migrate --db ${db} makes it`, {
    subject: "database",
    subjectId: path,
  });
}

/** Opens a database, and closes it whatever happens. */
export async function withStore({ db, schema }: Place, work: (store: Store) => Promise<void>): Promise<void> {
  const { openStore } = await import("@kagzi/embedded");
  const store = await openStore(db, { ...(schema !== undefined && { schema }) });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** The SQL that makes the schema: for those who run it by hand, or read it first. */
async function printMigrations({ db, schema = "kagzi" }: Place): Promise<string> {
  const list = await (db.startsWith("sqlite:")
    ? import("@kagzi/store-sqlite").then(({ migrations }) => migrations())
    : import("@kagzi/store-postgres").then(({ migrationsFor }) => migrationsFor(schema)));
  return list.map(({ name, sql, version }) => `-- ${String(version).padStart(4, "0")} ${name}\n\n${sql}`).join("\n");
}
