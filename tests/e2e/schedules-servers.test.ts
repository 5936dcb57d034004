import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@kagzi/core";
import { type EmbeddedEngine, embedded, openStore } from "@kagzi/embedded";
import { type RunningServer, startServer } from "@kagzi/server";
import { Client, type RunInfo } from "kagzi";
import { describe, expect, inject, it } from "vitest";
import { storeWith } from "./fixture.ts";

let count = 0;
const schemaOf = () => `schedules_${process.pid}_${++count}`;
const PATIENCE = { timeout: 20_000, interval: 50 };

async function runsOf(client: Client): Promise<readonly RunInfo[]> {
  const runs: RunInfo[] = [];
  for await (const run of client.runs.list()) runs.push(run);
  return runs;
}

/** The store as one whose word on one schedule cannot be had. */
function failingFor(store: Store, scheduleId: string): Store {
  const { schedules } = store;
  return storeWith(store, {
    schedules: {
      ...schedules,
      change: async (reference, decide) => {
        if (reference.scheduleId === scheduleId) throw new Error("this row cannot be written");
        return schedules.change(reference, decide);
      },
    },
  });
}

describe("schedules of several servers", () => {
  async function withServers(
    wrap: (store: Store, index: number) => Store,
    work: (clients: readonly Client[], servers: readonly RunningServer[], stores: readonly Store[]) => Promise<void>,
  ): Promise<void> {
    const schema = schemaOf();
    const stores = await Promise.all([0, 1].map(async () => openStore(inject("postgresUrl"), { schema })));
    const servers = await Promise.all(
      stores.map((store, index) =>
        startServer({ store: wrap(store, index), host: "127.0.0.1", port: 0, config: { pollMs: 200 } }),
      ),
    );
    await Promise.all(servers.map(({ ready }) => ready));
    const clients = servers.map(({ url }) => new Client({ url }));
    try {
      await work(clients, servers, stores);
    } finally {
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all(servers.map((server) => server.stop()));
      const broken = await stores[0]?.violations();
      await Promise.all(stores.map((store) => store.close()));
      expect(broken).toEqual([]);
    }
  }

  it("give every second one run, also when one of them goes", async () => {
    await withServers(
      (store) => store,
      async ([near, far], [first]) => {
        if (near === undefined || far === undefined) throw new Error("two servers have two clients");
        await far.schedules.create("ticks", { workflow: "tick", every: "1s", overlap: "allow" });
        await expect.poll(async () => (await far.schedules.get("ticks")).fired, PATIENCE).toBeGreaterThanOrEqual(3);
        await first?.stop();
        const before = (await far.schedules.get("ticks")).fired;
        await expect.poll(async () => (await far.schedules.get("ticks")).fired, PATIENCE).toBeGreaterThan(before + 1);
        const { fired, missed, skipped } = await far.schedules.pause("ticks");
        const slots = (await runsOf(far))
          .map(({ scheduledAt }) => scheduledAt?.getTime() ?? 0)
          .toSorted((a, b) => a - b);
        expect([missed, skipped]).toEqual([0, 0]);
        expect(slots).toEqual(Array.from({ length: fired }, (_, index) => (slots[0] ?? 0) + index * 1000));
      },
    );
  });

  it("keep firing beside one that cannot be written, and beside one whose times cannot be told", async () => {
    await withServers(
      (store) => failingFor(store, "broken"),
      async ([client], _servers, [store]) => {
        if (client === undefined || store === undefined) throw new Error("two servers have two clients");
        const fine = { workflow: "tick", every: "1s", overlap: "allow" } as const;
        await client.schedules.create("a", fine);
        const found = await store.schedules.get({ namespaceId: "default" as never, scheduleId: "a" });
        if (found === undefined) throw new Error("the schedule is not there");
        const spoilt = { kind: "cron", expression: "nonsense", timezone: "UTC" } as const;
        for (const [scheduleId, timing] of [
          ["broken", found.timing],
          ["spoilt", spoilt],
        ] as const) {
          const after = { ...found, scheduleId, timing, watermark: 0, nextFireAt: 1, dueAt: 1 };
          await store.schedules.change({ ...found, scheduleId }, () => ({ after, starts: [] }));
        }
        await expect.poll(async () => (await client.schedules.get("a")).fired, PATIENCE).toBeGreaterThanOrEqual(3);
        const stopped = await client.schedules.get("spoilt");
        expect(stopped).toMatchObject({ enabled: false, fired: 0, problem: expect.stringContaining('"nonsense"') });
        await expect(client.schedules.resume("spoilt")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
        const mended = await client.schedules.update("spoilt", { cron: "@daily", enabled: true });
        expect(mended).toMatchObject({ enabled: true });
        expect(mended.problem).toBeUndefined();
        expect((await client.schedules.get("broken")).fired).toBe(0);
      },
    );
  });
});

describe.each([
  [
    "SQLite",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "kagzi-schedules-"));
      return {
        url: `sqlite:${join(folder, "test.db")}`,
        options: {},
        remove: () => rmSync(folder, { recursive: true }),
      };
    },
  ],
  ["PostgreSQL", () => ({ url: inject("postgresUrl"), options: { schema: schemaOf() }, remove: () => {} })],
])("an outage of an engine on %s", (_, database) => {
  const DAY = 86_400_000;

  let warnings: string[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };

  /** Gives engines on one database, one after the other, each later than the one before. */
  async function outages(work: (engine: (later: number) => Promise<EmbeddedEngine>) => Promise<void>) {
    const { options, remove, url } = database();
    warnings = [];
    let now = Date.UTC(2030, 0, 1);
    let engine: EmbeddedEngine | undefined;
    try {
      await work(async (later) => {
        await engine?.close();
        now += later;
        engine = await embedded(url, { ...options, clock: () => now, log, config: { pollMs: 50 } });
        return engine;
      });
    } finally {
      await engine?.close();
      const store = await openStore(url, options);
      expect(await store.violations()).toEqual([]);
      await store.close();
      remove();
    }
  }

  it("is made up for, the latest of it, and counted", async () => {
    await outages(async (at) => {
      const before = new Client({ connection: await at(0) });
      const daily = { workflow: "report", cron: "0 6 * * *", overlap: "allow" } as const;
      for (const maxCatchup of [0, 1, 5]) await before.schedules.create(`c${maxCatchup}`, { ...daily, maxCatchup });
      await before.schedules.create("at", { workflow: "report", at: new Date(Date.UTC(2030, 0, 3)) });
      const after = new Client({ connection: await at(7 * DAY) });
      for (const [id, fired] of [
        ["c0", 0],
        ["c1", 1],
        ["c5", 5],
      ] as const) {
        const counted = async () => (await after.schedules.get(id)).fired + (await after.schedules.get(id)).missed;
        await expect.poll(counted, PATIENCE).toBe(7);
        expect(await after.schedules.get(id)).toMatchObject({ fired, missed: 7 - fired });
      }
      await expect.poll(async () => (await after.schedules.get("at")).fired, PATIENCE).toBe(1);
      const slots = (await runsOf(after))
        .filter(({ scheduleId }) => scheduleId === "c5")
        .map(({ scheduledAt }) => scheduledAt);
      const last = Date.UTC(2030, 0, 7, 6);
      expect(slots.toReversed()).toEqual([4, 3, 2, 1, 0].map((days) => new Date(last - days * DAY)));
      expect(warnings.filter((message) => message.includes("missed"))).toHaveLength(3);
      // Looking again finds nothing more.
      const again = new Client({ connection: await at(1000) });
      await expect
        .poll(async () => (await again.schedules.get("c5")).nextFireAt, PATIENCE)
        .toEqual(new Date(last + DAY));
      expect((await runsOf(again)).length).toBe(7);
    });
  });

  it("of less than a minute is none, however often", async () => {
    await outages(async (at) => {
      const begin = Date.UTC(2030, 0, 1);
      let now = begin;
      const first = new Client({ connection: await at(0) });
      const minutely = { workflow: "report", cron: "* * * * *", overlap: "allow", maxCatchup: 0 } as const;
      await first.schedules.create("minutely", minutely);
      for (const later of [59_999, 1, 60_000, 100, 59_900, 31_000, 60_000, 7, 44_000, 58_000, 60_000, 60_000]) {
        now += later;
        const client = new Client({ connection: await at(later) });
        const next = async () => (await client.schedules.get("minutely")).nextFireAt?.getTime();
        await expect.poll(next, PATIENCE).toBeGreaterThan(now);
      }
      const last = new Client({ connection: await at(0) });
      const slots = (await runsOf(last)).map(({ scheduledAt }) => scheduledAt?.getTime()).toReversed();
      expect(slots).toEqual(
        Array.from({ length: Math.floor((now - begin) / 60_000) }, (_, n) => begin + (n + 1) * 60_000),
      );
      expect(await last.schedules.get("minutely")).toMatchObject({ missed: 0, fired: slots.length });
    });
  });

  it("of months of a minutely schedule keeps nobody else waiting", async () => {
    await outages(async (at) => {
      const before = new Client({ connection: await at(0) });
      await before.schedules.create("minutely", {
        workflow: "report",
        cron: "* * * * *",
        overlap: "allow",
        maxCatchup: 3,
      });
      await before.schedules.create("second", { workflow: "report", every: "1s", overlap: "allow", maxCatchup: 0 });
      await before.schedules.create("daily", { workflow: "report", cron: "@daily", maxCatchup: 0 });
      const after = new Client({ connection: await at(20 * DAY) });
      await expect.poll(async () => (await after.schedules.get("daily")).missed, PATIENCE).toBe(19);
      expect((await after.schedules.get("minutely")).missed).toBeLessThan(20 * 24 * 60);
      await expect.poll(async () => (await after.schedules.get("minutely")).fired, PATIENCE).toBe(5);
      expect(await after.schedules.get("minutely")).toMatchObject({ missed: 20 * 24 * 60 - 5 });
      expect(await after.schedules.get("second")).toMatchObject({ fired: 61, missed: 20 * 24 * 3600 - 61 });
    });
  });
});
