import type { Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { type RunningServer, startServer } from "@kagzi/server";
import { Client, Worker, type WorkerOptions, type Workflow, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { abortable, failure, quiet, reaches, signal, storeWith } from "./fixture.ts";

let schemas = 0;

/** The store as a server has it that hears nothing from other servers, and tells them nothing. */
function deaf(store: Store): Store {
  return storeWith(store, { hints: { listen: () => () => {}, send: async () => {} } });
}

describe.each([
  ["that hear of each other", (store: Store) => store, 1000],
  ["whose every word to each other is lost", deaf, 5000],
])("two servers %s", (_, connect, withinMs) => {
  let stores: Store[] = [];
  let servers: RunningServer[] = [];
  let near: Client;
  let far: Client;
  let workers: Worker[] = [];

  beforeEach(async () => {
    const schema = `two_${process.pid}_${++schemas}`;
    const open = async () => openStore(inject("postgresUrl"), { schema });
    stores = [await open(), await open()];
    const config = { pollMs: 400 };
    servers = await Promise.all(
      stores.map((store) => startServer({ store: connect(store), host: "127.0.0.1", port: 0, config })),
    );
    await Promise.all(servers.map((server) => server.ready));
    const [here, there] = servers.map(({ url }) => url);
    near = new Client({ url: here ?? "" });
    far = new Client({ url: there ?? "" });
    workers = [];
  });

  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all([near.close(), far.close()]);
    await Promise.all(servers.map((server) => server.stop()));
    const broken = await stores[0]?.violations();
    await Promise.all(stores.map((store) => store.close()));
    expect(broken).toEqual([]);
  });

  /** A worker of the first server. */
  async function work(...workflows: readonly Workflow<unknown, unknown>[]): Promise<void> {
    await workAt(servers[0], workflows);
  }

  async function workAt(
    server: RunningServer | undefined,
    workflows: readonly Workflow<unknown, unknown>[],
    options: Partial<WorkerOptions> = {},
  ): Promise<void> {
    const worker = new Worker({ url: server?.url ?? "", workflows, logger: quiet, ...options });
    workers.push(worker);
    await worker.start();
  }

  it("bring a cancellation to a step that runs at the other one", async () => {
    const step = abortable();
    const long = workflow("long", async (ctx) => {
      await ctx.step("wait", step.run);
    });
    await work(long);
    const run = await near.start(long, undefined);
    await step.begun;
    const asked = performance.now();
    await far.run(run.id).cancel("from afar");
    expect((await failure(run)).message).toContain("from afar");
    expect(Number(step.abortedAt) - asked).toBeLessThan(withinMs);
  });

  it("count the places of runs and the slots of steps together, and leave none unused", async () => {
    const going = new Map<string, number>();
    const most = new Map<string, number>();
    const count = async (what: string) => {
      const now = (going.get(what) ?? 0) + 1;
      going.set(what, now);
      most.set(what, Math.max(now, most.get(what) ?? 0));
      await new Promise((resolve) => setImmediate(resolve));
      going.set(what, (going.get(what) ?? 1) - 1);
    };
    const limited = workflow(
      "limited",
      { concurrency: [4, { limit: 1, key: "customer" }] },
      async (ctx, input: { readonly customer: string }) => {
        await ctx.step("one", () => Promise.all([count("all"), count(input.customer)]));
        await ctx.step("two", { limit: "api" }, () => count("api"));
      },
    );
    const limits = { api: { concurrency: 2 } };
    for (const server of servers) await workAt(server, [limited], { limits });
    const items = Array.from({ length: 20 }, (_each, index) => ({ input: { customer: `c${index % 9}` } }));
    const runs = (await Promise.all([near, far].map((client) => client.startMany(limited, items)))).flat();
    await Promise.all(runs.map((run) => run.result({ timeout: "40s" })));
    expect(most.get("all")).toBeLessThanOrEqual(4);
    expect(most.get("api")).toBeLessThanOrEqual(2);
    for (let index = 0; index < 9; index++) expect(most.get(`c${index}`)).toBe(1);
  });

  it("bring events to a run that runs at the other one, and wake one that waits", async () => {
    const [begun, mayEnd] = [signal(), signal()];
    const busy = workflow("busy", async (ctx) => {
      const [, event] = await Promise.all([
        ctx.step("work", async () => {
          begun.resolve();
          await mayEnd.promise;
        }),
        ctx.waitForEvent<number>("first").then((taken) => {
          mayEnd.resolve();
          return taken;
        }),
      ]);
      const second = await ctx.waitForEvent<number>("second");
      return [event?.payload, second?.payload];
    });
    await work(busy);
    const run = await near.start(busy, undefined);
    await begun.promise;
    await far.run(run.id).send("first", 1);
    await reaches(run, "waiting");
    await far.run(run.id).send("second", 2);
    expect(await run.result({ timeout: "15s" })).toEqual([1, 2]);
  });

  it("bring events of the namespace to runs of the other one: those that wait, those that work, those that begin", async () => {
    const [begun, mayEnd] = [signal(), signal()];
    const waiter = workflow("waiter", async (ctx) => (await ctx.waitForEvent<number>("go"))?.payload);
    const busy = workflow("busy", async (ctx) => {
      const event = ctx.waitForEvent<number>("go").then((taken) => {
        mayEnd.resolve();
        return taken?.payload;
      });
      await ctx.step("work", async () => {
        begun.resolve();
        await mayEnd.promise;
      });
      return event;
    });
    const reader = workflow("reader", { on: "go" }, async (_ctx, n: number) => n);
    await work(waiter, busy, reader);
    const runs = [
      await near.start(waiter, undefined),
      await far.start(waiter, undefined),
      await near.start(busy, undefined),
    ];
    for (const run of runs.slice(0, 2)) await reaches(run, "waiting");
    await begun.promise;
    const { startedRunIds } = await far.send("go", 7);
    const results = [...runs, ...startedRunIds.map((id) => near.run(id))].map((run) => run.result({ timeout: "15s" }));
    expect(await Promise.all(results)).toEqual([7, 7, 7, 7]);
  });

  it("pause and resume a run of the other one", async () => {
    const [begun, mayEnd] = [signal(), signal()];
    const steps = workflow("steps", async (ctx) => {
      await ctx.step("a", async () => {
        begun.resolve();
        await mayEnd.promise;
      });
      return ctx.step("b", () => "b");
    });
    await work(steps);
    const run = await near.start(steps, undefined);
    await begun.promise;
    await far.run(run.id).pause();
    // The store knows: wherever the run is given back, or would wait, it is paused.
    expect((await run.status()).status).toBe("running");
    const stopped = workers[0]?.stop();
    mayEnd.resolve();
    await stopped;
    await reaches(run, "paused");
    await work(steps);
    await far.run(run.id).resume();
    expect(await run.result({ timeout: "15s" })).toBe("b");
  });

  it("tell a parent at one of a child's end at the other", async () => {
    const child = workflow("child", async (ctx) => {
      const event = await ctx.waitForEvent<string>("go");
      return event?.payload;
    });
    const parent = workflow("parent", async (ctx) => ctx.invoke(child, undefined));
    await work(parent);
    const worker = new Worker({ url: servers[1]?.url ?? "", workflows: [child], logger: quiet });
    workers.push(worker);
    await worker.start();
    const run = await far.start(parent, undefined);
    await reaches(run, "waiting");
    await expect.poll(async () => (await near.runs.list({ parent: run.id }).page()).items.length).toBe(1);
    const [info] = (await near.runs.list({ parent: run.id }).page()).items;
    await near.run(info?.id ?? "").send("go", "well done");
    expect(await run.result({ timeout: "15s" })).toBe("well done");
  });
});
