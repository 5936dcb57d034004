import { KagziError, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, signal, useEngine } from "./fixture.ts";

describe.each(ENGINES)("children on %s", (_, open) => {
  const f = useEngine(open);

  it("give their result to the parent that invoked them, with its types", async () => {
    const double = workflow("double", async (ctx, n: number) => ctx.step("double", () => BigInt(n) * 2n));
    const parent = workflow("parent", async (ctx, n: number) => {
      const first = await ctx.invoke(double, n);
      const second = await ctx.invoke(double, Number(first), { name: "again" });
      return { first, second };
    });
    await f.work([double, parent]);
    const run = await f.client.start(parent, 5);
    expect(await run.result()).toEqual({ first: 10n, second: 20n });
    const { items } = await f.client.runs.list({ parent: run.id }).page();
    expect(items.map(({ parentId, workflow: name }) => [name, parentId])).toEqual([
      ["double", run.id],
      ["double", run.id],
    ]);
  });

  it("fail their parent's step with their own error, once and for ever", async () => {
    class OutOfStock extends Error {
      override readonly name = "OutOfStock";
    }
    let tries = 0;
    const child = workflow("child", async (ctx) => {
      await ctx.step("buy", { retries: 0 }, () => {
        tries += 1;
        throw new OutOfStock("no more apples", { cause: new Error("shelf 7") });
      });
    });
    const parent = workflow("parent", async (ctx) => {
      try {
        await ctx.invoke(child, undefined);
        return "bought";
      } catch (error) {
        await ctx.sleep("think", 50);
        return error instanceof KagziError ? [error.message, (error.cause as Error).name] : "?";
      }
    });
    await f.work([child, parent]);
    const run = await f.client.start(parent, undefined);
    expect(await run.result()).toEqual(["no more apples", "OutOfStock"]);
    expect(tries).toBe(1);
  });

  it("are started once, however often their parent's code is replayed", async () => {
    let started = 0;
    const child = workflow("child", async (ctx) => ctx.step("count", () => ++started));
    const parent = workflow("parent", async (ctx) => {
      const results: number[] = [];
      for (let n = 0; n < 3; n++) {
        results.push(await ctx.invoke(child, undefined));
        await ctx.sleep("pause", 10);
      }
      return results;
    });
    const worker = await f.work([child, parent]);
    const run = await f.client.start(parent, undefined);
    await expect.poll(() => started, { timeout: 10_000 }).toBeGreaterThan(0);
    await worker.stop();
    await f.work([child, parent]);
    expect(await run.result({ timeout: "20s" })).toEqual([1, 2, 3]);
    expect((await f.client.runs.list({ parent: run.id }).page()).items).toHaveLength(3);
  });

  it("are cancelled with their parent, and hear it in their own code", async () => {
    const log: string[] = [];
    const child = workflow("child", async (ctx) => {
      try {
        await ctx.sleep("long", "1d");
      } finally {
        await ctx.step("undo", () => log.push("child undone"));
      }
    });
    const parent = workflow("parent", async (ctx) => {
      await ctx.invoke(child, undefined);
    });
    await f.work([child, parent]);
    const run = await f.client.start(parent, undefined);
    await reaches(run, "waiting");
    expect((await run.status()).waitingFor).toMatchObject({ reason: "child" });
    const [info] = (await f.client.runs.list({ parent: run.id }).page()).items;
    const kid = f.client.run(info?.id ?? "");
    await reaches(kid, "sleeping");
    await run.cancel("all of it");
    expect(await failure(run)).toMatchObject({ code: "CANCELLED" });
    expect(await failure(kid)).toMatchObject({ code: "CANCELLED" });
    expect(log).toEqual(["child undone"]);
  });

  it("are cancelled when their parent is terminated, or ends without them", async () => {
    const child = workflow("child", async (ctx) => ctx.sleep("long", "1d"));
    const begun = signal();
    const careless = workflow("careless", async (ctx) => {
      void ctx.invoke(child, undefined).catch(() => {});
      await ctx.sleep("a moment", 300);
      begun.resolve();
    });
    const patient = workflow("patient", async (ctx) => ctx.invoke(child, undefined));
    await f.work([child, careless, patient]);
    const runs = [await f.client.start(careless, undefined), await f.client.start(patient, undefined)];
    await reaches(runs[1] ?? expect.fail(), "waiting");
    await begun.promise;
    await runs[1]?.terminate("enough");
    for (const run of runs) {
      const [info] = (await f.client.runs.list({ parent: run.id }).page()).items;
      expect(await failure(f.client.run(info?.id ?? ""))).toMatchObject({ code: "CANCELLED" });
    }
  });

  it("tell a parent that waits when they are cancelled themselves", async () => {
    const child = workflow("child", async (ctx) => ctx.sleep("long", "1d"));
    const parent = workflow("parent", async (ctx) =>
      ctx.invoke(child, undefined).catch((error: KagziError) => error.code),
    );
    await f.work([child, parent]);
    const run = await f.client.start(parent, undefined);
    await reaches(run, "waiting");
    const [info] = (await f.client.runs.list({ parent: run.id }).page()).items;
    await f.client.run(info?.id ?? "").cancel("just this one");
    expect(await run.result({ timeout: "10s" })).toBe("CANCELLED");
  });

  it("that cannot be started fail the step that asked for them", async () => {
    const child = workflow("child", async () => {});
    const parent = workflow("parent", async (ctx) => {
      const taken = await ctx.invoke(child, undefined, { id: "taken" }).catch((error: KagziError) => error.code);
      const large = await ctx.invoke("child", "x".repeat(2 ** 20)).catch((error: KagziError) => error.code);
      const nameless = await ctx.invoke("", 1).catch((error: KagziError) => error.code);
      return [taken, large, nameless];
    });
    await f.work([child, parent]);
    await f.client.start(child, undefined, { id: "taken" });
    const run = await f.client.start(parent, undefined);
    expect(await run.result({ timeout: "10s" })).toEqual(["CONFLICT", "PAYLOAD_TOO_LARGE", "INVALID_ARGUMENT"]);
  });

  it("may be started to go their own way, once", async () => {
    const side = workflow("side", async (ctx, text: string) => ctx.step("say", () => text));
    const parent = workflow("parent", async (ctx) => {
      const first = await ctx.start(side, "hello");
      const keyed = await ctx.start(side, "hello", { id: "only-one" });
      const again = await ctx.start(side, "hello", { id: "only-one" });
      return { first, keyed, again };
    });
    await f.work([side, parent]);
    const run = await f.client.start(parent, undefined);
    const { again, first, keyed } = await run.result();
    expect([first.alreadyExists, keyed.alreadyExists, again.alreadyExists]).toEqual([false, false, true]);
    expect(again.id).toBe(keyed.id);
    expect(await f.client.run(first.id).result()).toBe("hello");
    expect(await f.client.run(first.id).status()).toMatchObject({ parentId: run.id });
  });
});
