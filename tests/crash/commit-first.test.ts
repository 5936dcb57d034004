import { Client, Worker, workflow } from "kagzi";
import { Client as PostgresClient } from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DurableSystem, configure } from "./durable-system.ts";

// A commit that waits for a standby which is not there is on disk, and its session has not been answered: for as long as a
// test likes, it is under way.

let system: DurableSystem;
let client: Client;
let observer: PostgresClient;

beforeEach(async () => {
  // No heartbeat comes in between.
  system = await DurableSystem.start(60_000);
  client = new Client({ url: system.url });
  observer = new PostgresClient({ connectionString: system.cluster.url });
  await observer.connect();
});

afterEach(async () => {
  await release();
  await observer.end();
  await client.close();
  await system.remove();
});

describe("while its commit is under way", () => {
  it("no call is answered that starts a run, sends it an event, or cancels it", async () => {
    await isHeldBack(() => client.start("chain", { key: "order-1" }));
    const run = await client.start("chain", { key: "order-2" });
    await isHeldBack(() => run.send("go"));
    await isHeldBack(() => run.cancel());
    await isHeldBack(() => client.send("order.placed"));
    await isHeldBack(() => client.startMany("chain", [{ input: { key: "order-3" } }]));
  });

  it("no step begins that comes after the one that is being recorded", async () => {
    let endFirst = () => {};
    let sayBegun = () => {};
    const begun = new Promise<void>((resolve) => (sayBegun = resolve));
    const second = vi.fn<() => void>();
    const pair = workflow("pair", async (ctx) => {
      await ctx.step("first", () => {
        sayBegun();
        return new Promise<void>((resolve) => (endFirst = resolve));
      });
      await ctx.step("second", second);
    });
    await using worker = new Worker({ url: system.url, workflows: [pair] });
    await worker.start();
    const run = await client.start(pair, null);
    await begun;
    await isHeldBack(async () => {
      endFirst();
      await vi.waitFor(() => expect(second).toHaveBeenCalled(), { timeout: 20_000 });
    });
    await run.result();
  });

  /** Begins something whose commit is not answered: it must not be acknowledged before that is. */
  async function isHeldBack(begin: () => Promise<unknown>): Promise<void> {
    await configure(system.cluster.url, { synchronous_standby_names: "nobody" });
    let isAcknowledged = false;
    const done = begin().then(() => (isAcknowledged = true));
    await vi.waitFor(async () => expect(await commitsUnderWay()).toBeGreaterThan(0), { timeout: 10_000 });
    // What the server had said before it is asked these has arrived.
    await system.heardOut();
    await client.runs.list().page();
    expect(isAcknowledged).toBe(false);
    await release();
    await done;
  }
});

describe("how long a commit is waited for", () => {
  it("is what the database's owner says, where that is more than nothing", async () => {
    await observer.query(`ALTER DATABASE ${new URL(system.db).pathname.slice(1)} SET synchronous_commit = 'local'`);
    await observer.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kagzi' AND pid <> pg_backend_pid()",
    );
    await configure(system.cluster.url, { synchronous_standby_names: "nobody" });
    const run = await client.start("chain", { key: "order-1" });
    expect(await commitsUnderWay()).toBe(0);
    await run.cancel();
  });
});

async function commitsUnderWay(): Promise<number> {
  const found = await observer.query(
    "SELECT FROM pg_stat_activity WHERE application_name = 'kagzi' AND wait_event = 'SyncRep'",
  );
  return found.rows.length;
}

async function release(): Promise<void> {
  await configure(system.cluster.url, { synchronous_standby_names: "" });
}
