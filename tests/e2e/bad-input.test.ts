import { Client, KagziError, Retry, Worker, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ENGINES, type TestEngine } from "./engines.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const anything = workflow("anything", async (_ctx, input: unknown) => input);

/** Text that some store, wire or log could stumble over. */
const POISON = { "a NUL byte": "a\0b", "half of a surrogate pair": "a\ud800b", "ten kilobytes": "x".repeat(10_000) };

describe.each(ENGINES)("bad input to %s", (_, open) => {
  let engine: TestEngine;
  let client: Client;

  beforeEach(async () => {
    engine = await open();
    client = new Client(engine.at);
  });

  /** Nothing that was refused has left anything behind, and the engine still works. */
  afterEach(async () => {
    await using worker = new Worker({ ...engine.at, workflows: [anything], logger: quiet });
    await worker.start();
    const run = await client.start(anything, "still here");
    expect(await run.result()).toBe("still here");
    const { items } = await client.runs.list().page();
    expect(items.map(({ id }) => id)).toEqual([run.id]);
    await worker.stop();
    await client.close();
    expect(await engine.close()).toEqual([]);
  });

  it("is refused in a namespace that is not there, by its name", async () => {
    const lost = new Client({ ...engine.at, namespace: "nowhere" });
    await expect(lost.start("a")).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: "nowhere" });
    await expect(lost.startMany("a", [{ input: 1 }])).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(lost.send("a")).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: "nowhere" });
    const worker = new Worker({ ...engine.at, namespace: "nowhere", workflows: [anything], logger: quiet });
    await expect(worker.start()).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: "nowhere" });
    await worker.stop();
    await lost.close();
  });

  it("is refused in a namespace that was disabled, without harm to what runs", async () => {
    await client.namespaces.create("closed");
    await client.namespaces.disable("closed");
    const closed = new Client({ ...engine.at, namespace: "closed" });
    await expect(closed.start("a")).rejects.toMatchObject({ code: "PRECONDITION_FAILED", subjectId: "closed" });
    const reader = workflow("reader", { on: "news" }, async () => {});
    await using worker = new Worker({ ...engine.at, namespace: "closed", workflows: [reader], logger: quiet });
    await worker.start();
    await expect(closed.send("news")).rejects.toMatchObject({ code: "PRECONDITION_FAILED", subjectId: "closed" });
    expect((await closed.runs.list().page()).items).toEqual([]);
    expect((await closed.events.list().page()).items).toEqual([]);
    await worker.stop();
    await closed.close();
  });

  it("is refused where the workflow's schema says so, with every issue and its path", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "object" && value !== null && "amount" in value && typeof value.amount === "number"
            ? { value: value as { amount: number } }
            : { issues: [{ message: "must be a number", path: ["amount"] }] },
      },
    };
    const strict = workflow("strict", { input: schema }, async (ctx) => ctx.runId);
    const wrong = client.start(strict, { amount: "5" } as unknown as { amount: number });
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_ARGUMENT", subjectId: "strict" });
    await expect(wrong).rejects.toThrow("amount: must be a number");
  });

  it("is refused when it is too large, with its size and the limit", async () => {
    const large = client.start(anything, "x".repeat(2 * 1024 * 1024));
    await expect(large).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE", metadata: { limit: "1048576" } });
    await expect(large).rejects.toThrow(/the input of workflow "anything" has \d+ bytes/);
  });

  it("is refused when it cannot be kept, with the path to what cannot", async () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = { circle };
    const cases: [unknown, string][] = [
      [{ items: [1, { send: () => {} }] }, "input.items[1].send"],
      [{ "a key": Symbol("s") }, 'input["a key"]'],
      [new Map([["k", () => {}]]), "input"],
      [circle, "input.self.circle"],
      [new WeakMap(), "input"],
    ];
    for (const [value, path] of cases) {
      const refused = await client.start(anything, value).then(
        () => expect.fail(`accepted ${path}`),
        (error: KagziError) => error,
      );
      expect(refused.code).toBe("INVALID_ARGUMENT");
      expect(refused.message).toContain(path);
    }
  });

  it.each(["", " ", "5", "-1s", "1h abc", "1.5.5s", "١s", "1e3s", "999999999999w", "Infinity"])(
    "is refused as a duration: %j",
    async (text) => {
      const duration = text as "1s";
      const refusals = [
        client.start(anything, 1, { delay: duration }),
        client.start(anything, 1, { timeout: duration }),
        client.run("01890000-0000-7000-8000-000000000000").result({ timeout: duration }),
      ];
      for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(() => Retry.fixed(1, duration)).toThrow(KagziError);
    },
  );

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e18])(
    "is refused as a number of milliseconds: %j",
    async (ms) => {
      await expect(client.start(anything, 1, { delay: ms })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it.each(Object.entries(POISON))("is refused in every name: %s", async (_what, text) => {
    const refusals: Promise<unknown>[] = [
      client.start(text),
      client.start(anything, 1, { id: text }),
      client.start(anything, 1, { version: text }),
      client.startMany(anything, [{ input: 1, id: text }]),
      client.run(text).status(),
      client.run(text).result(),
      client.runs.list({ workflow: text }).page(),
      client.runs.list().page({ after: text }),
      client.namespaces.create(text),
      client.namespaces.create("fine", { description: text.repeat(20) }),
      new Client({ ...engine.at, namespace: text }).start(anything, 1),
    ];
    for (const [index, outcome] of (await Promise.allSettled(refusals)).entries()) {
      const error = outcome.status === "rejected" ? (outcome.reason as KagziError) : undefined;
      expect(error?.code, `number ${index}`).toBe("INVALID_ARGUMENT");
      expect(error?.message.length, `number ${index} quotes the name at length`).toBeLessThan(1000);
    }
    expect(() => workflow(text, async () => {})).toThrow(KagziError);
  });

  it("is kept as it is in values, which are nobody's names", async () => {
    await using worker = new Worker({ ...engine.at, workflows: [anything], logger: quiet });
    await worker.start();
    const theirs = new Client({ ...engine.at, namespace: "values" });
    await client.namespaces.create("values");
    await using second = new Worker({ ...engine.at, namespace: "values", workflows: [anything], logger: quiet });
    await second.start();
    for (const text of Object.values(POISON)) {
      const run = await theirs.start(anything, { [text]: [text] });
      expect(await run.result()).toEqual({ [text]: [text] });
    }
    await theirs.close();
  });

  it("is refused as a priority, a list's page or too many runs at once", async () => {
    const refusals = [
      client.start(anything, 1, { priority: 101 }),
      client.start(anything, 1, { priority: 1.5 }),
      client.runs.list().page({ size: 1001 }),
      client.startMany(
        anything,
        Array.from({ length: 1001 }, () => ({ input: 1 })),
      ),
    ];
    for (const outcome of await Promise.allSettled(refusals)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "INVALID_ARGUMENT" } });
    }
    const unknown = "01890000-0000-7000-8000-000000000000";
    await expect(client.run(unknown).status()).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: unknown });
    await expect(client.run(unknown).result()).rejects.toMatchObject({ code: "NOT_FOUND", subjectId: unknown });
  });

  it("fails the step or the run that it comes from, with its path", async () => {
    await client.namespaces.create("bad-results");
    const at = { ...engine.at, namespace: "bad-results" };
    const bad = workflow("bad", async (ctx) => {
      const step = await ctx.step("bad", { retries: 0 }, () => ({ a: [() => {}] as unknown[] })).catch(messageOf);
      const large = await ctx.step("large", { retries: 0 }, () => "x".repeat(2e6)).catch(messageOf);
      const nested = await ctx.step("outer", { retries: 0 }, () => ctx.step("inner", () => 1)).catch(messageOf);
      const names = [];
      for (const name of Object.values(POISON)) names.push(await ctx.step(name, () => 1).catch(codeOf));
      names.push(await ctx.sleep("nap", "5").catch(codeOf));
      names.push(await ctx.sleepUntil("nap", "never").catch(codeOf));
      return { step, large, nested, names };
    });
    const worse = workflow("worse", { retries: 0 }, async () => ({ send: () => {} }));
    const theirs = new Client(at);
    await using worker = new Worker({ ...at, workflows: [bad, worse], logger: quiet });
    await worker.start();
    const { large, names, nested, step } = (await (await theirs.start(bad, undefined)).result()) as never;
    expect(step).toContain("a[0]");
    expect(large).toContain('the result of step "large"');
    expect(nested).toContain("steps do not nest");
    expect(names).toEqual(Array.from({ length: 5 }, () => "INVALID_ARGUMENT"));
    await expect((await theirs.start(worse, undefined)).result()).rejects.toThrow("output.send");
    await theirs.close();
  });
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  return error instanceof KagziError ? error.code : String(error);
}
