import { openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import { Client, type RunHandle, Worker } from "kagzi";
import { describe, expect, it } from "vitest";
import { type FixtureDatabase, HEAD, KINDS, restore } from "./databases.ts";
import { type Scenario, scenariosOf } from "./scenarios.ts";
import { SLOTS, laterOf, limitedOf, worldOf } from "./world.ts";

const HOUR = 3_600_000;
const PATIENCE = { timeout: 30_000, interval: 50 };
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const VERSIONS = Array.from({ length: HEAD }, (_, index) => index + 1);

describe.each(KINDS.flatMap((kind) => VERSIONS.map((version) => [version, kind] as const)))(
  "a database of version %i on %s",
  (version, kind) => {
    it("is brought up to date, and every run in it comes to its proper end", async () => {
      const { database, takenAt } = await restore(kind, version);
      const scenarios = scenariosOf(version);
      try {
        const runIds = new Set((await serving(database, takenAt, (client) => lookAt(client, scenarios))).values());
        const recorded = await historyOf(database);
        const ended = await serving(database, takenAt + 2 * HOUR, async (client, url) => {
          await finish(client, url, scenarios);
          return endedRuns(client);
        });
        expect([...runIds].filter((id) => !ended.has(id))).toEqual([]);
        // Not a byte of what was recorded is another one.
        expect(await historyOf(database)).toEqual(expect.arrayContaining([...recorded]));
      } finally {
        await database.remove();
      }
    });
  },
);

/** A server on the database, at a time, for as long as `work` goes on; after it no row may break an invariant. */
async function serving<Result>(
  database: FixtureDatabase,
  startAt: number,
  work: (client: Client, url: string) => Promise<Result>,
): Promise<Result> {
  const begun = Date.now();
  const clock = () => startAt + Date.now() - begun;
  const store = await openStore(database.url, { schema: database.schema, clock });
  const server = await startServer({ store, host: "127.0.0.1", port: 0, config: { leaseMs: 2000, pollMs: 200 } });
  await server.ready;
  const client = new Client({ url: server.url });
  try {
    const result = await work(client, server.url);
    await client.close();
    await server.stop();
    expect(await store.violations()).toEqual([]);
    return result;
  } finally {
    await client.close();
    await server.stop();
    await store.close();
  }
}

/** Every run is where it was; nothing has happened to any of them. */
async function lookAt(client: Client, scenarios: readonly Scenario[]): Promise<ReadonlyMap<string, string>> {
  const runs = await runsById(client);
  const states = scenarios.map(({ id }) => [id, runs.get(id)?.status]);
  expect(states).toEqual(scenarios.map(({ id, status }) => [id, id === LOST ? expect.any(String) : status]));
  return new Map([...runs.values()].map((run) => [run.externalId ?? run.id, run.id]));
}

/** Its worker was silent for too long when the fixture was taken: it is taken over at once. */
const LOST = "running, its worker lost";

async function runsById(client: Client) {
  const runs = new Map<string, Awaited<ReturnType<RunHandle<unknown>["status"]>>>();
  for await (const run of client.runs.list()) runs.set(run.externalId ?? run.id, run);
  return runs;
}

async function finish(client: Client, url: string, scenarios: readonly Scenario[]): Promise<void> {
  const workflows = [...Object.values(worldOf("after")), ...laterOf(), ...Object.values(limitedOf("after"))];
  const runs = await runsById(client);
  for (const scenario of scenarios.filter(({ endsAlone }) => endsAlone)) {
    await expectEnd(client.run(runs.get(scenario.id)?.id ?? ""), scenario);
  }
  const worker = new Worker({ url, workflows, limits: SLOTS, logger: quiet });
  await worker.start();
  try {
    for (const scenario of scenarios) {
      const run = client.run(runs.get(scenario.id)?.id ?? "");
      await scenario.after?.(run, client);
      await expectEnd(run, scenario);
      await expectSameStart(client, run, scenario);
    }
    await expect.poll(async () => openRuns(client), PATIENCE).toEqual([]);
  } finally {
    await worker.stop();
  }
}

async function expectEnd(run: RunHandle<unknown>, { end, id }: Scenario): Promise<void> {
  const outcome = await run.result({ timeout: "20s" }).then(
    (output) => ({ id, output }),
    (error: { code: string }) => ({ id, error: error.code }),
  );
  expect(outcome).toEqual({ id, ...end });
}

/** Its id finds it, and is refused to another input. */
async function expectSameStart(client: Client, run: RunHandle<unknown>, scenario: Scenario): Promise<void> {
  const { id, input, options, workflow } = scenario;
  const again = await client.start(workflow, input, { ...options, id });
  expect([again.id, again.alreadyExists]).toEqual([run.id, true]);
  await expect(client.start(workflow, "another", { ...options, id })).rejects.toMatchObject({ code: "CONFLICT" });
}

async function openRuns(client: Client): Promise<readonly string[]> {
  const open = [];
  for await (const { id, status, workflow } of client.runs.list({
    status: ["pending", "running", "sleeping", "waiting", "paused"],
  })) {
    open.push(`${workflow} ${id} ${status}`);
  }
  return open;
}

async function endedRuns(client: Client): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  for await (const { id, finishedAt } of client.runs.list()) if (finishedAt !== undefined) ended.add(id);
  return ended;
}

async function historyOf(database: FixtureDatabase): Promise<readonly string[]> {
  const columns = (await database.shape()).get("history") ?? [];
  return (await database.rows(new Map([["history", columns]]), "")).get("history") ?? [];
}
