import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { Client, type PayloadCodec, workflow } from "kagzi";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { failure, reaches, useEngine } from "./fixture.ts";

const SECRET = "a secret that nobody may see";

/** AES-256-GCM, with a nonce of its own for each payload. */
function encryption(key: Buffer): PayloadCodec {
  return {
    encode({ data, metadata }) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()]);
      return { data: sealed, metadata: { ...metadata, encoding: "aes-256-gcm" } };
    },
    decode({ data, metadata: { encoding, ...metadata } }) {
      if (encoding !== "aes-256-gcm") return { data, metadata };
      const decipher = createDecipheriv("aes-256-gcm", key, data.subarray(0, 12));
      decipher.setAuthTag(data.subarray(-16));
      return { data: Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()]), metadata };
    },
    fingerprint: (data) => createHmac("sha256", key).update(data).digest("base64"),
  };
}

describe.each(ENGINES)("payloads on %s", (_, open) => {
  const f = useEngine(open);

  it("go through a codec on their way out and back, all of them, and the server sees none", async () => {
    const codec = encryption(randomBytes(32));
    const child = workflow("child", async (ctx, text: string) =>
      ctx.step("echo", { input: text }, ({ input }) => input),
    );
    const secret = workflow("secret", async (ctx, text: string) => {
      ctx.progress(text);
      const event = await ctx.waitForEvent<string>("more");
      const result = await ctx.invoke(child, text + String(event?.payload));
      await ctx.sleep("nap", 10);
      return new Map([[text, result]]);
    });
    await f.work([secret, child], { codec });
    const client = new Client({ ...f.engine.at, codec });
    const run = await client.start(secret, SECRET, { id: "one" });
    expect((await client.start(secret, SECRET, { id: "one" })).alreadyExists).toBe(true);
    await expect(client.start(secret, "another", { id: "one" })).rejects.toMatchObject({ code: "CONFLICT" });
    await reaches(run, "waiting");
    await run.send("more", "!");
    expect(await run.result({ timeout: "10s" })).toEqual(new Map([[SECRET, `${SECRET}!`]]));
    expect(await run.status()).toMatchObject({ input: SECRET, progress: SECRET });
    const history = await client.runs.history(run.id);
    expect(JSON.stringify(history)).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 20));
    await client.close();
  });

  it("that a codec cannot read fail what needs them, with the reason", async () => {
    const echo = workflow("echo", async (_ctx, text: string) => text);
    await f.work([echo], { codec: encryption(randomBytes(32)) });
    const client = new Client({ ...f.engine.at, codec: encryption(randomBytes(32)) });
    const error = await failure(await client.start(echo, SECRET));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.message).toContain("the codec could not decode");
    await client.close();
  });

  it("are checked by the workflow's schema when it starts, and again before it executes", async () => {
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "object" && value !== null && "amount" in value && typeof value.amount === "number"
            ? { value: { amount: value.amount } }
            : { issues: [{ message: "must be a number", path: ["amount"] }] },
      },
    } as const;
    const order = workflow("order", { input: schema }, async (_ctx, { amount }) => amount);
    await f.work([order]);
    await expect(f.client.start(order, { amount: "5" } as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("input.amount: must be a number"),
    });
    const error = await failure(await f.client.start("order", { amount: "5" }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.message).toContain("input.amount: must be a number");
    expect(await (await f.client.start(order, { amount: 5 })).result()).toBe(5);
  });
});

describe.each(ENGINES)("a large run on %s", (_, open) => {
  const f = useEngine(open);

  it("has ten thousand steps one after the other", async () => {
    const long = workflow("long", async (ctx, steps: number) => {
      let sum = 0;
      for (let n = 0; n < steps; n++) sum += await ctx.step("add", () => n);
      return sum;
    });
    await f.work([long]);
    const run = await f.client.start(long, 10_000);
    expect(await run.result({ timeout: "100s" })).toBe(49_995_000);
  }, 120_000);

  it("has five thousand steps side by side", async () => {
    const wide = workflow("wide", async (ctx, steps: number) => {
      const all = Array.from({ length: steps }, (_each, n) => ctx.step("add", () => n));
      return (await Promise.all(all)).reduce((sum, n) => sum + n, 0);
    });
    await f.work([wide]);
    const run = await f.client.start(wide, 5000);
    expect(await run.result({ timeout: "100s" })).toBe(12_497_500);
  }, 120_000);

  it("has a thousand children at once", async () => {
    const square = workflow("square", async (_ctx, n: number) => n * n);
    const parent = workflow("parent", async (ctx, count: number) => {
      const all = Array.from({ length: count }, (_each, n) => ctx.invoke(square, n));
      return (await Promise.all(all)).reduce((sum, n) => sum + n, 0);
    });
    await f.work([square, parent], { concurrency: 200 });
    const run = await f.client.start(parent, 1000);
    expect(await run.result({ timeout: "100s" })).toBe(332_833_500);
    expect((await f.client.runs.list({ parent: run.id }).page({ total: true })).total).toBe(1000);
  }, 120_000);
});
