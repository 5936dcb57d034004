import { openStore } from "@kagzi/embedded";
import { migrationsFor } from "@kagzi/store-postgres";
import { migrations as sqliteMigrations } from "@kagzi/store-sqlite";

/** Where the schema of a database is, in words. */
interface Place {
  readonly db: string;
  readonly schema: string | undefined;
}

/** Brings the schema of a database up to date. */
export async function migrateDatabase({ db, schema }: Place): Promise<string> {
  const store = await openStore(db, { ...(schema !== undefined && { schema }) });
  try {
    const version = await store.migrate();
    return `the schema has version ${version}`;
  } finally {
    await store.close();
  }
}

/** The SQL that makes the schema: for those who run it by hand, or read it first. */
export async function printMigrations({ db, schema = "kagzi" }: Place): Promise<string> {
  const list = db.startsWith("sqlite:") ? sqliteMigrations() : await migrationsFor(schema);
  return list.map(({ version, name, sql }) => `-- ${String(version).padStart(4, "0")} ${name}\n\n${sql}`).join("\n");
}
