import { type KagziError, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, signal, useEngine } from "./fixture.ts";

describe.each(ENGINES)("what operators do on %s", (_, open) => {
  const f = useEngine(open);

  it("pause: a run stops after the step that runs, and goes on when it is resumed", async () => {
    const log: string[] = [];
    const [begun, mayEnd] = [signal(), signal()];
    const steps = workflow("steps", async (ctx) => {
      await ctx.step("a", async () => {
        begun.resolve();
        await mayEnd.promise;
        log.push("a");
      });
      await ctx.step("b", () => log.push("b"));
      return "done";
    });
    await f.work([steps]);
    const run = await f.client.start(steps, undefined);
    await begun.promise;
    await run.pause("look at this");
    mayEnd.resolve();
    await reaches(run, "paused");
    expect(log).toEqual(["a"]);
    const info = await run.status();
    expect(info.waitingFor).toMatchObject({ reason: "paused", message: "paused: look at this" });
    await run.resume();
    expect(await run.result({ timeout: "10s" })).toBe("done");
    expect(log).toEqual(["a", "b"]);
    await expect(run.pause()).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    await expect(run.resume()).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  });

  it("pause: a run that waits does not wake, and its waits go on where they were", async () => {
    const naps = workflow("naps", async (ctx) => {
      await ctx.sleep("nap", 200);
      return ctx.waitForEvent("go");
    });
    await f.work([naps]);
    const run = await f.client.start(naps, undefined);
    await reaches(run, "sleeping", "waiting");
    await run.pause();
    await run.send("go", 7);
    expect(await run.status()).toMatchObject({ status: "paused" });
    await run.resume();
    expect(await run.result({ timeout: "10s" })).toMatchObject({ payload: 7 });
  });

  it("retry: a failed run keeps what it completed, and does again what failed", async () => {
    const log: string[] = [];
    let broken = true;
    const order = workflow("order", async (ctx) => {
      await ctx.step("charge", () => log.push("charge"));
      await ctx.step("ship", { retries: 0 }, () => {
        log.push("ship");
        if (broken) throw new Error("no courier");
      });
      return ctx.attempt;
    });
    await f.work([order]);
    const run = await f.client.start(order, undefined, { id: "order-1" });
    expect((await failure(run)).message).toContain("no courier");
    broken = false;
    const again = await f.client.runs.retry(run.id);
    expect(again.id).toBe(run.id);
    expect(await again.result({ timeout: "10s" })).toBe(2);
    expect(log).toEqual(["charge", "ship", "ship"]);
    await expect(f.client.runs.retry(run.id)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  });

  it("rerun: a new run begins with what was completed before a step", async () => {
    const log: string[] = [];
    const pipeline = workflow("pipeline", async (ctx, input: string) => {
      const a = await ctx.step("extract", () => `${input}+${log.push("extract")}`);
      const b = await ctx.step("transform", () => `${a}+${log.push("transform")}`);
      return ctx.step("load", () => `${b}+${log.push("load")}`);
    });
    await f.work([pipeline]);
    const run = await f.client.start(pipeline, "in");
    expect(await run.result()).toBe("in+1+2+3");
    const part = await f.client.runs.rerun(run.id, { fromStep: "transform" });
    expect(await part.result({ timeout: "10s" })).toBe("in+1+4+5");
    expect(await part.status()).toMatchObject({ rerunOf: run.id, input: "in" });
    const whole = await f.client.runs.rerun(run.id, { input: "other", id: "rerun-1" });
    expect(await whole.result({ timeout: "10s" })).toBe("other+6+7+8");
    expect(await run.status()).toMatchObject({ output: "in+1+2+3" });
    await expect(f.client.runs.rerun(run.id, { fromStep: "nowhere" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(f.client.runs.rerun(run.id, { input: "third", id: "rerun-1" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  it("delete: a run that has ended is gone, and its id is free", async () => {
    const quick = workflow("quick", async (_ctx, n: number) => n);
    await f.work([quick]);
    const run = await f.client.start(quick, 1, { id: "once" });
    await run.result();
    await f.client.runs.delete(run.id);
    await expect(run.status()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(f.client.runs.delete(run.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const second = await f.client.start(quick, 2, { id: "once" });
    expect([second.alreadyExists, await second.result()]).toEqual([false, 2]);
    const open = await f.client.start(quick, 3, { delay: "1h" });
    await expect(f.client.runs.delete(open.id)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
  });

  it("priority and delay: what matters more goes first, and what comes later waits", async () => {
    const order: string[] = [];
    const noted = workflow("noted", async (_ctx, name: string) => void order.push(name));
    const runs = [
      await f.client.start(noted, "low", { priority: -5 }),
      await f.client.start(noted, "high", { priority: 10 }),
      await f.client.start(noted, "middle"),
      await f.client.start(noted, "late", { priority: 100, delay: 400 }),
    ];
    await f.work([noted], { concurrency: 1 });
    for (const run of runs) await run.result({ timeout: "10s" });
    expect(order).toEqual(["high", "middle", "low", "late"]);
  });

  it("progress: what a run says of itself last is there for who looks", async () => {
    const [half, mayEnd] = [signal(), signal()];
    const job = workflow("job", async (ctx) => {
      ctx.progress({ done: 0, of: 2 });
      await ctx.step("first", () => {});
      ctx.progress({ done: 1, of: 2 });
      half.resolve();
      await ctx.step("second", () => mayEnd.promise);
    });
    await f.work([job]);
    const run = await f.client.start(job, undefined);
    await half.promise;
    await expect.poll(async () => (await run.status()).progress).toEqual({ done: 1, of: 2 });
    mayEnd.resolve();
    await run.result();
    expect((await run.status()).progress).toEqual({ done: 1, of: 2 });
  });

  it("continueAsNew: a run goes on with an empty history, and its result is the last one's", async () => {
    const count = workflow("count", async (ctx, n: number): Promise<number> => {
      const next = await ctx.step("next", () => n + 1);
      if (next < 5) return ctx.continueAsNew(next);
      return next;
    });
    const parent = workflow("parent", async (ctx) => ctx.invoke(count, 3));
    await f.work([count, parent]);
    const run = await f.client.start(count, 0);
    expect(await run.result({ timeout: "10s" })).toBe(5);
    const first = await run.status();
    expect(first).toMatchObject({ status: "completed", continuedAs: expect.any(String) });
    expect(await f.client.run(first.continuedAs ?? "").status()).toMatchObject({ continuedFrom: run.id, input: 1 });
    expect(await (await f.client.start(parent, undefined)).result({ timeout: "10s" })).toBe(5);
  });
});

describe.each(ENGINES)("versions on %s", (_, open) => {
  const f = useEngine(open);

  it("run side by side: a run stays on its own, a new one takes the highest, or the one that was set", async () => {
    const make = (version: string) =>
      workflow("greet", { version }, async (ctx) => {
        await ctx.waitForEvent("go");
        return ctx.version;
      });
    await f.work([make("1")]);
    const old = await f.client.start("greet");
    await reaches(old, "waiting");
    await f.work([make("1"), make("2"), make("10")]);
    const newest = await f.client.start("greet");
    await f.client.workflows.setDefaultVersion("greet", "2");
    const pinned = await f.client.start("greet");
    expect(await f.client.workflows.versions("greet")).toEqual({ versions: ["10", "2", "1"], defaultVersion: "2" });
    await f.client.workflows.setDefaultVersion("greet", undefined);
    const chosen = await f.client.start("greet", undefined, { version: "1" });
    const last = await f.client.start("greet");
    const runs = [old, newest, pinned, chosen, last];
    for (const run of runs) await run.send("go");
    expect(await Promise.all(runs.map((run) => run.result({ timeout: "10s" })))).toEqual(["1", "10", "2", "1", "10"]);
    await expect(f.client.workflows.setDefaultVersion("greet", "3")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("that no worker has make a run wait, and it says so", async () => {
    const one = workflow("solo", { version: "1" }, async () => 1);
    await f.work([one]);
    const run = await f.client.start("solo", undefined, { version: "7" });
    expect((await run.status()).waitingFor).toMatchObject({ reason: "worker" });
    expect((await run.status()).waitingFor?.message).toContain("no worker has solo@7");
    await f.work([workflow("solo", { version: "7" }, async () => 7)]);
    expect(await run.result({ timeout: "10s" })).toBe(7);
  });
});

describe.each(ENGINES)("a history that no longer matches on %s", (_, open) => {
  const f = useEngine(open);

  it("pauses the run with the difference, until a worker comes whose code matches", async () => {
    const make = (name: string) =>
      workflow("changed", async (ctx) => {
        await ctx.step(name, () => 1);
        await ctx.waitForEvent("go");
        return name;
      });
    const first = await f.work([make("old-name")]);
    const run = await f.client.start("changed");
    await reaches(run, "waiting");
    await first.stop();
    const wrong = await f.work([make("new-name")]);
    await run.send("go");
    await reaches(run, "paused");
    const { error } = await run.status();
    expect(error).toMatchObject({ code: "NONDETERMINISM" } satisfies Partial<KagziError>);
    expect(error?.message).toContain('"old-name"');
    await wrong.stop();
    await f.work([make("old-name")]);
    expect(await run.result({ timeout: "15s" })).toBe("old-name");
  });
});
