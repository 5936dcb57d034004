import { type KagziError, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, signal, useEngine } from "./fixture.ts";

describe.each(ENGINES)("events to one run on %s", (_, open) => {
  const f = useEngine(open);

  it("wake a run that waits, and are handed over as they were sent", async () => {
    const approval = workflow("approval", async (ctx) => {
      const event = await ctx.waitForEvent<{ by: string; at: Date }>("approved");
      await ctx.sleep("later", 10);
      return event;
    });
    await f.work([approval]);
    const run = await f.client.start(approval, undefined);
    await reaches(run, "waiting");
    expect((await run.status()).waitingFor).toMatchObject({ reason: "event", message: 'waits for event "approved"' });
    await run.send("approved", { by: "eva", at: new Date(5) }, { id: "e1", key: "order-1" });
    expect(await run.result({ timeout: "10s" })).toMatchObject({
      id: "e1",
      name: "approved",
      key: "order-1",
      payload: { by: "eva", at: new Date(5) },
      sentAt: expect.any(Date),
    });
  });

  it("are not lost when they come before the wait, and are taken in order, each once", async () => {
    const collect = workflow("collect", async (ctx) => {
      await ctx.sleep("first", 50);
      const taken: unknown[] = [];
      for (let n = 0; n < 4; n++) taken.push((await ctx.waitForEvent("item"))?.payload);
      return taken;
    });
    const run = await f.client.start(collect, undefined);
    for (const item of [1, 2, 3, undefined]) await run.send("item", item);
    await f.work([collect]);
    expect(await run.result({ timeout: "10s" })).toEqual([1, 2, 3, undefined]);
  });

  it("are one however often they are sent with the same id", async () => {
    const collect = workflow("collect", async (ctx) => {
      const first = await ctx.waitForEvent("item");
      const second = await ctx.waitForEvent("item", { timeout: 200 });
      return [first?.payload, second];
    });
    await f.work([collect]);
    const run = await f.client.start(collect, undefined);
    for (let n = 0; n < 3; n++) await run.send("item", n, { id: "same" });
    expect(await run.result({ timeout: "10s" })).toEqual([0, null]);
    await expect(run.send("item", 1)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    // The same one again, because its answer was lost, is no mistake.
    await run.send("item", 1, { id: "same" });
  });

  it("are matched by their key where the wait names one", async () => {
    const match = workflow("match", async (ctx) => {
      const mine = await ctx.waitForEvent("paid", { key: "b" });
      const any = await ctx.waitForEvent("paid");
      return [mine?.key, any?.key];
    });
    await f.work([match]);
    const run = await f.client.start(match, undefined);
    await run.send("paid", 1, { key: "a" });
    await run.send("unpaid", 1, { key: "b" });
    await run.send("paid", 1, { key: "b" });
    expect(await run.result({ timeout: "10s" })).toEqual(["b", "a"]);
  });

  it("come too late after the timeout, which gives null", async () => {
    const hasty = workflow("hasty", async (ctx) => {
      const event = await ctx.waitForEvent("never", { timeout: 100 });
      await ctx.sleep("a", 100);
      return event;
    });
    await f.work([hasty]);
    const run = await f.client.start(hasty, undefined);
    expect(await run.result({ timeout: "10s" })).toBeNull();
  });

  it("are checked by a schema, and fail the wait if they do not fit", async () => {
    const positive = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "number" && value > 0 ? { value: value * 2 } : { issues: [{ message: "not positive" }] },
      },
    } as const;
    const checked = workflow("checked", async (ctx) => {
      const bad = await ctx.waitForEvent("n", { schema: positive }).catch((error: KagziError) => error.message);
      const good = await ctx.waitForEvent("n", { schema: positive });
      return [bad, good?.payload];
    });
    await f.work([checked]);
    const run = await f.client.start(checked, undefined);
    await run.send("n", -1, { id: "bad" });
    await run.send("n", 4);
    expect(await run.result({ timeout: "10s" })).toEqual(['event "n" (bad) is not valid: not positive', 8]);
  });

  it("bring a run more than one message of the stream could carry, before it begins and while it works", async () => {
    const names = Array.from({ length: 80 }, (_, index) => `part ${index}`);
    const text = "x".repeat(900_000);
    const sent = signal();
    const collect = workflow("collect", async (ctx, works: boolean) => {
      if (works) await ctx.step("work", () => sent.promise);
      let length = 0;
      // The last one first: all that came before it wait meanwhile.
      for (const name of names.toReversed()) length += (await ctx.waitForEvent<string>(name))?.payload.length ?? 0;
      return length;
    });
    const early = await f.client.start(collect, false);
    for (const name of names) await early.send(name, text);
    await f.work([collect]);
    expect(await early.result()).toBe(names.length * text.length);
    const late = await f.client.start(collect, true);
    await reaches(late, "running");
    await Promise.all(names.map((name) => late.send(name, text)));
    sent.resolve();
    expect(await late.result()).toBe(names.length * text.length);
  }, 60_000);

  it("race with sleeps and steps: the first wins for ever, and the others are given up", async () => {
    const aborted: string[] = [];
    const decide = workflow("decide", async (ctx) => {
      const first = await ctx.race({ approved: ctx.waitForEvent("approved"), late: ctx.sleep("limit", "1d") });
      const second = await ctx.race({
        slow: ctx.step("slow", ({ signal: given }) => {
          return new Promise((resolve) => {
            given.addEventListener("abort", () => resolve(aborted.push("slow")));
          });
        }),
        soon: ctx.sleep("soon", 50),
      });
      await ctx.sleep("after", 10);
      return [first.winner, first.value !== undefined, second.winner];
    });
    await f.work([decide]);
    const run = await f.client.start(decide, undefined);
    await reaches(run, "waiting");
    await run.send("approved");
    expect(await run.result({ timeout: "10s" })).toEqual(["approved", true, "soon"]);
    expect(aborted).toEqual(["slow"]);
  });

  it("race with children: the one that lost is cancelled, and waiting for it later fails", async () => {
    const slow = workflow("slow", async (ctx) => ctx.sleep("s", "1d"));
    const parent = workflow("parent", async (ctx) => {
      const child = ctx.invoke(slow, undefined);
      const { winner } = await ctx.race({ child, limit: ctx.sleep("limit", 100) });
      const after = await child.catch((error: KagziError) => error.code);
      return [winner, after];
    });
    await f.work([slow, parent]);
    const run = await f.client.start(parent, undefined);
    expect(await run.result({ timeout: "10s" })).toEqual(["limit", "CANCELLED"]);
    const [child] = (await f.client.runs.list({ parent: run.id }).page()).items;
    expect(await failure(f.client.run(child?.id ?? ""))).toMatchObject({ code: "CANCELLED" });
  });

  it("are refused where they can mean nothing", async () => {
    const run = f.client.run("01900000-0000-7000-8000-000000000000");
    await expect(run.send("e")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const nap = workflow("nap", async (ctx) => ctx.sleep("s", "1d"));
    const there = await f.client.start(nap, undefined, { delay: "1h" });
    await expect(there.send("")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(there.send("e", () => {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(there.send("e", "x".repeat(2 ** 20))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });
});
