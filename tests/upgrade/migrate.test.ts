import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import { cliProgram } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { Client as PostgresClient } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { Database as Postgres } from "../../packages/store-postgres/src/database.ts";
import { type Migration, migrate, migrationsFor } from "../../packages/store-postgres/src/migrate.ts";
import { Database as Sqlite } from "../../packages/store-sqlite/src/database.ts";
import { migrate as migrateSqlite, migrations as sqliteMigrations } from "../../packages/store-sqlite/src/migrate.ts";
import { keepCalling } from "../e2e/keep-calling.ts";
import { type FixtureDatabase, HEAD, newDatabase, restore } from "./databases.ts";

const PATIENCE = { timeout: 20_000, interval: 10 };
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** The migration after this one changes the runs, which is what others are in the middle of here. */
const BEFORE = 4;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A session of somebody else, in the middle of a transaction that has read runs. */
async function reader(database: FixtureDatabase): Promise<PostgresClient> {
  const client = new PostgresClient({ connectionString: database.url });
  await client.connect();
  ends.push(() => client.end());
  await client.query(`BEGIN; SELECT count(*) FROM ${database.schema}.runs`);
  return client;
}

function connect(database: FixtureDatabase): Postgres {
  const pool = new Postgres({ url: database.url, schema: database.schema });
  ends.push(() => pool.close());
  return pool;
}

async function restored(version: number): Promise<FixtureDatabase> {
  const { database } = await restore("postgres", version);
  ends.push(() => database.remove());
  return database;
}

async function versionsOf(database: FixtureDatabase): Promise<readonly string[]> {
  const rows = await database.rows(new Map([["migrations", ["version"]]]), "");
  return rows.get("migrations") ?? [];
}

/** How many sessions wait for a lock on the runs. */
async function waiting(client: PostgresClient, { schema }: FixtureDatabase): Promise<number> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_locks WHERE NOT granted AND relation = '${schema}.runs'::regclass`,
  );
  return rowCount ?? 0;
}

describe("a migration on PostgreSQL", () => {
  it("is made once by those who come at once, and the others find it made", async () => {
    const database = await restored(BEFORE);
    const versions = await Promise.all(Array.from({ length: 6 }, () => migrate(connect(database))));
    expect(new Set(versions)).toEqual(new Set([HEAD]));
    expect(await versionsOf(database)).toHaveLength(HEAD);
  });

  it("that is killed in the middle leaves nothing, and is made by the next one", async () => {
    const database = await restored(BEFORE);
    const other = await reader(database);
    const shape = await database.shape();
    const program = cliProgram(["db", "migrate", "--db", database.url, "--schema", database.schema]);
    program.spawn();
    await expect.poll(() => waiting(other, database), PATIENCE).toBe(1);
    await program.kill();
    await other.query("COMMIT");
    await expect.poll(() => waiting(other, database), PATIENCE).toBe(0);
    expect([await versionsOf(database), await database.shape()]).toEqual([versionsUpTo(BEFORE), shape]);
    expect(await migrate(connect(database))).toBe(HEAD);
  });

  it("waits a second for a table that others use, lets go first who came behind it, and is made when they are done", async () => {
    const database = await restored(BEFORE);
    const other = await reader(database);
    const user = new PostgresClient({ connectionString: database.url });
    await user.connect();
    ends.push(() => user.end());
    const migrated = migrate(connect(database));
    const waits: number[] = [];
    // Behind it, until it has given up twice.
    while (waits.length < 2) {
      await expect.poll(() => waiting(other, database), PATIENCE).toBe(1);
      const begun = performance.now();
      await user.query(`SELECT 1 FROM ${database.schema}.runs LIMIT 1`);
      waits.push(performance.now() - begun);
    }
    expect(Math.max(...waits)).toBeLessThan(2000);
    await other.query("COMMIT");
    expect(await migrated).toBe(HEAD);
  });

  it("says which table's users to end where they do not come to an end", { timeout: 60_000 }, async () => {
    const database = await restored(BEFORE);
    await reader(database);
    const error = migrate(connect(database));
    await expect(error).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("pg_locks") });
    expect(await versionsOf(database)).toEqual(versionsUpTo(BEFORE));
  });

  it("that fails at its end leaves nothing of what it did before", async () => {
    const database = await restored(HEAD);
    const shape = await database.shape();
    const broken = await next(database, `ALTER TABLE :"schema".runs ADD COLUMN more text; SELECT 1 / 0`);
    await expect(migrate(connect(database), broken)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await database.shape()).toEqual(shape);
  });

  it("is not needed by a server that may only read and write", async () => {
    const database = await restored(HEAD);
    const role = `limited_${process.pid}`;
    await database.run(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA :"schema" TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO ${role}`);
    ends.push(() => database.run(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    const url = new URL(database.url);
    url.username = role;
    const store = await openStore(url.href, { schema: database.schema });
    ends.push(() => store.close());
    expect(await store.migrate()).toBe(HEAD);
  });
});

describe("a migration on SQLite", () => {
  it("that fails at its end leaves nothing of what it did before", async () => {
    const { database } = await restore("sqlite", HEAD);
    ends.push(() => database.remove());
    const shape = await database.shape();
    const file = new Sqlite({ path: database.url.replace("sqlite:", "") });
    const sql = "ALTER TABLE runs ADD COLUMN more TEXT; SELECT * FROM nowhere";
    const broken = [...sqliteMigrations(), { version: HEAD + 1, name: "broken", sql }];
    expect(() => migrateSqlite(file, broken)).toThrow("nowhere");
    expect(migrateSqlite(file)).toBe(HEAD);
    file.close();
    expect(await database.shape()).toEqual(shape);
  });
});

describe("a migration of the next release, while servers of this one are at full work", () => {
  it("fails no call and keeps none waiting for two seconds, and servers that run go on", async () => {
    const database = newDatabase("postgres");
    ends.push(() => database.remove());
    const { client, store } = await work(database);
    const load = keepCalling(client);
    await expect.poll(() => load.done(), PATIENCE).toBeGreaterThan(100);
    await expect(migrate(connect(database), await next(database, EXPAND))).resolves.toBe(HEAD + 1);
    const before = load.done();
    await expect.poll(() => load.done(), PATIENCE).toBeGreaterThan(before + 100);
    expect(await load.stop()).toEqual([]);
    expect(load.slowestMs()).toBeLessThan(2000);
    expect(await store.violations()).toEqual([]);
    // One that starts now does not know what it would write to.
    const older = await openStore(database.url, { schema: database.schema });
    ends.push(() => older.close());
    await expect(older.migrate()).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining(`has version ${HEAD + 1}, this server knows ${HEAD}`),
    });
  });
});

/** What a release may do to a schema that the one before it still uses. */
const EXPAND = `
  ALTER TABLE :"schema".runs ADD COLUMN later text, ADD COLUMN counted integer NOT NULL DEFAULT 0;
  ALTER TABLE :"schema".history ADD COLUMN later text;
  ALTER TABLE :"schema".workers ADD COLUMN later boolean NOT NULL DEFAULT false;
  ALTER TABLE :"schema".runs ADD CONSTRAINT runs_counted CHECK (counted >= 0) NOT VALID;
  CREATE TABLE :"schema".later (run_id uuid PRIMARY KEY);
  CREATE INDEX runs_later ON :"schema".runs (later) WHERE later IS NOT NULL;`;

async function next({ schema }: FixtureDatabase, sql: string): Promise<readonly Migration[]> {
  const known = await migrationsFor(schema);
  return [...known, { version: HEAD + 1, name: "next", sql: sql.replaceAll(':"schema"', `"${schema}"`) }];
}

function versionsUpTo(version: number): readonly string[] {
  return Array.from({ length: version }, (_, index) => `'${index + 1}'`);
}

async function work(database: FixtureDatabase) {
  const store = await openStore(database.url, { schema: database.schema });
  const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { leaseMs: 5000 } });
  await server.ready;
  const steps = workflow("steps", async (ctx, n: number) => {
    const first = await ctx.step("first", () => n);
    await ctx.sleep("short", 1);
    return ctx.step("second", () => first + 1);
  });
  const worker = new Worker({ url: server.url, workflows: [steps], logger: quiet });
  await worker.start();
  const client = new Client({ url: server.url });
  ends.push(async () => {
    await client.close();
    await worker.stop();
    await server.stop();
    await store.close();
  });
  return { client, store };
}
