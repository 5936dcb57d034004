import { type HistoryStore, type InboxStore, KagziError, type SlotStore, type Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { type RunningServer, startServer } from "@kagzi/server";
import { Client, type Runtime, Worker, type WorkerOptions, type Workflow, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { type Aborted, abortable, quiet, signal, storeWith } from "./fixture.ts";

let schemas = 0;

/** Heartbeats so far apart that nothing in these tests is heard by one. */
const CONFIG = { leaseMs: 120_000, pollMs: 100 };

describe.each([
  ["SQLite", async () => openStore("sqlite::memory:")],
  ["PostgreSQL", async () => openStore(inject("postgresUrl"), { schema: `lost_${process.pid}_${++schemas}` })],
])("word for a run on %s", (_, open) => {
  let store: Store;
  let server: RunningServer;
  let client: Client;
  let worker: Worker | undefined;

  beforeEach(async () => {
    store = await open();
    worker = undefined;
  });

  afterEach(async () => {
    await worker?.stop();
    await client.close();
    await server.stop();
    const broken = await store.violations();
    await store.close();
    expect(broken).toEqual([]);
  });

  /** A server whose store behaves in another way in some of its parts. */
  async function serve(change: Partial<Store>): Promise<void> {
    server = await startServer({ store: storeWith(store, change), host: "127.0.0.1", port: 0, config: CONFIG });
    await server.ready;
    client = new Client({ url: server.url });
  }

  async function work(workflows: readonly Workflow<unknown, unknown>[], options: Partial<WorkerOptions> = {}) {
    worker = new Worker({ url: server.url, workflows, logger: quiet, ...options });
    await worker.start();
  }

  it("that it is to pause or to be cancelled is sent before whoever asked is answered", async () => {
    const order: string[] = [];
    const hear: InboxStore["hear"] = async (...about) => {
      const heard = await store.inbox.hear(...about);
      if (heard.length === 0) return heard;
      // Time enough for an answer that waits for nothing.
      for (let calls = 0; calls < 5; calls++) await client.runs.list().page({ size: 1 });
      order.push("sent");
      return heard;
    };
    await serve({ inbox: { ...store.inbox, hear } });
    const [begun, mayEnd] = [signal(), signal()];
    const busy = workflow("busy", async (ctx) => {
      await ctx.step("work", async () => {
        begun.resolve();
        await mayEnd.promise;
      });
    });
    await work([busy]);
    const run = await client.start(busy, undefined);
    await begun.promise;
    await run.pause();
    order.push("answered");
    await run.resume();
    await run.cancel();
    order.push("answered");
    mayEnd.resolve();
    expect(order).toEqual(["sent", "answered", "sent", "answered"]);
  });

  it("reaches it though the store's answer with it was lost, and counts as heard", async () => {
    const lost: number[] = [];
    const hear: InboxStore["hear"] = async (...about) => {
      const heard = await store.inbox.hear(...about);
      if (heard.length === 0 || lost.length > 0) return heard;
      lost.push(heard.length);
      throw new KagziError("UNAVAILABLE", "the connection was lost after the commit");
    };
    await serve({ inbox: { ...store.inbox, hear } });
    const [begun, mayEnd] = [signal(), signal()];
    const taken: unknown[] = [];
    const busy = workflow("busy", async (ctx) => {
      await Promise.all([
        ctx.step("work", async () => {
          begun.resolve();
          await mayEnd.promise;
        }),
        ctx.waitForEvent<string>("news").then((event) => taken.push(event?.payload)),
      ]);
    });
    await work([busy]);
    const run = await client.start(busy, undefined);
    await begun.promise;
    await run.send("news", "good");
    try {
      await expect.poll(() => taken, { timeout: 5000 }).toEqual(["good"]);
    } finally {
      mayEnd.resolve();
    }
    expect(lost).toEqual([1]);
    await run.result();
  });

  it("that there is a slot for its step is asked for again where nobody could be asked for very long", async () => {
    let later = 0;
    let asked = 0;
    const acquire: SlotStore["acquire"] = async (...about) => {
      asked += 1;
      if (asked > 2) return store.slots.acquire(...about);
      // Whoever asks has run out of patience when the answer is there, and still has its lease.
      later += 31_000;
      throw new KagziError("UNAVAILABLE", "the database is away");
    };
    await serve({ slots: { ...store.slots, acquire } });
    const limited = workflow("limited", async (ctx) => ctx.step("ask", { limit: "api" }, () => "answer"));
    const runtime: Runtime = {
      now: () => performance.now() + later,
      setTimer: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      random: Math.random,
    };
    await work([limited], { limits: { api: { concurrency: 1 } }, runtime });
    const run = await client.start(limited, undefined);
    expect(await run.result({ timeout: "10s" })).toBe("answer");
    expect(asked).toBe(3);
  });

  it("waits for the run itself, where it comes between its claim and its hand-over", async () => {
    const [reading, mayRead] = [signal(), signal()];
    const read: HistoryStore["read"] = async (...about) => {
      reading.resolve();
      await mayRead.promise;
      return store.history.read(...about);
    };
    await serve({ history: { ...store.history, read } });
    const step: Aborted = abortable();
    const long = workflow("long", async (ctx) => {
      await ctx.step("wait", step.run);
    });
    const run = await client.start(long, undefined);
    await work([long]);
    await reading.promise;
    await run.cancel("never mind");
    expect(await run.status()).toMatchObject({ status: "running" });
    mayRead.resolve();
    try {
      await expect.poll(async () => (await run.status()).status, { timeout: 5000 }).toBe("cancelled");
    } finally {
      step.end();
    }
    expect(step.abortedAt).toEqual(expect.any(Number));
  });
});
