import { type Context, workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { TestEnvironment } from "./index.ts";

let env: TestEnvironment | undefined;

afterEach(async () => {
  await env?.close();
  env = undefined;
});

/** Code under way in an environment of its own. */
async function begin<Output>(run: (ctx: Context) => Promise<Output>) {
  const code = workflow("code", run);
  env = await TestEnvironment.create({ workflows: [code], start: new Date("2030-01-01T00:00:00Z") });
  const handle = await env.client.start(code, undefined);
  await env.skip(0);
  return { env, handle, client: env.client };
}

describe("a wait for an event of the namespace", () => {
  it("ends by its time to the millisecond, and takes what comes a millisecond before", async () => {
    const { client, env, handle } = await begin(async (ctx) => {
      const missed = await ctx.waitForEvent<number>("e", { timeout: "1d" });
      const caught = await ctx.waitForEvent<number>("f", { timeout: "1d" });
      return [missed, caught?.payload];
    });
    await env.skip("1d");
    await client.send("e", 1);
    await env.skip(24 * 60 * 60 * 1000 - 1);
    expect((await handle.status()).status).toBe("waiting");
    await client.send("f", 2);
    await env.skip(1);
    expect(await handle.result()).toEqual([null, 2]);
  });

  it("survives its worker, whether the event comes before or after that is lost", async () => {
    const { client, env, handle } = await begin(async (ctx) => {
      const first = await ctx.waitForEvent<number>("e");
      const second = await ctx.waitForEvent<number>("e");
      return [first?.payload, second?.payload];
    });
    await env.crash();
    await env.skip("1d");
    await client.send("e", 1);
    await env.skip(0);
    await client.send("e", 2);
    await env.crash();
    await env.skip(0);
    expect(await handle.result()).toEqual([1, 2]);
  });

  it("finds what is still kept, and nothing that is older", async () => {
    const { client, env, handle } = await begin(async (ctx) => {
      await ctx.sleep("long", "40d");
      const [old, kept] = [
        ctx.waitForEvent("old", { timeout: "1d" }),
        ctx.waitForEvent<number>("kept", { timeout: "1d" }),
      ];
      return [await old, (await kept)?.payload];
    });
    await client.send("old", 1);
    await env.skip("20d");
    await client.send("kept", 2);
    await env.skip("19d");
    expect((await client.events.list().page()).items).toMatchObject([{ name: "kept" }]);
    await env.skip("2d");
    expect(await handle.result()).toEqual([null, 2]);
  });
});

describe("an event that a workflow sends", () => {
  it("is sent once, wherever the worker is lost, and by the attempt of the run that completed it", async () => {
    const announce = workflow("announce", { retries: 1 }, async (ctx) => {
      await ctx.send("n", 1);
      await ctx.step("between", () => {});
      await Promise.all([ctx.send("n", 2), ctx.send("n", 3)]);
      if (ctx.attempt === 1) throw new Error("once more");
      const taken: unknown[] = [];
      for (let n = 0; n < 4; n++) taken.push((await ctx.waitForEvent("n", { timeout: "1h" }))?.payload);
      return taken;
    });
    env = await TestEnvironment.create({ workflows: [announce], autoSkip: true });
    const run = await env.client.start(announce, undefined);
    expect(await run.result()).toEqual([1, 2, 3, undefined]);
    expect((await env.crashTest(announce, undefined)).crashes).toBeGreaterThan(5);
  });
});
