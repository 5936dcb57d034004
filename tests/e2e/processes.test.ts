import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@kagzi/embedded";
import { type PostgresCluster, type Program, cliProgram, createPostgres, freePort } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { Client as PostgresClient } from "pg";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const hello = workflow("hello", async (ctx) => ctx.step("say", () => "hello"));

let folder: string;
let port: number;
let programs: Program[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kagzi-processes-"));
  port = await freePort();
  programs = [];
});

afterEach(async () => {
  for (const program of programs) await program.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** `kagzi server` with these flags, as it is started and not yet ready. */
function server(...flags: string[]): Program {
  const program = cliProgram(["server", "--port", String(port), ...flags], { KAGZI_LOG_LEVEL: "warn" });
  program.spawn();
  programs.push(program);
  return program;
}

/** Waits until a page answers with this status. */
async function until(status: number, page = "readyz"): Promise<string> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/${page}`).catch(() => undefined);
    const text = (await answer?.text()) ?? "";
    if (answer?.status === status) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("a server on a PostgreSQL that could lose what was committed", () => {
  it.each([
    ["says so", false, "PostgreSQL runs with fsync = off"],
    ["says nothing of it where it could not", true, undefined],
  ] as const)("%s", async (_, durable, warning) => {
    const cluster = await createPostgres({ durable });
    try {
      await cluster.start();
      const program = server("--db", cluster.url);
      await until(200);
      if (warning === undefined) expect(program.output).not.toContain("PostgreSQL runs with");
      else expect(program.output).toContain(warning);
    } finally {
      await cluster.remove();
    }
  });
});

describe("a server whose database is not there", () => {
  let cluster: PostgresCluster;

  beforeEach(async () => {
    cluster = await createPostgres({ durable: true });
  });

  afterEach(() => cluster.remove());

  it("waits for it, says so, and works when it comes, goes and comes back", async () => {
    server("--db", cluster.url, "--lease", "1500");
    expect(await until(503)).toMatch(/^(starting: )?the store (does not answer|has not answered yet)/);
    expect(await until(200, "healthz")).toBe("ok\n");
    await cluster.start();
    await until(200);
    const client = new Client({ url: `http://127.0.0.1:${port}` });
    const worker = new Worker({ url: `http://127.0.0.1:${port}`, workflows: [hello], logger: quiet });
    await worker.start();
    expect(await (await client.start(hello, undefined)).result()).toBe("hello");
    await cluster.kill();
    await until(503);
    // A start waits, too, rather than fail at once.
    const started = client.start(hello, undefined);
    await cluster.start();
    await until(200);
    expect(await (await started).result()).toBe("hello");
    await worker.stop();
    await client.close();
  });

  it("lets workers that it has lost with their rows register again", async () => {
    await cluster.start();
    server("--db", cluster.url, "--lease", "1500");
    await until(200);
    const client = new Client({ url: `http://127.0.0.1:${port}` });
    const worker = new Worker({ url: `http://127.0.0.1:${port}`, workflows: [hello], logger: quiet });
    await worker.start();
    const before = worker.id;
    const postgres = new PostgresClient({ connectionString: cluster.url });
    await postgres.connect();
    await postgres.query("DELETE FROM kagzi.workers");
    await postgres.end();
    expect(await (await client.start(hello, undefined)).result()).toBe("hello");
    expect(worker.id).not.toBe(before);
    await worker.stop();
    await client.close();
  });

  it("can be stopped while it waits", async () => {
    const program = server("--db", cluster.url);
    await until(503);
    expect(await program.stop()).toBe(0);
  });
});

describe("a server that cannot work, and no waiting cures it,", () => {
  it("ends with what is wrong: the port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const program = server("--db", `sqlite:${folder}/kagzi.db`);
    expect(await program.exited()).toBe(4);
    expect(program.output).toContain(`127.0.0.1:${port} is taken`);
    await new Promise((resolve) => other.close(resolve));
  });

  it("ends with what is wrong: another server has the file", async () => {
    const db = `sqlite:${folder}/kagzi.db`;
    const first = server("--db", db);
    await until(200);
    const second = cliProgram(["server", "--port", "0", "--db", db]);
    second.spawn();
    programs.push(second);
    expect(await second.exited()).toBe(4);
    expect(second.output).toMatch(/kagzi\.db.* (is used|in use|another process)/);
    // When the first one ends, the file is free again.
    expect(await first.stop()).toBe(0);
    server("--db", db);
    await until(200);
  });

  it("ends with what is wrong: the schema of SQLite is newer", async () => {
    const db = `sqlite:${folder}/kagzi.db`;
    const store = await openStore(db);
    await store.migrate();
    await store.close();
    await makeNewer(`${folder}/kagzi.db`);
    const program = server("--db", db);
    expect(await program.exited()).toBe(4);
    expect(program.output).toContain("the database has schema version 9999");
  });

  it("ends with what is wrong: the schema of PostgreSQL is newer", async () => {
    const url = inject("postgresUrl");
    const schema = `newer_${process.pid}`;
    const store = await openStore(url, { schema });
    await store.migrate();
    await store.close();
    const postgres = new PostgresClient({ connectionString: url });
    await postgres.connect();
    await postgres.query(`INSERT INTO ${schema}.migrations (version, name) VALUES (9999, 'later')`);
    await postgres.end();
    const program = server("--db", url, "--schema", schema);
    expect(await program.exited()).toBe(4);
    expect(program.output).toContain("has version 9999, this server knows");
  });

  it.each([
    [["--db", "mysql://user:secret@host/db"], '"mysql://…" is no address of a store'],
    [["--db", "sqlite:/dev/null/kagzi.db"], "/dev/null/kagzi.db"],
    [["--db", "sqlite::memory:", "--port", "99999"], "port must be a whole number"],
    [["--db", "sqlite::memory:", "--lease", "soon"], "lease must be a whole number"],
    [["--db", "sqlite::memory:", "--retention", "soon"], 'the retention, which may also be "off", cannot be "soon"'],
    [["--db", "sqlite::memory:", "--retention", "0s"], "which would remove runs at their end"],
    [["--db", "sqlite::memory:", "--host", "192.0.2.1"], "192.0.2.1 is no address of this computer"],
    [[], "which database?"],
  ])("ends with what is wrong: %j", async (flags, message) => {
    const program = server(...flags);
    expect(await program.exited()).not.toBe(0);
    expect(program.output).toContain(message);
  });
});

describe("servers that start together on an empty database", () => {
  it("bring its schema up to date once, and all work", async () => {
    const schema = `together_${process.pid}`;
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    for (const each of ports) {
      port = each;
      server("--db", inject("postgresUrl"), "--schema", schema);
    }
    for (const each of ports) {
      port = each;
      await until(200);
      const client = new Client({ url: `http://127.0.0.1:${each}` });
      expect((await client.start("hello")).alreadyExists).toBe(false);
      await client.close();
    }
  });
});

/** Puts a migration into an SQLite file that no server knows. */
async function makeNewer(file: string): Promise<void> {
  const { default: Libsql } = await import("libsql");
  const database = new Libsql(file);
  database.exec("INSERT INTO migrations VALUES (9999, 'later', 0)");
  database.close();
}
