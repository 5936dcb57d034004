import { Client, type RunHandle, type WorkflowOptions, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, signal, useEngine } from "./fixture.ts";

interface Order {
  readonly customer: string;
  readonly number?: number;
}

/** A workflow whose runs go on until they are let go, and who goes on at the same time. */
function gated(options: WorkflowOptions<Order>) {
  const gate = signal();
  const going = new Map<string, number>();
  const most = new Map<string, number>();
  const order: string[] = [];
  const count = (key: string, by: number) => {
    const now = (going.get(key) ?? 0) + by;
    going.set(key, now);
    most.set(key, Math.max(most.get(key) ?? 0, now));
  };
  const definition = workflow("ship", options, async (ctx, input: Order) =>
    ctx.step("pack", async () => {
      order.push(input.customer);
      for (const key of [input.customer, "all"]) count(key, 1);
      await gate.promise;
      for (const key of [input.customer, "all"]) count(key, -1);
      return input.customer;
    }),
  );
  return { definition, gate, going, most, order };
}

const results = (runs: readonly RunHandle<unknown>[]) => Promise.all(runs.map((run) => run.result({ timeout: "20s" })));

describe.each(ENGINES)("limits (%s)", (_, open) => {
  const fixture = useEngine(open);

  it("let so many runs of a workflow go on at once, over all workers", async () => {
    const { definition, gate, going, most } = gated({ concurrency: 3 });
    await Promise.all([fixture.work([definition]), fixture.work([definition])]);
    const items = Array.from({ length: 12 }, (_each, index) => ({ input: { customer: `c${index}` } }));
    const runs = await fixture.client.startMany(definition, items);
    await expect.poll(() => going.get("all")).toBe(3);
    expect((await fixture.client.workflows.limits("ship")).usage).toEqual([{ key: "", running: 3, waiting: 9 }]);
    gate.resolve();
    await results(runs);
    expect(most.get("all")).toBe(3);
  });

  it("let so many runs of each key go on at once, and of all of them together", async () => {
    const { definition, gate, going, most } = gated({ concurrency: [4, { limit: 1, key: "customer" }] });
    await fixture.work([definition]);
    const customers = ["a", "a", "a", "b", "b", "c", "d", "e", "f"];
    const runs = await fixture.client.startMany(
      definition,
      customers.map((customer) => ({ input: { customer } })),
    );
    await expect.poll(() => going.get("all")).toBe(4);
    gate.resolve();
    expect(await results(runs)).toEqual(customers);
    expect(most.get("all")).toBe(4);
    expect(customers.map((customer) => most.get(customer))).toEqual(customers.map(() => 1));
  });

  it("hold no place for a run that waits", async () => {
    const nap = workflow("nap", { concurrency: 1 }, async (ctx, name: string) => {
      await ctx.waitForEvent("wake");
      return name;
    });
    await fixture.work([nap]);
    const first = await fixture.client.start(nap, "first");
    await reaches(first, "waiting");
    const second = await fixture.client.start(nap, "second");
    await reaches(second, "waiting");
    await Promise.all([first.send("wake", 1), second.send("wake", 2)]);
    expect(await results([first, second])).toEqual(["first", "second"]);
  });

  it("give each key its turn while one has a long backlog", async () => {
    const { definition, gate, order } = gated({ concurrency: { limit: 1, key: "customer" } });
    gate.resolve();
    const busy = Array.from({ length: 40 }, () => ({ input: { customer: "busy" } }));
    const runs = await fixture.client.startMany(definition, [...busy, { input: { customer: "late" } }]);
    await fixture.work([definition], { concurrency: 1 });
    await results(runs);
    expect(order.indexOf("late")).toBeLessThan(5);
  });

  it("are changed while they hold runs back", async () => {
    const { definition, gate, going } = gated({ concurrency: 1 });
    await fixture.work([definition]);
    const items = Array.from({ length: 6 }, () => ({ input: { customer: "a" } }));
    const runs = await fixture.client.startMany(definition, items);
    await expect.poll(() => going.get("all")).toBe(1);
    await fixture.client.workflows.setLimits("ship", { concurrency: { limit: 4, key: "customer" } });
    await expect.poll(() => going.get("all")).toBe(4);
    await fixture.client.workflows.setLimits("ship", {});
    await expect.poll(() => going.get("all")).toBe(6);
    gate.resolve();
    await results(runs);
    await fixture.client.workflows.setLimits("ship", undefined);
    const { declared, override } = await fixture.client.workflows.limits("ship");
    expect([declared, override]).toEqual([{ concurrency: [{ limit: 1 }] }, undefined]);
  });

  it("let so many runs begin within a time, drop none, and tell each key apart", async () => {
    const begun: { readonly customer: string; readonly at: number }[] = [];
    const call = workflow(
      "call",
      { throttle: { limit: 2, per: "400ms", key: "customer" } },
      async (ctx, input: Order) => {
        begun.push({ customer: input.customer, at: ctx.now().getTime() });
        return input.number;
      },
    );
    await fixture.work([call]);
    const inputs = [1, 2, 3, 4, 5].map((number) => ({ input: { customer: "a", number } }));
    const runs = await fixture.client.startMany(call, [...inputs, { input: { customer: "b", number: 6 } }]);
    expect(await results(runs)).toEqual([1, 2, 3, 4, 5, 6]);
    const infos = await Promise.all(runs.map((run) => run.status()));
    const starts = infos
      .slice(0, 5)
      .map((info) => info.startedAt?.getTime() ?? 0)
      .toSorted((a, b) => a - b);
    for (const [index, at] of starts.entries()) {
      // Of any three in a row, the last is a whole window after the first.
      const third = starts[index + 2];
      if (third !== undefined) expect(third - at).toBeGreaterThanOrEqual(400);
    }
    expect(begun).toHaveLength(6);
  });

  it("let those go at once for whom a throttle is raised that would make them wait for an hour", async () => {
    const call = workflow("call", { throttle: { limit: 1, per: "1h", key: "customer" } }, async (_, input: Order) => {
      return input.number;
    });
    await fixture.work([call]);
    const start = (number: number) => fixture.client.start(call, { customer: "a", number });
    const [first, ...others] = [await start(1), await start(2), await start(3)];
    expect(await first?.result()).toBe(1);
    for (const run of others) await expect.poll(async () => (await run.explain()).reasons[0]?.reason).toBe("throttle");
    await fixture.client.workflows.setLimits("call", { throttle: { limit: 1000, per: "1h", key: "customer" } });
    expect(await results([...others, await start(4)])).toEqual([2, 3, 4]);
  });

  it("put runs of a higher priority first", async () => {
    const { definition, gate, order } = gated({ concurrency: 1 });
    gate.resolve();
    await fixture.client.workflows.setLimits("ship", { concurrency: 1 });
    const start = (customer: string, priority: number) => fixture.client.start(definition, { customer }, { priority });
    const runs = [await start("low", -1), await start("middle", 0), await start("high", 7)];
    await fixture.work([definition]);
    await results(runs);
    expect(order).toEqual(["high", "middle", "low"]);
  });

  it("read the key of an input that the server cannot read from whoever starts the run", async () => {
    const { definition, gate, going } = gated({ concurrency: { limit: 1, key: "customer" } });
    const codec = {
      encode: ({ data, metadata }: { data: Uint8Array; metadata: Readonly<Record<string, string>> }) => ({
        data: data.map((byte) => byte ^ 0x5a),
        metadata: { ...metadata, "content-type": "application/x-secret" },
      }),
      decode: ({ data, metadata }: { data: Uint8Array; metadata: Readonly<Record<string, string>> }) => ({
        data: data.map((byte) => byte ^ 0x5a),
        metadata: { ...metadata, "content-type": "application/json" },
      }),
    };
    await fixture.work([definition], { codec });
    const secret = new Client({ ...fixture.engine.at, codec });
    const items = ["a", "a", "b"].map((customer) => ({ input: { customer } }));
    const runs = await secret.startMany(definition, items);
    await expect.poll(() => going.get("all")).toBe(2);
    gate.resolve();
    expect(await results(runs)).toEqual(["a", "a", "b"]);
    await secret.close();
  });

  it("or none: a namespace with a long backlog holds up no other one", async () => {
    const { definition, gate } = gated({ concurrency: { limit: 1, key: "customer" } });
    gate.resolve();
    await fixture.client.namespaces.create("quiet");
    const items = Array.from({ length: 1000 }, (_each, index) => ({ input: { customer: `c${index % 7}` } }));
    await fixture.client.startMany(definition, items);
    await fixture.work([definition], { concurrency: 2 });
    const quiet = new Client({ ...fixture.engine.at, namespace: "quiet" });
    await fixture.work([definition], { namespace: "quiet" });
    const run = await quiet.start(definition, { customer: "c1" });
    expect(await run.result({ timeout: "20s" })).toBe("c1");
    const { items: waiting } = await fixture.client.runs.list({ status: "pending" }).page({ size: 1 });
    expect(waiting).toHaveLength(1);
    await quiet.close();
  });

  it("end with the run that held the place, however it ends", async () => {
    const { definition, gate, going } = gated({ concurrency: 1 });
    await fixture.work([definition]);
    const first = await fixture.client.start(definition, { customer: "a" });
    const second = await fixture.client.start(definition, { customer: "b" });
    await expect.poll(() => going.get("a")).toBe(1);
    await first.terminate();
    await expect.poll(() => going.get("b")).toBe(1);
    gate.resolve();
    await second.result({ timeout: "10s" });
    expect((await failure(first)).code).toBe("CANCELLED");
  });
});

describe("limits that make no sense", () => {
  it.each([
    ["no whole number", { concurrency: 1.5 }],
    ["none at all", { concurrency: 0 }],
    ["two for all runs", { concurrency: [1, 2] }],
    [
      "two with a key",
      {
        concurrency: [
          { limit: 1, key: "a" },
          { limit: 1, key: "b" },
        ],
      },
    ],
    ["a key without a name", { concurrency: { limit: 1, key: "" } }],
    ["a window of no length", { throttle: { limit: 1, per: 0 } }],
    ["a window that is no duration", { throttle: { limit: 1, per: "soon" } }],
    ["no start at all", { throttle: { limit: 0, per: "1m" } }],
  ])("are refused where they are written: %s", (__, options) => {
    expect(() => workflow("limited", options as object, async () => {})).toThrow(/limited/);
  });
});
