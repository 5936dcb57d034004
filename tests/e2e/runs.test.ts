import { Client, KagziError, Retry, type RunHandle, Worker, type Workflow, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ENGINES, type TestEngine } from "./engines.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe.each(ENGINES)("a run on %s", (_, open) => {
  let engine: TestEngine;
  let client: Client;
  let workers: Worker[] = [];

  beforeEach(async () => {
    engine = await open();
    client = new Client(engine.at);
    workers = [];
  });

  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await client.close();
    expect(await engine.close()).toEqual([]);
  });

  async function work(workflows: readonly Workflow<unknown, unknown>[], options: { concurrency?: number } = {}) {
    const worker = new Worker({ ...engine.at, workflows, logger: quiet, ...options });
    workers.push(worker);
    await worker.start();
    return worker;
  }

  /** The error that a run ends with. */
  async function failure(run: RunHandle<unknown>): Promise<KagziError> {
    return run.result().then(
      () => expect.fail("the run did not fail"),
      (error: KagziError) => error,
    );
  }

  it("goes step by step to its end, and gives its result with its types", async () => {
    const calls: string[] = [];
    const order = workflow("order", async (ctx, input: { amount: number; due: Date }) => {
      await ctx.step("validate", () => {
        calls.push("validate");
      });
      const receipt = await ctx.step("pay", ({ attempt, idempotencyKey }) => {
        calls.push("pay");
        return { paid: BigInt(input.amount), attempt, idempotencyKey, due: input.due };
      });
      return { ...receipt, tags: new Set(["a"]) };
    });
    await work([order]);
    const run = await client.start(order, { amount: 5, due: new Date(0) });
    expect(await run.result()).toEqual({
      paid: 5n,
      attempt: 1,
      idempotencyKey: `${run.id}/pay`,
      due: new Date(0),
      tags: new Set(["a"]),
    });
    expect(calls).toEqual(["validate", "pay"]);
    expect(await run.status()).toMatchObject({
      id: run.id,
      status: "completed",
      workflow: "order",
      version: "1",
      attempt: 1,
    });
  });

  it("waits in the store until a worker comes, and says for which it waits", async () => {
    const later = workflow("later", async (ctx) => ctx.step("a", () => 1));
    const run = await client.start(later, undefined);
    expect(await run.status()).toMatchObject({ status: "pending", waitingFor: { reason: "worker" } });
    expect((await run.status()).waitingFor?.message).toContain("no worker has later@1");
    await work([later]);
    expect(await run.result()).toBe(1);
  });

  it("tries a failed step again by its policy, and hands the code only the end of it", async () => {
    const attempts: number[] = [];
    const flaky = workflow("flaky", async (ctx) =>
      ctx.step("a", { retry: Retry.fixed(5, "10ms") }, ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) throw new Error("not yet");
        return attempt;
      }),
    );
    await work([flaky]);
    expect(await (await client.start(flaky, undefined)).result()).toBe(3);
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("throws a step's last error into the code, which may compensate, and remembers it", async () => {
    let tries = 0;
    const saga = workflow("saga", async (ctx) => {
      try {
        await ctx.step("charge", { retries: 0 }, () => {
          tries++;
          throw new TypeError("card refused");
        });
      } catch (error) {
        const { code, cause } = error as KagziError;
        await ctx.sleep("breathe", "20ms");
        return ctx.step("refund", () => ({ code, cause: (cause as Error).name, message: (error as Error).message }));
      }
      return undefined;
    });
    await work([saga]);
    expect(await (await client.start(saga, undefined)).result()).toEqual({
      code: "INTERNAL",
      cause: "TypeError",
      message: "card refused",
    });
    expect(tries).toBe(1);
  });

  it("fails with its own error, whose cause and stack are those of what was thrown", async () => {
    const broken = workflow("broken", async () => {
      throw new RangeError("out of luck", { cause: new Error("below") });
    });
    await work([broken]);
    const run = await client.start(broken, undefined);
    const error = await failure(run);
    expect(error).toBeInstanceOf(KagziError);
    expect(error.message).toBe("out of luck");
    expect(error.cause).toMatchObject({ name: "RangeError", message: "out of luck", cause: { message: "below" } });
    expect(error.stack).toContain("runs.test");
    expect(await run.status()).toMatchObject({ status: "failed", error: { message: "out of luck" } });
  });

  it.each(["workflow", "step"])(
    "fails, and its worker does not, when a promise in its %s fails unheard",
    async (where) => {
      const forgetful = workflow("forgetful", async (ctx) => {
        const forget = () => void Promise.reject(new Error("nobody listens"));
        if (where === "workflow") forget();
        await ctx.step("a", async () => {
          if (where === "step") forget();
          await new Promise((resolve) => setTimeout(resolve, 1));
        });
        await ctx.sleep("long", "1h");
      });
      const fine = workflow("fine", async (ctx) => ctx.step("a", () => 1));
      await work([forgetful, fine]);
      const error = await failure(await client.start(forgetful, undefined));
      expect(error.message).toContain("was rejected and nobody handles it: nobody listens");
      expect(error.message).toContain(where === "step" ? 'step "a"' : "the workflow");
      expect(error.cause).toMatchObject({ message: "nobody listens" });
      expect(await (await client.start(fine, undefined)).result()).toBe(1);
    },
  );

  it("ends the tries of a step at an error that says so", async () => {
    let tries = 0;
    const strict = workflow("strict", async (ctx) =>
      ctx.step("a", { retries: 5 }, () => {
        tries++;
        throw KagziError.nonRetryable("Invalid amount", { metadata: { amount: "-1" } });
      }),
    );
    await work([strict]);
    const error = await failure(await client.start(strict, undefined));
    expect(error).toMatchObject({ code: "PRECONDITION_FAILED", message: "Invalid amount", metadata: { amount: "-1" } });
    expect(tries).toBe(1);
  });

  it("is tried again as a whole by its own policy, its completed steps kept", async () => {
    const bodies: string[] = [];
    const again = workflow("again", async (ctx) => {
      await ctx.step("once", () => void bodies.push("once"));
      await ctx.step("shaky", { retries: 0 }, () => {
        bodies.push("shaky");
        if (bodies.length < 4) throw new Error("shaky");
      });
      return ctx.attempt;
    });
    await work([again]);
    const run = await client.start(again, undefined, { retry: Retry.fixed(3, "10ms") });
    expect(await run.result()).toBe(3);
    expect(bodies).toEqual(["once", "shaky", "shaky", "shaky"]);
  });

  it("sleeps without a slot, and not less than it should", async () => {
    const begin = Date.now();
    const nap = workflow("nap", async (ctx, input: { ms: number }) => {
      await ctx.sleep("first", input.ms);
      await ctx.sleepUntil("second", new Date(begin + 150));
      await ctx.sleepUntil("past", new Date(0));
      return Date.now() - begin;
    });
    const quick = workflow("quick", async (ctx) => ctx.step("a", () => Date.now()));
    await work([nap, quick], { concurrency: 1 });
    const sleeper = await client.start(nap, { ms: 100 });
    const other = await client.start(quick, undefined);
    await other.result();
    expect(await sleeper.result()).toBeGreaterThanOrEqual(150);
  });

  it("runs steps side by side, several of one name too, and takes their results in any order", async () => {
    let running = 0;
    let most = 0;
    const wide = workflow("wide", async (ctx) => {
      const body = (value: number) => async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 10));
        running--;
        if (value === 3) throw KagziError.nonRetryable("three");
        return value;
      };
      const all = await Promise.all([1, 2].map((value) => ctx.step("one", body(value))));
      const settled = await Promise.allSettled([3, 4].map((value) => ctx.step("one", body(value))));
      const first = await Promise.race([ctx.sleep("late", "1h"), ctx.step("soon", () => "soon")]);
      return { all, settled: settled.map(({ status }) => status), first };
    });
    await work([wide]);
    expect(await (await client.start(wide, undefined)).result()).toEqual({
      all: [1, 2],
      settled: ["rejected", "fulfilled"],
      first: "soon",
    });
    expect(most).toBe(2);
  });

  it("goes on in another worker where the first one stopped, every finished step kept", async () => {
    const bodies: string[] = [];
    const seen: unknown[] = [];
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = () => resolve(one.stop());
    });
    const moved = workflow("moved", async (ctx) => {
      seen.push([ctx.now().getTime(), ctx.random(), ctx.uuid(), ctx.attempt]);
      const first = await ctx.step("first", () => {
        bodies.push("first");
        stop();
        return new Map([["at", new Date(5)]]);
      });
      await ctx.sleep("pause", "50ms");
      await ctx.step("second", () => void bodies.push("second"));
      return first;
    });
    const one = await work([moved]);
    const run = await client.start(moved, undefined);
    await stopped;
    await work([moved]);
    expect(await run.result()).toEqual(new Map([["at", new Date(5)]]));
    expect(bodies).toEqual(["first", "second"]);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
  });

  it("has the same winner of a race in every process that replays it", async () => {
    const seen: string[] = [];
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = () => resolve(one.stop());
    });
    const racing = workflow("racing", async (ctx) => {
      const late = ctx.step("late", () => new Promise<string>((resolve) => setTimeout(resolve, 30, "late")));
      const soon = ctx.step("soon", () => "soon");
      const winner = await Promise.race([late, soon]);
      seen.push(winner);
      await Promise.all([late, soon]);
      await ctx.step("between", () => stop());
      return winner;
    });
    const one = await work([racing]);
    const run = await client.start(racing, undefined);
    await stopped;
    await work([racing]);
    expect(await run.result()).toBe("soon");
    expect(seen).toEqual(["soon", "soon"]);
  });

  it("is paused by code that does not match what is recorded, and nothing is guessed", async () => {
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = () => resolve(one.stop());
    });
    const before = workflow("changed", async (ctx) => {
      await ctx.step("old", () => stop());
      return ctx.step("next", () => 1);
    });
    const after = workflow("changed", async (ctx) => {
      await ctx.step("new", () => expect.fail("executed"));
      return ctx.step("next", () => 1);
    });
    const one = await work([before]);
    const run = await client.start(before, undefined);
    await stopped;
    await work([after]);
    await expect.poll(async () => (await run.status()).status, { timeout: 20_000 }).toBe("paused");
    const { waitingFor } = await run.status();
    expect(waitingFor).toMatchObject({ reason: "paused" });
    expect(waitingFor?.message).toMatch(/"old".*the code does not ask for it/);
  });

  it("is given back by a worker that stops in the middle of a step, at no attempt's cost", async () => {
    const attempts: number[] = [];
    let entered = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const slow = workflow("slow", async (ctx) => {
      await ctx.step("long", async ({ attempt, signal }) => {
        attempts.push(attempt);
        entered();
        if (attempts.length === 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
      return ctx.attempt;
    });
    const first = new Worker({ ...engine.at, workflows: [slow], logger: quiet, shutdownTimeout: "50ms" });
    await first.start();
    const run = await client.start(slow, undefined);
    await inside;
    await first.stop();
    await work([slow]);
    expect(await run.result()).toBe(1);
    expect(attempts).toEqual([1, 1]);
  });

  it("times a step out and aborts it", async () => {
    const reasons: unknown[] = [];
    const timed = workflow("timed", async (ctx) => {
      await ctx.step("hangs", { timeout: "20ms", retries: 0 }, async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.push((signal.reason as KagziError).code);
      });
    });
    await work([timed]);
    const error = await failure(await client.start(timed, undefined));
    expect(error).toMatchObject({ code: "TIMEOUT", subject: "step" });
    expect(error.message).toContain('step "hangs" took longer than 20 ms');
    expect(reasons).toEqual(["TIMEOUT"]);
  });

  it("is terminated wherever it is: what it was doing is aborted, and what it still says changes nothing", async () => {
    let entered = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const reasons: unknown[] = [];
    const busy = workflow("busy", async (ctx) =>
      ctx.step("hangs", async ({ signal }) => {
        entered();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reasons.push(signal.aborted);
        return "too late";
      }),
    );
    const asleep = workflow("asleep", async (ctx) => ctx.sleep("long", "1h"));
    await work([busy, asleep]);
    const running = await client.start(busy, undefined);
    await inside;
    const info = await running.terminate("nobody needs it");
    expect(info).toMatchObject({ status: "cancelled", error: { code: "CANCELLED" } });
    await expect(running.result()).rejects.toThrow("was terminated: nobody needs it");
    await expect.poll(() => reasons, { timeout: 20_000 }).toEqual([true]);
    const sleeping = await client.start(asleep, undefined);
    expect((await sleeping.terminate()).status).toBe("cancelled");
    const unclaimed = await client.start("nobody-has-it");
    expect((await unclaimed.terminate()).status).toBe("cancelled");
    // A second time, and after the end, nothing changes.
    expect(await running.terminate("again")).toEqual(await running.status());
    const unknown = client.run("01890000-0000-7000-8000-000000000000").terminate();
    await expect(unknown).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(running.terminate("a\0b")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("is found again by its id, and refused with another input or workflow", async () => {
    const idem = workflow("idem", async (ctx, n: number) => ctx.step("a", () => n));
    await work([idem]);
    const first = await client.start(idem, 1, { id: "order-1" });
    const again = await client.start(idem, 1, { id: "order-1" });
    expect([first.alreadyExists, again.alreadyExists, again.id]).toEqual([false, true, first.id]);
    expect(await again.result()).toBe(1);
    await expect(client.start(idem, 2, { id: "order-1" })).rejects.toMatchObject({
      code: "CONFLICT",
      subjectId: first.id,
    });
    await expect(client.start("other", 1, { id: "order-1" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("is started with many others in one go, all of them or none", async () => {
    const many = workflow("many", async (ctx, n: number) => ctx.step("a", () => n * 2));
    await work([many]);
    const runs = await client.startMany(
      many,
      [1, 2, 3].map((input) => ({ input, id: `n-${input}` })),
    );
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([2, 4, 6]);
    const clash = [
      { input: 9, id: "n-9" },
      { input: 8, id: "n-1" },
    ];
    await expect(client.startMany(many, clash)).rejects.toMatchObject({ code: "CONFLICT" });
    const { items, total } = await client.runs.list({ workflow: "many" }).page({ total: true });
    expect([items.length, total]).toEqual([3, 3]);
    expect(await client.startMany(many, [])).toEqual([]);
  });

  it("waits for its delay, and goes before others by its priority", async () => {
    const order: string[] = [];
    const note = workflow("note", async (ctx, name: string) => ctx.step("a", () => void order.push(name)));
    const starts = [
      await client.start(note, "low", { priority: -5 }),
      await client.start(note, "delayed", { delay: "100ms", priority: 100 }),
      await client.start(note, "high", { priority: 5 }),
    ];
    const tomorrow = await client.start(note, "tomorrow", { delay: "1d" });
    expect((await tomorrow.status()).waitingFor).toMatchObject({ reason: "time" });
    await work([note], { concurrency: 1 });
    await Promise.all(starts.map((run) => run.result()));
    expect(order.toSorted()).toEqual(["delayed", "high", "low"]);
    expect(order.indexOf("high")).toBeLessThan(order.indexOf("low"));
  });

  it("fails when its deadline has passed, wherever it is", async () => {
    const never = workflow("never", async (ctx) => ctx.sleep("long", "1h"));
    await work([never]);
    const run = await client.start(never, undefined, { timeout: "50ms" });
    expect(await failure(run)).toMatchObject({ code: "TIMEOUT", subjectId: run.id });
  });

  it("is listed, newest first, by workflow, status and time, one by one or page by page", async () => {
    const listed = workflow("listed", async (ctx, n: number) => ctx.step("a", () => n));
    await work([listed]);
    const runs = [];
    for (let n = 0; n < 5; n++) runs.push(await client.start(listed, n));
    await Promise.all(runs.map((run) => run.result()));
    const waiting = await client.start("unheard-of", 1);
    const ids: string[] = [];
    for await (const run of client.runs.list({ workflow: "listed", status: "completed" })) ids.push(run.id);
    expect(ids).toEqual(runs.map((run) => run.id).toReversed());
    const page = await client.runs.list({ workflow: "listed" }).page({ size: 2 });
    expect(page.items.map((run) => run.id)).toEqual(ids.slice(0, 2));
    const next = await client.runs.list({ workflow: "listed" }).page({ size: 2, after: page.next ?? "" });
    expect(next.items.map((run) => run.id)).toEqual(ids.slice(2, 4));
    const open = await client.runs.list({ status: ["pending", "running"] }).page();
    expect(open.items.map((run) => run.id)).toEqual([waiting.id]);
  });

  it("gives its result to everyone who waits, and lets a wait end before the run does", async () => {
    let finish = () => {};
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const gated = workflow("gated", async (ctx) => ctx.step("a", () => gate.then(() => "done")));
    await work([gated]);
    const run = await client.start(gated, undefined);
    const waits = Array.from({ length: 20 }, () => client.run(run.id, gated).result());
    await expect(run.result({ timeout: "20ms" })).rejects.toMatchObject({ code: "TIMEOUT", subjectId: run.id });
    const giveUp = new AbortController();
    const given = run.result({ signal: giveUp.signal });
    giveUp.abort();
    await expect(given).rejects.toMatchObject({ code: "CANCELLED" });
    finish();
    expect(new Set(await Promise.all(waits))).toEqual(new Set(["done"]));
  });

  it("stays in its namespace", async () => {
    await client.namespaces.create("team-a", { description: "A" });
    const shared = workflow("shared", async (ctx) => ctx.step("a", () => ctx.namespace));
    const theirs = new Client({ ...engine.at, namespace: "team-a" });
    await work([shared]);
    const run = await theirs.start(shared, undefined, { id: "x" });
    const own = await client.start(shared, undefined, { id: "x" });
    expect([await own.result(), own.alreadyExists]).toEqual(["default", false]);
    expect((await run.status()).status).toBe("pending");
    await expect(client.run(run.id).status()).rejects.toMatchObject({ code: "NOT_FOUND" });
    const worker = new Worker({ ...engine.at, namespace: "team-a", workflows: [shared], logger: quiet });
    workers.push(worker);
    await worker.start();
    expect(await run.result()).toBe("team-a");
    await theirs.close();
  });
});
