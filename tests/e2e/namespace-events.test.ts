import { type KagziError, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, signal, useEngine } from "./fixture.ts";

/** Nothing of it matters but that it is a time that no wait of a test reaches. */
const LONG = "1d";

describe.each(ENGINES)("events to a namespace on %s", (_, open) => {
  const f = useEngine(open);

  it("start one run for each workflow that subscribes, with the payload as its input", async () => {
    const bill = workflow("bill", { on: "order.created" }, async (_ctx, order: { id: string; at: Date }) => order);
    const ship = workflow("ship", { on: ["order.created", "order.moved"] }, async (ctx, order: { id: string }) => {
      return `${order.id} ${ctx.workflow}`;
    });
    await f.work([bill, ship]);
    const order = { id: "o1", at: new Date(7) };
    const sent = await f.client.send("order.created", order, { id: "e1", key: "o1" });
    expect(sent).toMatchObject({ id: "e1", alreadyExists: false });
    expect(sent.startedRunIds).toHaveLength(2);
    const results = await Promise.all(sent.startedRunIds.map((id) => f.client.run(id).result({ timeout: "10s" })));
    expect(results).toEqual(expect.arrayContaining([order, "o1 ship"]));
    expect(await f.client.run(sent.startedRunIds[0] ?? "").status()).toMatchObject({ eventId: "e1" });
    const moved = await f.client.send("order.moved", order);
    expect(moved.startedRunIds).toHaveLength(1);
    expect(await f.client.run(moved.startedRunIds[0] ?? "").result({ timeout: "10s" })).toBe("o1 ship");
    expect((await f.client.send("order.gone", order)).startedRunIds).toEqual([]);
  });

  it("are one however often they are sent with the same id, and the first content wins", async () => {
    const echo = workflow("echo", { on: "said" }, async (_ctx, what: string) => what);
    await f.work([echo]);
    const sends = await Promise.all(["a", "a", "a", "a"].map((what) => f.client.send("said", what, { id: "same" })));
    expect(sends.filter(({ alreadyExists }) => !alreadyExists)).toHaveLength(1);
    const again = await f.client.send("said", "b", { id: "same" });
    expect(again).toMatchObject({ alreadyExists: true });
    expect(new Set([...sends, again].flatMap(({ startedRunIds }) => startedRunIds)).size).toBe(1);
    expect(await f.client.run(again.startedRunIds[0] ?? "").result({ timeout: "10s" })).toBe("a");
    expect((await f.client.runs.list().page()).items).toHaveLength(1);
  });

  it("start the version that new runs take, if that one subscribes", async () => {
    const first = workflow("job", { version: "1", on: "tick" }, async () => "1");
    const second = workflow("job", { version: "2", on: "tick" }, async () => "2");
    const third = workflow("job", { version: "3" }, async () => "3");
    const resultOf = async () => {
      const { startedRunIds } = await f.client.send("tick");
      return Promise.all(startedRunIds.map((id) => f.client.run(id).result({ timeout: "10s" })));
    };
    await f.work([first]);
    expect(await resultOf()).toEqual(["1"]);
    await f.work([second]);
    // An old worker that registers again changes nothing.
    await f.work([first]);
    expect(await resultOf()).toEqual(["2"]);
    await f.work([third]);
    expect(await resultOf()).toEqual([]);
    await f.client.workflows.setDefaultVersion("job", "1");
    expect(await resultOf()).toEqual(["1"]);
  });

  it("are no longer subscribed to by a version that says so no more", async () => {
    const subscribed = workflow("job", { on: "tick" }, async () => {});
    await (await f.work([subscribed])).stop();
    await f.work([workflow("job", async () => {})]);
    expect((await f.client.send("tick")).startedRunIds).toEqual([]);
  });

  it("wake every run that waits, and are taken by runs that come to wait later", async () => {
    const mayWait = signal();
    const waiter = workflow("waiter", async (ctx, late: boolean) => {
      if (late) await ctx.step("work", () => mayWait.promise);
      return (await ctx.waitForEvent<number>("go", { timeout: LONG }))?.payload;
    });
    await f.work([waiter]);
    const before = await f.client.send("go", 0);
    const early = await Promise.all([false, false, false].map((late) => f.client.start(waiter, late)));
    const late = await f.client.start(waiter, true);
    for (const run of early) await reaches(run, "waiting");
    await reaches(late, "running");
    const { id } = await f.client.send("go", 1);
    expect(await Promise.all(early.map((run) => run.result({ timeout: "10s" })))).toEqual([1, 1, 1]);
    mayWait.resolve();
    expect(await late.result({ timeout: "10s" })).toBe(1);
    const [shown, older] = (await f.client.events.list({ name: "go" }).page()).items;
    expect(shown).toMatchObject({ id, payload: 1, takenCount: 4 });
    expect(new Set(shown?.takenByRunIds)).toEqual(new Set([...early, late].map((run) => run.id)));
    // What was sent before a run began is none of its business.
    expect(older).toMatchObject({ id: before.id, takenCount: 0 });
  });

  it("are not taken by the run that they started", async () => {
    const chained = workflow("chained", { on: "link" }, async (ctx, n: number) => {
      return [n, (await ctx.waitForEvent<number>("link", { timeout: LONG }))?.payload];
    });
    await f.work([chained]);
    const { startedRunIds } = await f.client.send("link", 1);
    const run = f.client.run(startedRunIds[0] ?? "");
    await reaches(run, "waiting");
    await f.client.send("link", 2);
    expect(await run.result({ timeout: "10s" })).toEqual([1, 2]);
  });

  it("go to the waits that their key fits, and to those that ask for none", async () => {
    const match = workflow("match", async (ctx, key: string | undefined) => {
      const event = await ctx.waitForEvent<number>("paid", { timeout: LONG, ...(key !== undefined && { key }) });
      return [event?.key, event?.payload];
    });
    await f.work([match]);
    const [a, b, any] = [
      await f.client.start(match, "a"),
      await f.client.start(match, "b"),
      await f.client.start(match, undefined),
    ];
    for (const run of [a, b, any]) await reaches(run, "waiting");
    await f.client.send("paid", 1, { key: "b" });
    expect(await b.result({ timeout: "10s" })).toEqual(["b", 1]);
    expect(await any.result({ timeout: "10s" })).toEqual(["b", 1]);
    expect((await a.status()).status).toBe("waiting");
    await f.client.send("paid", 2, { key: "a" });
    expect(await a.result({ timeout: "10s" })).toEqual(["a", 2]);
  });

  it("are taken by a run in the order in which they were sent, each once", async () => {
    const count = 100;
    const collect = workflow("collect", async (ctx) => {
      const taken: unknown[] = [];
      while (taken.length < count) taken.push((await ctx.waitForEvent("item", { timeout: LONG }))?.payload);
      return taken;
    });
    await f.work([collect]);
    const run = await f.client.start(collect, undefined);
    for (let n = 0; n < count; n++) await f.client.send("item", n);
    expect(await run.result({ timeout: "25s" })).toEqual(Array.from({ length: count }, (_each, n) => n));
  }, 40_000);

  it("are each taken by one of the waits of a run that wait at once", async () => {
    const both = workflow("both", async (ctx) => {
      const events = await Promise.all([
        ctx.waitForEvent<number>("n", { key: "k", timeout: LONG }),
        ctx.waitForEvent<number>("n", { timeout: LONG }),
        ctx.waitForEvent<number>("n", { timeout: LONG }),
      ]);
      return events.map((event) => event?.payload);
    });
    await f.work([both]);
    const run = await f.client.start(both, undefined);
    await reaches(run, "waiting");
    await f.client.send("n", 1);
    await f.client.send("n", 2);
    await f.client.send("n", 3, { key: "k" });
    const taken = await run.result({ timeout: "10s" });
    expect(taken[0]).toBe(3);
    expect(new Set(taken)).toEqual(new Set([1, 2, 3]));
  });

  it("race with the timeout of a wait and with each other: one ends it, and what lost fires no more", async () => {
    const decide = workflow("decide", async (ctx) => {
      const missed = await ctx.waitForEvent("never", { timeout: 50 });
      const { winner, value } = await ctx.race({
        yes: ctx.waitForEvent<number>("yes"),
        no: ctx.waitForEvent<number>("no"),
      });
      const next = await ctx.waitForEvent<number>("no", { timeout: LONG });
      return [missed, winner, value?.payload, next?.payload];
    });
    await f.work([decide]);
    const run = await f.client.start(decide, undefined);
    await expect.poll(async () => (await run.status()).waitingFor?.message ?? "", { timeout: 8000 }).toContain('"yes"');
    await f.client.send("never", 0);
    await f.client.send("yes", 1);
    await expect
      .poll(async () => (await run.status()).waitingFor?.message ?? "", { timeout: 8000 })
      .toContain('"no#2"');
    await f.client.send("no", 2);
    expect(await run.result({ timeout: "10s" })).toEqual([null, "yes", 1, 2]);
  });

  it("go to a failed run that is retried, for the wait that it had begun", async () => {
    let broken = true;
    const fragile = workflow("fragile", async (ctx) => {
      const [event] = await Promise.all([
        ctx.waitForEvent<number>("go", { timeout: LONG }),
        ctx.step("fails", { retries: 0 }, () => {
          if (broken) throw new Error("broken");
        }),
      ]);
      return event?.payload;
    });
    await f.work([fragile]);
    const run = await f.client.start(fragile, undefined);
    expect((await failure(run)).message).toContain("broken");
    await f.client.send("go", 1);
    broken = false;
    await f.client.runs.retry(run.id);
    expect(await run.result({ timeout: "10s" })).toBe(1);
  });

  it("are sent by workflows, once, as a step", async () => {
    const announce = workflow("announce", async (ctx, to: string | undefined) => {
      await ctx.send("news", { n: 1 }, { key: "k", ...(to !== undefined && { runId: to }) });
      await ctx.send("news", { n: 2 }, { id: "chosen", ...(to !== undefined && { runId: to }) });
      await ctx.sleep("rest", 20);
      return "done";
    });
    const reader = workflow("reader", { on: "news" }, async (_ctx, { n }: { n: number }) => n);
    const waiter = workflow("waiter", async (ctx) => {
      const events = [await ctx.waitForEvent("news"), await ctx.waitForEvent("news")];
      return events.map((event) => [event?.payload, event?.key]);
    });
    await f.work([announce, reader, waiter]);
    const waits = await f.client.start(waiter, undefined);
    await reaches(waits, "waiting");
    await (await f.client.start(announce, waits.id)).result({ timeout: "10s" });
    const expected = [
      [{ n: 1 }, "k"],
      [{ n: 2 }, undefined],
    ];
    expect(await waits.result({ timeout: "10s" })).toEqual(expected);
    expect((await f.client.events.list().page()).items).toEqual([]);
    const heard = await f.client.start(waiter, undefined);
    const run = await f.client.start(announce, undefined);
    expect(await run.result({ timeout: "10s" })).toBe("done");
    expect(await heard.result({ timeout: "10s" })).toEqual(expected);
    const sent = (await f.client.events.list().page()).items;
    expect(sent.map(({ id, startedRunIds }) => [id === "chosen", startedRunIds.length])).toEqual([
      [true, 1],
      [false, 1],
    ]);
    expect((await f.client.send("news", { n: 3 }, { id: "chosen" })).alreadyExists).toBe(true);
  });

  it("that a workflow cannot send fail its step", async () => {
    const announce = workflow("announce", async (ctx) => {
      const codes: string[] = [];
      const caught = (error: KagziError) => codes.push(error.code);
      await ctx.send("a", undefined, { runId: "01900000-0000-7000-8000-000000000000" }).catch(caught);
      await ctx.send("a", "x".repeat(2 ** 20)).catch(caught);
      await ctx.send("", 1).catch(caught);
      await ctx.send("a", 1, { key: "" }).catch(caught);
      await ctx.sleep("rest", 20);
      return codes;
    });
    await f.work([announce]);
    const run = await f.client.start(announce, undefined);
    expect(await run.result({ timeout: "10s" })).toEqual([
      "NOT_FOUND",
      "PAYLOAD_TOO_LARGE",
      "INVALID_ARGUMENT",
      "INVALID_ARGUMENT",
    ]);
  });

  it("are listed page by page, the newest first", async () => {
    for (let n = 0; n < 5; n++) await f.client.send(n % 2 === 0 ? "even" : "odd", n);
    const first = await f.client.events.list().page({ size: 3, total: true });
    expect(first).toMatchObject({ total: 5 });
    const second = await f.client.events.list().page({ size: 3, after: first.next ?? "" });
    expect([...first.items, ...second.items].map(({ payload }) => payload)).toEqual([4, 3, 2, 1, 0]);
    expect(second.next).toBeUndefined();
    const even: unknown[] = [];
    for await (const { payload } of f.client.events.list({ name: "even" })) even.push(payload);
    expect(even).toEqual([4, 2, 0]);
    const later = f.client.events.list({ sentAfter: new Date(Date.now() + 60_000) });
    expect((await later.page()).items).toEqual([]);
    await expect(f.client.events.list().page({ after: "1_x" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("are refused where they can mean nothing", async () => {
    const { client } = f;
    const bad = { code: "INVALID_ARGUMENT" };
    await expect(client.send("")).rejects.toMatchObject(bad);
    await expect(client.send("e", 1, { id: "" })).rejects.toMatchObject(bad);
    await expect(client.send("e", 1, { key: "x".repeat(256) })).rejects.toMatchObject(bad);
    await expect(client.send("e", "x".repeat(2 ** 20))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    for (const on of ["", [], ["a", "a"], ["a\u0001"]]) {
      expect(() => workflow("w", { on }, async () => {})).toThrow(/event/);
    }
  });
});
