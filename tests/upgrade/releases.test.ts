import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import * as head from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { type FixtureDatabase, KINDS, newDatabase } from "./databases.ts";
import { LIMITS, OUTCOMES, featuresOf, useFeatures } from "./features.ts";
import { type Sdk, releases, sdkOf, startReleased } from "./releases.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const PAIRS = releases().flatMap((version) => KINDS.map((kind) => [version, kind] as const));

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function database(kind: FixtureDatabase["kind"]): FixtureDatabase {
  const made = newDatabase(kind);
  ends.push(() => made.remove());
  return made;
}

async function headServer({ schema, url }: FixtureDatabase): Promise<string> {
  const store = await openStore(url, { schema });
  const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { leaseMs: 2000, pollMs: 200 } });
  await server.ready;
  ends.push(async () => {
    await server.stop();
    expect(await store.violations()).toEqual([]);
    await store.close();
  });
  return server.url;
}

async function oldServer(version: string, { schema, url }: FixtureDatabase): Promise<string> {
  const server = await startReleased(version, [url, schema]);
  ends.push(() => server.kill());
  return server.url;
}

function clientOf(sdk: Sdk, url: string): head.Client {
  const client = new sdk.Client({ url });
  ends.push(() => client.close());
  return client;
}

async function workerOf(sdk: Sdk, url: string, options: Partial<head.WorkerOptions> = {}): Promise<head.Worker> {
  const worker = new sdk.Worker({ url, workflows: featuresOf(sdk), limits: LIMITS, logger: quiet, ...options });
  ends.push(() => worker.stop());
  await worker.start();
  return worker;
}

it("there is a release to be tried", () => {
  expect(releases().length).toBeGreaterThan(0);
});

describe.each(PAIRS)("release %s, on %s", (version, kind) => {
  it("has workers and clients that all of this server's features work for", async () => {
    const old = await sdkOf(version);
    const url = await headServer(database(kind));
    await workerOf(old, url);
    expect(await useFeatures(clientOf(old, url))).toEqual(OUTCOMES);
  });

  it("has servers that all of this worker's and client's features work with", async () => {
    const url = await oldServer(version, database(kind));
    await workerOf(head, url);
    expect(await useFeatures(clientOf(head, url))).toEqual(OUTCOMES);
  });

  it("shares runs with this version's workers, and each goes on where the other one stopped", async () => {
    const old = await sdkOf(version);
    const url = await headServer(database(kind));
    const client = clientOf(old, url);
    for (const [first, second] of [
      [old, head],
      [head, old],
    ] as const) {
      const before = await workerOf(first, url);
      const waiting = await client.start("events");
      await expect.poll(async () => (await waiting.status()).status).toBe("waiting");
      await before.stop();
      const after = await workerOf(second, url);
      await waiting.send("own", 1);
      await client.send("shared", 2, { key: "k" });
      expect(await waiting.result({ timeout: "20s" })).toEqual([1, 2, null]);
      await after.stop();
    }
  });
});

describe.each(releases())("release %s, beside servers of this version on one PostgreSQL", (version) => {
  it("serves the same runs, whichever server is asked", async () => {
    const shared = database("postgres");
    const urls = [await headServer(shared), await oldServer(version, shared)];
    const old = await sdkOf(version);
    await Promise.all([workerOf(old, urls[0] ?? ""), workerOf(head, urls[1] ?? "")]);
    expect(await useFeatures(clientOf(head, urls[1] ?? ""))).toEqual(OUTCOMES);
    const client = clientOf(old, urls[0] ?? "");
    const runs = await client.startMany(
      "steps",
      Array.from({ length: 50 }, (_, input) => ({ input })),
    );
    const results = await Promise.all(runs.map((run) => run.result({ timeout: "30s" })));
    expect(results).toEqual(Array.from({ length: 50 }, (_, input) => [input, [1, 2, 3]]));
  });
});
