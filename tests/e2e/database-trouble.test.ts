import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import { Client, Worker, workflow } from "kagzi";
import { Client as PostgresClient } from "pg";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { quiet } from "./fixture.ts";
import { type Load, keepCalling } from "./keep-calling.ts";
import { SilentProxy } from "./silent-proxy.ts";

const PATIENCE = { timeout: 60_000, interval: 20 };
let databases = 0;

const steps = workflow("steps", async (ctx, n: number) => {
  const first = await ctx.step("first", () => n);
  await ctx.sleep("short", 1);
  return ctx.step("second", () => first + 1);
});

describe("a server at work on a PostgreSQL", { timeout: 150_000 }, () => {
  let name: string;
  let url: string;
  /** Somebody else's session, in another database. */
  let admin: PostgresClient;
  let load: Load;
  let proxy: SilentProxy | undefined;
  let close: () => Promise<readonly string[]>;
  let isReady: () => Promise<boolean>;

  beforeEach(async () => {
    name = `trouble_${process.pid}_${++databases}`;
    admin = new PostgresClient({ connectionString: inject("postgresUrl") });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`);
    const own = new URL(inject("postgresUrl"));
    own.pathname = name;
    url = own.href;
  });

  afterEach(async () => {
    expect(await load.stop()).toEqual([]);
    expect(await close()).toEqual([]);
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
    proxy?.close();
  });

  async function work(poolSize: number): Promise<void> {
    const store = await openStore(url, { poolSize });
    const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { leaseMs: 10_000, pollMs: 200 } });
    await server.ready;
    isReady = async () => (await fetch(`${server.url}/readyz`)).ok;
    const worker = new Worker({ url: server.url, workflows: [steps], logger: quiet });
    await worker.start();
    const client = new Client({ url: server.url });
    load = keepCalling(client);
    close = async () => {
      await client.close();
      await worker.stop();
      await server.stop();
      const broken = await store.violations();
      await store.close();
      return broken;
    };
    await goesOn(20);
  }

  async function goesOn(runs: number): Promise<void> {
    const before = load.done();
    await expect.poll(() => load.done(), PATIENCE).toBeGreaterThan(before + runs);
  }

  async function endSessions(): Promise<void> {
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
  }

  it("that ends its connections again and again loses nothing, and goes on", async () => {
    await work(4);
    for (let round = 0; round < 10; round++) {
      await endSessions();
      await goesOn(5);
    }
  });

  it("that only reads for a while, as one that was demoted, does not keep the connections of that time", async () => {
    await work(4);
    await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await endSessions();
    await expect.poll(() => isReady(), PATIENCE).toBe(false);
    await admin.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await goesOn(20);
  });

  it("whose runs somebody locks for longer than a statement waits is not stuck, and goes on afterwards", async () => {
    await work(4);
    const other = new PostgresClient({ connectionString: url });
    await other.connect();
    await other.query("BEGIN; LOCK TABLE kagzi.runs IN ACCESS EXCLUSIVE MODE");
    const waiting = async () => {
      const { rows } = await admin.query<{ since: string }>(
        `SELECT min(query_start)::text AS since FROM pg_stat_activity
         WHERE datname = $1 AND wait_event_type = 'Lock' AND application_name = 'kagzi'`,
        [name],
      );
      return rows[0]?.since ?? null;
    };
    await expect.poll(waiting, PATIENCE).not.toBeNull();
    const first = await waiting();
    // The statement that has waited longest is given up, and another one waits.
    await expect.poll(waiting, PATIENCE).not.toBe(first);
    await other.query("ROLLBACK");
    await other.end();
    await goesOn(20);
  });

  it("whose connections fall silent without an end finds that out, and goes on with others", async () => {
    proxy = new SilentProxy(Number(new URL(url).port));
    const silent = new URL(url);
    silent.port = String(await proxy.listen());
    url = silent.href;
    await work(4);
    proxy.fallSilent();
    await goesOn(20);
  });

  it("that it has a single connection to never waits for a second one, also after statements that failed", async () => {
    await work(1);
    await goesOn(100);
    await endSessions();
    await goesOn(20);
  });
});
