import type { Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import { Client, type RunHandle, Worker, type Workflow, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { Engine } from "../../packages/server/src/engine/engine.ts";
import { quiet, reaches } from "./fixture.ts";
import { type CommitPoint, MortalStore } from "./mortal-store.ts";

const HOUR = 60 * 60 * 1000;
const CONFIG = { pollMs: 100, runRetentionMs: 24 * HOUR };
let schemas = 0;

const plain = workflow("plain", async (ctx, n: number) => ctx.step("say", () => n));
const broken = workflow("broken", async (ctx) => {
  await ctx.invoke(plain, 1, { name: "child" });
  throw new Error("no");
});
const patient = workflow("patient", async (ctx) => {
  await ctx.invoke(plain, 2, { name: "child" });
  await ctx.waitForEvent("go");
});
const loop = workflow("loop", async (ctx, n: number) => {
  if (n < 3) return ctx.continueAsNew(n + 1);
  return ctx.waitForEvent("go");
});
const throttled = workflow("throttled", { throttle: { limit: 5, per: "2d" } }, async () => "done");
const WORKFLOWS: readonly Workflow<unknown, unknown>[] = [plain, broken, patient, loop, throttled];

/** A store for each of two servers, whose clock is `clock`. SQLite has room for one: both share it. */
const KINDS: readonly (readonly [string, (clock: () => number) => Promise<readonly Store[]>])[] = [
  [
    "SQLite",
    async (clock) => {
      const store = await openStore("sqlite::memory:", { clock });
      return [store, store];
    },
  ],
  [
    "PostgreSQL",
    async (clock) => {
      const schema = `retention_${process.pid}_${++schemas}`;
      const open = async () => openStore(inject("postgresUrl"), { schema, clock });
      return [await open(), await open()];
    },
  ],
];

describe.each(KINDS)("runs that ended on %s", (_, open) => {
  let clock = 0;
  let stores: readonly Store[] = [];

  beforeEach(async () => {
    clock = Date.UTC(2030, 0, 1);
    stores = await open(() => clock);
  });

  afterEach(async () => {
    const broken = await stores[0]?.violations();
    await Promise.all([...new Set(stores)].map((store) => store.close()));
    expect(broken).toEqual([]);
  });

  /** What a client does with a server and a worker, while the clock stands still. */
  async function during<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const [store] = stores;
    if (store === undefined) throw new Error("no store");
    const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { ...CONFIG, runRetentionMs: 0 } });
    await server.ready;
    const worker = new Worker({ url: server.url, workflows: WORKFLOWS, logger: quiet });
    await worker.start();
    const client = new Client({ url: server.url });
    try {
      return await work(client);
    } finally {
      await client.close();
      await worker.stop();
      await server.stop();
    }
  }

  /** A pass of each server, at once. */
  async function pass(): Promise<void> {
    const engines = stores.map((store) => new Engine({ store, config: CONFIG }));
    try {
      await Promise.all(engines.map((engine) => engine.retention.run()));
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
  }

  async function isThere(run: RunHandle<unknown>, namespaceId = "default"): Promise<boolean> {
    const [detail] = (await stores[0]?.runs.get([{ namespaceId, runId: run.id }] as never)) ?? [];
    return detail !== undefined;
  }

  async function count(): Promise<number> {
    return (await stores[0]?.runs.count({ namespaceId: "default", statuses: [] } as never, 1000)) ?? 0;
  }

  it("are kept so long and then removed, and their ids may be used anew", async () => {
    const run = await during(async (client) => {
      const started = await client.start(plain, 1, { id: "order-1" });
      await started.result();
      const info = await started.status();
      expect(info).not.toHaveProperty("expiresAt");
      return started;
    });
    clock += 24 * HOUR - 1;
    await pass();
    expect(await isThere(run)).toBe(true);
    clock += 1;
    await pass();
    expect(await count()).toBe(0);
    const again = await during((client) => client.start(plain, 2, { id: "order-1" }));
    expect(again.id).not.toBe(run.id);
  });

  it("are removed in batches, however many there are, by servers that do it at once", async () => {
    await during(async (client) => {
      const runs = await Promise.all(Array.from({ length: 250 }, (__, n) => client.start(plain, n)));
      await Promise.all(runs.map((run) => run.result()));
    });
    clock += 48 * HOUR;
    await pass();
    expect(await count()).toBe(0);
  });

  it("stay while their parent goes on or may be retried, and go when it has gone", async () => {
    const parents = await during(async (client) => {
      const [failed, waits] = [await client.start(broken, undefined), await client.start(patient, undefined)];
      await reaches(failed, "failed");
      await reaches(waits, "waiting");
      return { failed, waits };
    });
    expect(await count()).toBe(4);
    clock += 48 * HOUR;
    await pass();
    expect([await isThere(parents.failed), await isThere(parents.waits)]).toEqual([false, true]);
    await pass();
    expect(await count()).toBe(2);
    await during(async (client) => {
      await client.run(parents.waits.id).send("go");
      await client.run(parents.waits.id).result();
    });
    await pass();
    expect([await count(), await isThere(parents.waits)]).toEqual([1, true]);
  });

  it("stay while the run is there that went on as they ended, and all go with it", async () => {
    const first = await during(async (client) => {
      const run = await client.start(loop, 0, { id: "the loop" });
      await expect.poll(() => count(), { timeout: 10_000 }).toBe(4);
      return run;
    });
    clock += 48 * HOUR;
    await pass();
    expect([await count(), await isThere(first)]).toEqual([4, true]);
    await during(async (client) => {
      const open = [];
      for await (const { id, status } of client.runs.list()) if (status !== "completed") open.push(id);
      expect(open).toHaveLength(1);
      await client.run(open[0] ?? "").send("go");
      await client.run(open[0] ?? "").result();
    });
    await pass();
    expect(await count()).toBe(4);
    clock += 24 * HOUR;
    await pass();
    expect(await count()).toBe(0);
  });

  it("stay while a throttle counts them", async () => {
    const run = await during(async (client) => {
      const started = await client.start(throttled, undefined);
      await started.result();
      return started;
    });
    clock += 47 * HOUR;
    await pass();
    expect(await isThere(run)).toBe(true);
    clock += 2 * HOUR;
    await pass();
    expect(await isThere(run)).toBe(false);
  });

  it("are kept as long as their namespace says", async () => {
    const runs = await during(async (client) => {
      const { namespaces } = client;
      await namespaces.create("short");
      await namespaces.create("kept");
      expect(await namespaces.update("short", { retention: "1h" })).toMatchObject({ retentionMs: HOUR });
      expect(await namespaces.update("kept", { retention: "off", description: "archive" })).toMatchObject({
        retentionMs: 0,
      });
      expect(await namespaces.update("kept", { retention: "server" })).not.toHaveProperty("retentionMs");
      expect(await namespaces.update("kept", { retention: "off" })).toMatchObject({ description: "archive" });
      const ended = [];
      for (const name of ["short", "kept"]) {
        ended.push({ name, id: await endOne(name) });
      }
      return ended;
    });
    clock += 2 * HOUR;
    await pass();
    clock += 1000 * HOUR;
    await pass();
    const left = await Promise.all(runs.map(({ id, name }) => isThere({ id } as RunHandle<unknown>, name)));
    expect(left).toEqual([false, true]);
  });

  /** In a namespace that no worker is in: a run that is cancelled before it began. */
  async function endOne(namespace: string): Promise<string> {
    const [store] = stores;
    if (store === undefined) throw new Error("no store");
    const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { ...CONFIG, runRetentionMs: 0 } });
    await server.ready;
    await using other = new Client({ url: server.url, namespace });
    const run = await other.start(plain, 1);
    await run.cancel();
    const info = await run.status();
    expect(info.status).toBe("cancelled");
    if (namespace === "short") expect(info.expiresAt?.getTime()).toBe(clock + HOUR);
    else expect(info).not.toHaveProperty("expiresAt");
    await server.stop();
    return run.id;
  }

  const points: readonly CommitPoint[] = (["before", "after"] as const).flatMap((when) =>
    [1, 2].map((nth) => ({ name: "runs.delete", nth, when })),
  );

  it.each(points)("are removed by the next server where one is lost $when removal $nth", async (point) => {
    await during(async (client) => {
      const runs = await Promise.all(Array.from({ length: 75 }, (__, n) => client.start(plain, n)));
      await Promise.all(runs.map((run) => run.result()));
    });
    clock += 48 * HOUR;
    const [store] = stores;
    if (store === undefined) throw new Error("no store");
    const mortal = new MortalStore(store, point);
    mortal.arm();
    const lost = new Engine({ store: mortal.store, config: CONFIG });
    await expect(lost.retention.run()).rejects.toThrow();
    expect(mortal.isLost).toBe(true);
    expect(await store.violations()).toEqual([]);
    expect(await count()).toBe(Math.max(0, 75 - 50 * (point.when === "before" ? point.nth - 1 : point.nth)));
    await pass();
    expect(await count()).toBe(0);
  });
});
