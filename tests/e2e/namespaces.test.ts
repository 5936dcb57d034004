import { Client, type KagziError, Retry, workflow } from "kagzi";
import { beforeEach, describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, useEngine } from "./fixture.ts";

const NAME = "team-a";

describe.each(ENGINES)("a namespace on %s", (_, open) => {
  const f = useEngine(open);
  let client: Client;

  beforeEach(async () => {
    await f.client.namespaces.create(NAME, { description: "first" });
    client = new Client({ ...f.engine.at, namespace: NAME });
    return () => client.close();
  });

  it("is made once, found, described anew, listed by name, disabled and enabled", async () => {
    const { namespaces } = f.client;
    await expect(namespaces.create(NAME)).rejects.toMatchObject({ code: "CONFLICT", subjectId: NAME });
    await expect(namespaces.create("No Spaces")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(namespaces.create("")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await namespaces.get(NAME)).toMatchObject({ name: NAME, description: "first", enabled: true });
    expect(await namespaces.update(NAME, { description: "second" })).toMatchObject({ description: "second" });
    expect(await namespaces.disable(NAME)).toMatchObject({ description: "second", enabled: false });
    expect(await namespaces.disable(NAME)).toMatchObject({ enabled: false });
    expect(await namespaces.enable(NAME)).toMatchObject({ enabled: true });
    for (let n = 0; n < 101; n++) await namespaces.create(`n-${String(n).padStart(3, "0")}`);
    const names: string[] = [];
    for await (const { name } of namespaces.list()) names.push(name);
    expect(names).toHaveLength(103);
    expect(names).toEqual(names.toSorted());
    const refused = await Promise.allSettled([
      namespaces.get("nowhere"),
      namespaces.update("nowhere", { description: "" }),
      namespaces.enable("nowhere"),
      namespaces.disable("nowhere"),
    ]);
    const reason = expect.objectContaining({ code: "NOT_FOUND", subjectId: "nowhere" });
    expect(refused).toEqual(refused.map(() => ({ status: "rejected", reason })));
  });

  it("that is disabled starts nothing new and says how to enable it, and finds what was started", async () => {
    const quick = workflow("quick", async (_ctx, n: number) => n);
    await f.work([quick], { namespace: NAME });
    const done = await client.start(quick, 1, { id: "first" });
    await done.result();
    await f.client.namespaces.disable(NAME);
    for (const start of [
      () => client.start(quick, 2),
      () => client.start(quick, 2, { id: "second" }),
      () => client.startMany(quick, [{ input: 2 }, { input: 3 }]),
      () => client.runs.rerun(done.id),
      () => client.runs.rerun(done.id, { id: "third" }),
    ]) {
      const error = await start().then(
        () => expect.fail("it started"),
        (thrown: KagziError) => thrown,
      );
      expect(error).toMatchObject({ code: "PRECONDITION_FAILED", subject: "namespace", subjectId: NAME });
      expect(error.message).toContain(`client.namespaces.enable("${NAME}")`);
    }
    const again = await client.start(quick, 1, { id: "first" });
    expect([again.id, again.alreadyExists]).toEqual([done.id, true]);
    expect((await client.runs.list().page()).items.map(({ id }) => id)).toEqual([done.id]);
    await f.client.namespaces.enable(NAME);
    expect(await (await client.start(quick, 2, { id: "second" })).result()).toBe(2);
  });

  it("that is disabled lets what runs come to its end: retries, sleeps, children, going on as new, new workers", async () => {
    const child = workflow("child", async (ctx) => (await ctx.waitForEvent<string>("go"))?.payload);
    const drains = workflow("drains", async (ctx, round: number): Promise<unknown> => {
      if (round > 0) return ctx.invoke(child, undefined);
      await ctx.waitForEvent("begin");
      await ctx.step("shaky", { retry: Retry.fixed(3, "10ms") }, ({ attempt }) => {
        if (attempt === 1) throw new Error("once");
      });
      await ctx.sleep("nap", 20);
      return ctx.continueAsNew(round + 1);
    });
    const first = await f.work([drains, child], { namespace: NAME });
    const run = await client.start(drains, 0);
    const later = await client.start(child, undefined, { delay: 50 });
    await reaches(run, "waiting");
    await f.client.namespaces.disable(NAME);
    await first.stop();
    await f.work([drains, child], { namespace: NAME });
    await run.send("begin");
    await later.send("go", "later");
    expect(await later.result({ timeout: "20s" })).toBe("later");
    await expect.poll(async () => (await run.status()).continuedAs, { timeout: 10_000 }).toBeTypeOf("string");
    const next = client.run((await run.status()).continuedAs ?? "");
    await reaches(next, "waiting");
    const [info] = (await client.runs.list({ parent: next.id }).page()).items;
    await client.run(info?.id ?? "").send("go", "drained");
    expect(await run.result({ timeout: "20s" })).toBe("drained");
  });

  it("that is disabled lets what runs come to its end under limits: children take their turn, steps their slots", async () => {
    const limited = { concurrency: 1 };
    const child = workflow("child", limited, async (ctx, n: number) =>
      ctx.step("work", { limit: "shared" }, async () => n),
    );
    const family = workflow("family", limited, async (ctx) => {
      await ctx.waitForEvent("begin");
      return Promise.all([1, 2, 3].map((n) => ctx.invoke(child, n)));
    });
    await f.work([family, child], { namespace: NAME, limits: { shared: limited } });
    const run = await client.start(family, undefined);
    const next = await client.start(family, undefined);
    for (const each of [run, next]) await reaches(each, "waiting");
    await f.client.namespaces.disable(NAME);
    for (const each of [run, next]) await each.send("begin");
    expect(await run.result({ timeout: "20s" })).toEqual([1, 2, 3]);
    expect(await next.result({ timeout: "20s" })).toEqual([1, 2, 3]);
  });

  it("that is disabled takes no events and starts nothing for them, nor by a schedule that is triggered", async () => {
    const reader = workflow("reader", { on: "news" }, async () => "read");
    const waits = workflow(
      "waits",
      async (ctx) => (await ctx.waitForEvent<string>("news", { timeout: "1d" }))?.payload,
    );
    await f.work([reader, waits], { namespace: NAME });
    const run = await client.start(waits, undefined);
    await reaches(run, "waiting");
    await client.schedules.create("yearly", { workflow: reader, cron: "@yearly" });
    await f.client.namespaces.disable(NAME);
    const refused = { code: "PRECONDITION_FAILED", subject: "namespace", subjectId: NAME };
    await expect(client.send("news", "early", { id: "one" })).rejects.toMatchObject(refused);
    await expect(client.schedules.trigger("yearly")).rejects.toMatchObject(refused);
    expect((await client.events.list().page()).items).toEqual([]);
    expect((await client.runs.list().page()).items.map(({ id }) => id)).toEqual([run.id]);
    await f.client.namespaces.enable(NAME);
    const { startedRunIds } = await client.send("news", "late", { id: "one" });
    expect(startedRunIds).toHaveLength(1);
    expect(await run.result({ timeout: "10s" })).toBe("late");
  });

  it("that is disabled lets operators finish what is there, and a run start nothing that goes its own way", async () => {
    const side = workflow("side", async () => {});
    let broken = true;
    const parent = workflow("parent", async (ctx) => {
      await ctx.step("first", { retries: 0 }, () => {
        if (broken) throw new Error("not yet");
      });
      return ctx.start(side, undefined).then(
        () => "started",
        (error: KagziError) => [error.code, error.subjectId],
      );
    });
    await f.work([parent, side], { namespace: NAME });
    const run = await client.start(parent, undefined);
    await failure(run);
    const asleep = await client.start(side, undefined, { delay: "1d" });
    await f.client.namespaces.disable(NAME);
    broken = false;
    const again = await client.runs.retry(run.id);
    expect(await again.result({ timeout: "10s" })).toEqual(["PRECONDITION_FAILED", NAME]);
    expect(await asleep.pause()).toMatchObject({ status: "paused" });
    expect(await asleep.cancel()).toMatchObject({ status: "cancelled" });
  });
});
