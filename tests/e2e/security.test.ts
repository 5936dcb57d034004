import { type Store, LOCAL } from "@kagzi/core";
import { WorkerService } from "@kagzi/proto";
import { DEFAULT_CONFIG, startServer, systemEnv } from "@kagzi/server";
import { Client, Worker, workflow } from "kagzi";
import { afterEach, describe, expect, it } from "vitest";
import { expireAudit } from "../../packages/server/src/engine/audit.ts";
import { Engine } from "../../packages/server/src/engine/engine.ts";
import { BELIEVED_MS } from "../../packages/server/src/engine/key-ring.ts";
import { quiet, signal, storeWith } from "./fixture.ts";
import { Secured } from "./secured.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function open(options: Parameters<typeof Secured.open>[0] = {}): Promise<Secured> {
  const secured = await Secured.open(options);
  ends.push(() => secured.close());
  return secured;
}

function client(url: string, apiKey?: string): Client {
  const made = new Client({ url, ...(apiKey !== undefined && { apiKey }) });
  ends.push(() => made.close());
  return made;
}

describe("an API key", () => {
  it("costs no query while it was looked at a moment ago", async () => {
    const secured = await open();
    const { key } = await secured.key("admin");
    let asked = 0;
    const find: Store["apiKeys"]["find"] = (keyId) => {
      asked += 1;
      return secured.store.apiKeys.find(keyId);
    };
    const store = storeWith(secured.store, { apiKeys: { ...secured.store.apiKeys, find } });
    let ahead = 0;
    const env = { ...systemEnv(), now: () => performance.now() + ahead };
    const server = await startServer({ store, env, host: "127.0.0.1", port: 0, auth: "required" });
    ends.push(() => server.stop());
    await server.ready;
    const callers = client(server.url, key);
    await Promise.all(Array.from({ length: 50 }, () => callers.namespaces.get("default")));
    expect(asked).toBe(1);
    ahead += BELIEVED_MS;
    await callers.namespaces.get("default");
    expect(asked).toBe(2);
  });

  it("that another server has revoked is believed for three seconds more, and not longer", async () => {
    const secured = await open();
    const { apiKey, key } = await secured.key("client");
    const callers = client(secured.url, key);
    await callers.namespaces.get("default");
    await secured.keys.revoke(apiKey.keyId, LOCAL);
    secured.pass(BELIEVED_MS);
    await expect(callers.namespaces.get("default")).rejects.toMatchObject({
      code: "UNAUTHORIZED",
      message: expect.stringContaining("revoked"),
    });
  });

  it("that is revoked over this server is good for nothing at once", async () => {
    const secured = await open();
    const { key: admin } = await secured.key("admin");
    const { apiKey, key } = await secured.key("client");
    const callers = client(secured.url, key);
    await callers.namespaces.get("default");
    expect(await client(secured.url, admin).apiKeys.revoke(apiKey.keyId)).toMatchObject({ id: apiKey.keyId });
    await expect(callers.namespaces.get("default")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  it(
    "that is revoked ends the stream of its worker within seconds, and the worker gets nothing more",
    { timeout: 60_000 },
    async () => {
      const secured = await open({ config: { leaseMs: 1500, pollMs: 200 } });
      const { key: admin } = await secured.key("admin");
      const { apiKey, key } = await secured.key("worker");
      const refused = signal();
      const log = {
        ...quiet,
        warn: (text: string, fields?: object) => (isRefusal(text, fields) ? refused.resolve() : undefined),
        error: (text: string, fields?: object) => (isRefusal(text, fields) ? refused.resolve() : undefined),
      };
      let executed = 0;
      const count = workflow("count", async (ctx) => ctx.step("count", () => ++executed));
      const worker = new Worker({ url: secured.url, apiKey: key, workflows: [count], logger: log });
      ends.push(() => worker.stop());
      await worker.start();
      const callers = client(secured.url, admin);
      expect(await (await callers.start(count, undefined)).result({ timeout: "20s" })).toBe(1);
      await secured.keys.revoke(apiKey.keyId, LOCAL);
      await refused.promise;
      const run = await callers.start(count, undefined);
      await expect.poll(async () => (await run.status()).waitingFor?.reason, { timeout: 20_000 }).toBe("worker");
      expect(executed).toBe(1);
    },
  );

  it("that is revoked ends a call that is held", async () => {
    const secured = await open();
    const { key: admin } = await secured.key("admin");
    const { apiKey, key } = await secured.key("read-only");
    const never = await client(secured.url, admin).start("never", undefined);
    const run = client(secured.url, key).run(never.id);
    await run.status();
    const refusal = run.result({ timeout: "50s" }).catch((error: unknown) => error);
    // Over the same connection and after it: when this is answered, it is held.
    for (let n = 0; n < 3; n++) await run.status();
    await secured.keys.revoke(apiKey.keyId, LOCAL);
    expect(await refusal).toMatchObject({ code: "UNAUTHORIZED", message: expect.stringContaining("revoked") });
  });

  it("says when it was last used, once that was written down", async () => {
    const secured = await open();
    const { apiKey, key } = await secured.key("admin");
    const { keyRing } = new Engine({ store: secured.store });
    const lastUsed = async () => (await secured.store.apiKeys.find(apiKey.keyId))?.key.lastUsedAt;
    await keyRing.verify(key);
    expect(await lastUsed()).toBeUndefined();
    await keyRing.writeUsed();
    const first = await lastUsed();
    expect(first).toBeGreaterThanOrEqual(apiKey.createdAt);
    // Not used again, not written again.
    secured.pass(120_000);
    await keyRing.writeUsed();
    expect(await lastUsed()).toBe(first);
    await keyRing.verify(key);
    await keyRing.writeUsed();
    expect(await lastUsed()).toBeGreaterThanOrEqual((first ?? 0) + 120_000);
  });

  it("is made, listed and revoked by an admin, and shown once", async () => {
    const secured = await open();
    const { key: admin } = await secured.key("admin");
    const { apiKeys } = client(secured.url, admin);
    const made = await apiKeys.create({ name: "ci", role: "client", expiresIn: "1h" });
    expect(made).toMatchObject({
      name: "ci",
      role: "client",
      namespace: "default",
      key: expect.stringMatching(/^kagzi_[0-9a-f]{16}_[0-9a-f]{64}$/),
    });
    expect((made.expiresAt?.getTime() ?? 0) - made.createdAt.getTime()).toBe(3_600_000);
    const { key: _, ...shown } = made;
    const listed = [];
    for await (const each of apiKeys.list()) listed.push(each);
    expect(listed).toEqual([shown]);
    expect(JSON.stringify(listed)).not.toContain(made.key.slice(-64));
    expect(await client(secured.url, made.key).runs.list().page()).toMatchObject({ items: [] });
  });

  it("cannot be made of what makes no sense", async () => {
    const secured = await open();
    const { key } = await secured.key("admin");
    const { apiKeys } = client(secured.url, key);
    const invalid = { code: "INVALID_ARGUMENT" };
    await expect(apiKeys.create({ name: "", role: "client" })).rejects.toMatchObject(invalid);
    await expect(apiKeys.create({ name: "x".repeat(256), role: "client" })).rejects.toMatchObject(invalid);
    await expect(apiKeys.create({ name: "x", role: "root" as "admin" })).rejects.toMatchObject(invalid);
    await expect(apiKeys.create({ name: "x", role: "client", expiresIn: "1s" })).rejects.toMatchObject(invalid);
    await expect(apiKeys.create({ name: "x", role: "client", expiresIn: 1e13 })).rejects.toMatchObject(invalid);
    await expect(apiKeys.create({ name: "x", role: "client", namespace: "A b" })).rejects.toMatchObject(invalid);
    await expect(apiKeys.create({ name: "x", role: "client", namespace: "none" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(apiKeys.revoke("nonsense")).rejects.toMatchObject(invalid);
    await expect(apiKeys.revoke("0".repeat(16))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(() => new Client({ url: secured.url, apiKey: "a b" })).toThrow(/^(?!.*a b).*API key/);
    expect(() => new Client({ url: secured.url, apiKey: "" })).toThrow("API key");
  });
});

describe("a server", () => {
  it("on this computer needs no keys, and refuses wrong ones", async () => {
    const secured = await open({ auth: "optional" });
    expect(await client(secured.url).namespaces.get("default")).toMatchObject({ name: "default" });
    for (const wrong of ["nonsense", `kagzi_${"0".repeat(16)}_${"0".repeat(64)}`]) {
      await expect(client(secured.url, wrong).namespaces.get("default")).rejects.toMatchObject({
        code: "UNAUTHORIZED",
      });
    }
    const { key } = await secured.key("read-only");
    await expect(client(secured.url, key).namespaces.create("x")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    const headers = { "content-type": "application/json", authorization: "Basic eDp5" };
    const basic = await fetch(`${secured.url}/kagzi.v1.NamespaceService/ListNamespaces`, {
      method: "POST",
      headers,
      body: "{}",
    });
    expect(basic.status).toBe(401);
  });

  it("that listens to the network asks for keys by itself, and nobody where it is told so", async () => {
    const secured = await open();
    const on = async (auth?: "off") => {
      const server = await startServer({
        store: secured.store,
        host: "0.0.0.0",
        port: 0,
        ...(auth !== undefined && { auth }),
      });
      ends.push(() => server.stop());
      await server.ready;
      return server.url.replace("0.0.0.0", "127.0.0.1");
    };
    await expect(client(await on()).namespaces.get("default")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(await client(await on("off"), "whatever").namespaces.get("default")).toMatchObject({ name: "default" });
  });

  it("never writes a key or what it is kept as to its log, whatever fails", async () => {
    const lines: string[] = [];
    const write = (text: string, fields?: object) => lines.push(`${text} ${JSON.stringify(fields)}`);
    const log = { debug: write, info: write, warn: write, error: write };
    const secured = await open({ log });
    const { key } = await secured.key("admin");
    const { apiKeys } = client(secured.url, key);
    const made = await apiKeys.create({ name: "second", role: "worker" });
    await apiKeys.revoke(made.id);
    for (const wrong of [made.key, `${key}x`, key.toUpperCase()]) {
      const error = await client(secured.url, wrong).namespaces.get("default").catch(String);
      expect(error).not.toContain(wrong.slice(-64));
    }
    await fetch(`${secured.url}/login`, { method: "POST", body: key, headers: { "content-type": "application/json" } });
    for (const path of [`/?key=${key}`, `/${key}`]) await fetch(`${secured.url}${path}`, { method: "POST" });
    const stream = { hello: { namespaceId: "default", workerId: key } };
    expect((await secured.call(WorkerService.method.work, key, stream)).error?.message).not.toContain(key);
    const secrets = [key, made.key].map((each) => each.slice(-64));
    for (const secret of secrets) expect(lines.join("\n")).not.toContain(secret);
  });
});

describe("the audit log", () => {
  it("has what was done over all calls that operators make, by whom, and what became of it", async () => {
    const secured = await open();
    const { apiKey, key } = await secured.key("admin", { name: "ops" });
    const ops = client(secured.url, key);
    const run = await ops.start("nothing", undefined);
    await run.pause("because");
    await run.resume();
    await run.cancel("because");
    await ops.namespaces.create("team");
    await ops.namespaces.disable("team");
    await expect(ops.runs.retry(run.id)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
    const found = [];
    for await (const { action, actor, actorName, namespace, outcome, subject, subjectId } of ops.auditLog.list({
      allNamespaces: true,
    })) {
      found.push([action, actorName, actor, namespace, `${subject} ${subjectId}`, outcome]);
    }
    const by = ["ops", apiKey.keyId];
    expect(found.toReversed()).toEqual([
      ["apikey.create", "local", "local", undefined, `apikey ${apiKey.keyId}`, "done"],
      ["run.pause", ...by, "default", `run ${run.id}`, "done"],
      ["run.resume", ...by, "default", `run ${run.id}`, "done"],
      ["run.cancel", ...by, "default", `run ${run.id}`, "done"],
      ["namespace.create", ...by, "team", "namespace team", "done"],
      ["namespace.disable", ...by, "team", "namespace team", "done"],
      ["run.retry", ...by, "default", `run ${run.id}`, "PRECONDITION_FAILED"],
    ]);
    const ofTeam = [];
    for await (const { action } of ops.auditLog.list({ namespace: "team" })) ofTeam.push(action);
    expect(ofTeam).toEqual(["namespace.disable", "namespace.create"]);
  });

  it("is forgotten after 90 days", async () => {
    const secured = await open();
    await secured.key("client");
    const context = { store: secured.store, config: DEFAULT_CONFIG } as Engine["context"];
    const left = async () => (await secured.store.audit.list({}, { limit: 9 })).length;
    secured.pass(90 * 86_400_000 - 60_000);
    await expireAudit(context);
    expect(await left()).toBe(1);
    secured.pass(120_000);
    await expireAudit(context);
    expect(await left()).toBe(0);
  });
});

function isRefusal(text: string, fields?: object): boolean {
  return `${text} ${JSON.stringify(fields)}`.includes("revoked");
}
