import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@kagzi/embedded";
import { type RunningServer, startServer } from "@kagzi/server";
import { freePort } from "@kagzi/test-support";
import { Client, type RunInfo, Worker, type Workflow, workflow } from "kagzi";
import { describe, expect, inject, it } from "vitest";
import { quiet } from "./fixture.ts";
import { type CommitPoint, MortalStore } from "./mortal-store.ts";

/** Every call by which firing and delivering become durable. */
const CALLS = [
  "schedules.change",
  "events.send",
  "events.route",
  "runs.start",
  "runs.write",
  "runs.claim",
  "runs.claimLimited",
  "slots.acquire",
  "slots.release",
  "slots.call",
];
/**
 * Of each call its first time, and so many of the others, by chance, each before and after it is committed. With
 * `KAGZI_CRASH_ROUNDS=1000` it is every time.
 */
const OTHERS = Number(process.env["KAGZI_CRASH_ROUNDS"] ?? 1);
/** Scenarios that go on at the same time: most of one is waiting. */
const AT_ONCE = 4;
const CONFIG = { leaseMs: 900, pollMs: 100, startPatienceMs: 100 };
const PATIENCE = { timeout: 20_000, interval: 20 };

interface Scenario {
  readonly workflows: readonly Workflow<unknown, unknown>[];
  /** Before anything can be lost. */
  readonly prepare: (client: Client, pass: (ms: number) => void) => Promise<void>;
  /** What clients do, while the server is lost. Resolves when all has come to its end. */
  readonly work: (client: Client) => Promise<void>;
  /** What must be there in the end, whatever was lost. */
  readonly inspect: (client: Client, runs: readonly RunInfo[]) => Promise<void>;
}

interface Order {
  readonly order: string;
}

const ship = workflow("ship", { on: "order.placed", concurrency: 1 }, async (ctx, { order }: Order) => {
  const paid = await ctx.waitForEvent<string>("order.paid", { key: order });
  const packed = await ctx.step("pack", { limit: "api" }, () => `packed ${order}`);
  await ctx.send("order.shipped", { order });
  const again = await ctx.waitForEvent("order.paid", { key: order, timeout: 1 });
  return [paid?.payload, packed, again];
});
const notify = workflow("notify", { on: "order.shipped" }, async (_ctx, { order }: Order) => order);
const plain = workflow("plain", async (ctx, what: string) => ctx.step("say", () => what));
const tick = workflow("tick", async (ctx) => ctx.step("say", () => ctx.schedule?.scheduledAt));

const ORDERS = ["a", "b"];

/** Events start runs, runs wait for events, for places and for slots, and send events. */
const delivering: Scenario = {
  workflows: [ship, notify, plain],
  prepare: async () => {},
  work: async (client) => {
    const started = await Promise.all(
      ORDERS.map(async (order) => {
        const placed = await client.send("order.placed", { order }, { id: `placed ${order}` });
        await client.send("order.paid", `paid ${order}`, { id: `paid ${order}`, key: order });
        expect(placed.startedRunIds).toHaveLength(1);
        return placed.startedRunIds;
      }),
    );
    const other = await client.start(plain, "hello", { id: "hello" });
    expect(await other.result({ timeout: "20s" })).toBe("hello");
    await Promise.all(started.flat().map((id) => client.run(id).result({ timeout: "20s" })));
    await expect.poll(async () => openRuns(client), PATIENCE).toBe(0);
  },
  inspect: async (client, runs) => {
    const ended = await Promise.all(
      runs.map(async ({ id, workflow: name }) => [name, await client.run(id).result()] as const),
    );
    const wanted = ORDERS.flatMap((order) => [
      ["notify", order],
      ["ship", [`paid ${order}`, `packed ${order}`, null]],
    ]);
    expect(ended.map((each) => JSON.stringify(each)).toSorted()).toEqual(
      [...wanted, ["plain", "hello"]].map((each) => JSON.stringify(each)).toSorted(),
    );
    const events = (await client.events.list().page()).items;
    const taken = events.map(({ name, takenCount }) => `${name} ${takenCount}`).toSorted();
    const each = ["order.paid 1", "order.placed 0", "order.shipped 0"];
    expect(taken).toEqual(ORDERS.flatMap(() => each).toSorted());
    expect(await client.limits.get("api")).toMatchObject({ holders: [], waiting: 0 });
  },
};

const SLOTS = 5;

/** A schedule has several slots that are due, and others come. */
const firing: Scenario = {
  workflows: [tick],
  prepare: async (client, pass) => {
    await client.schedules.create("ticks", { workflow: "tick", every: "1s", overlap: "allow", maxCatchup: 1000 });
    pass(SLOTS * 1000);
  },
  work: async (client) => {
    const completed = async () => (await runsOf(client)).filter(({ status }) => status === "completed").length;
    await expect.poll(completed, PATIENCE).toBeGreaterThanOrEqual(SLOTS);
    await client.schedules.pause("ticks");
    await expect.poll(async () => openRuns(client), PATIENCE).toBe(0);
  },
  inspect: async (client, runs) => {
    const slots = runs.map(({ scheduledAt }) => scheduledAt?.getTime() ?? 0).toSorted((a, b) => a - b);
    expect(slots).toEqual(Array.from({ length: slots.length }, (_, n) => (slots[0] ?? 0) + n * 1000));
    const results = await Promise.all(runs.map(({ id }) => client.run(id).result()));
    expect(results).toEqual(runs.map(({ scheduledAt }) => scheduledAt));
    const { createdAt, fired, missed, skipped } = await client.schedules.get("ticks");
    expect({ fired, missed, skipped }).toEqual({ fired: runs.length, missed: 0, skipped: 0 });
    expect((slots[0] ?? 0) - createdAt.getTime()).toBeLessThanOrEqual(1000);
  },
};

async function runsOf(client: Client): Promise<readonly RunInfo[]> {
  const runs: RunInfo[] = [];
  for await (const run of client.runs.list()) runs.push(run);
  return runs;
}

async function openRuns(client: Client): Promise<number> {
  const status = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  return (await client.runs.list({ status }).page({ size: 10 })).items.length;
}

/** The first of so many calls, and some others. */
function someOf(times: number): readonly number[] {
  const others = Array.from({ length: Math.max(0, times - 1) }, (_, index) => index + 2);
  while (others.length > OTHERS) others.splice(Math.floor(Math.random() * others.length), 1);
  return times === 0 ? [] : [1, ...others];
}

let count = 0;

const DATABASES = [
  [
    "SQLite",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "kagzi-commit-points-"));
      return {
        url: `sqlite:${join(folder, "test.db")}`,
        options: {},
        remove: () => rmSync(folder, { recursive: true }),
      };
    },
  ],
  [
    "PostgreSQL",
    () => ({
      url: inject("postgresUrl"),
      options: { schema: `points_${process.pid}_${++count}`, poolSize: 4 },
      remove: () => {},
    }),
  ],
] as const;

describe.each(DATABASES)("a server on %s that is lost", (_, place) => {
  it.each([
    ["delivering an event", delivering],
    ["firing a schedule", firing],
  ])(
    "before or after any commit of %s does nothing twice and loses nothing",
    { timeout: 60_000 * (1 + OTHERS) },
    async (__, scenario) => {
      const { calls } = await perform(scenario, undefined);
      const points = CALLS.flatMap((name) =>
        someOf(calls.get(name) ?? 0).flatMap((nth) =>
          (["before", "after"] as const).map((when): CommitPoint => ({ name, nth, when })),
        ),
      );
      const left = [...points];
      const met: CommitPoint[] = [];
      const performRest = async () => {
        for (let point = left.shift(); point !== undefined; point = left.shift()) {
          const mortal = await perform(scenario, point).catch((error: unknown) => {
            throw new Error(`lost ${point.when} call ${point.nth} of ${point.name}`, { cause: error });
          });
          if (mortal.isLost) met.push(point);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, performRest));
      // How often a call is made differs from time to time; the first ones are always made.
      const names = (each: readonly CommitPoint[]) => new Set(each.map(({ name, when }) => `${when} ${name}`));
      expect(names(met)).toEqual(names(points));
    },
  );

  /** Goes through a scenario with a server that is lost at a point, and with another one from then on. */
  async function perform(scenario: Scenario, point: CommitPoint | undefined): Promise<MortalStore> {
    const { options, remove, url } = place();
    let later = 0;
    const open = () => openStore(url, { ...options, clock: () => Date.now() + later });
    let store = await open();
    const mortal = new MortalStore(store, point);
    const port = await freePort();
    const serve = async (over: typeof store): Promise<RunningServer> => {
      const running = await startServer({ store: over, host: "127.0.0.1", port, config: CONFIG });
      await running.ready;
      return running;
    };
    let server = await serve(mortal.store);
    const client = new Client({ url: server.url });
    const worker = new Worker({
      url: server.url,
      workflows: scenario.workflows,
      logger: quiet,
      limits: { api: { concurrency: 1 } },
    });
    await scenario.prepare(client, (ms) => (later += ms));
    await worker.start();
    mortal.arm();
    const working = scenario.work(client);
    await Promise.race([working, mortal.lost]);
    mortal.disarm();
    if (mortal.isLost) {
      await server.stop();
      await store.close();
      store = await open();
      server = await serve(store);
    }
    await working;
    await scenario.inspect(client, await runsOf(client));
    await worker.stop();
    await client.close();
    await server.stop();
    const broken = await store.violations();
    await store.close();
    remove();
    expect(broken).toEqual([]);
    return mortal;
  }
});
