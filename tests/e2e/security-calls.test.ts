import { type DescMethod, toJsonString } from "@bufbuild/protobuf";
import { LOCAL, ROLES, type Right, mayDo } from "@kagzi/core";
import * as proto from "@kagzi/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Engine } from "../../packages/server/src/engine/engine.ts";
import { Door } from "../../packages/server/src/door/door.ts";
import { Sessions } from "../../packages/server/src/door/sessions.ts";
import { confinerOf, saysNamespace } from "../../packages/server/src/door/confine.ts";
import { NEEDED, neededFor } from "../../packages/server/src/door/rights.ts";
import { AUDITED } from "../../packages/server/src/rpc/audited.ts";
import { METHODS, Secured } from "./secured.ts";

const nameOf = (method: DescMethod) => `${method.parent.typeName}/${method.name}`;
const neededOf = (method: DescMethod) => neededFor(`/${nameOf(method)}`);
/** Methods that say no namespace, and why they need none. */
const OF_NO_NAMESPACE = new Set([
  "kagzi.v1.AdminService/HealthCheck",
  "kagzi.v1.AdminService/GetServerInfo",
  // Shows a key of one namespace that one alone.
  "kagzi.v1.NamespaceService/ListNamespaces",
  // Finds a key of one namespace only keys of that.
  "kagzi.v1.ApiKeyService/RevokeApiKey",
]);

describe("the table of what calls take", () => {
  it("has each call that a server offers, and no other", () => {
    const named = Object.entries(NEEDED).flatMap(([service, methods]) =>
      Object.keys(methods).map((name) => `${service}/${name}`),
    );
    expect(named.length).toBeGreaterThan(60);
    expect(named.toSorted()).toEqual(METHODS.map(nameOf).toSorted());
    expect(
      ["/", "/constructor/name", "/kagzi.v1.EventService/constructor", "/kagzi.v1.EventService/SendEvent/x"].map(
        neededFor,
      ),
    ).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("lets those who may look do nothing else", () => {
    for (const method of METHODS.filter((each) => neededOf(each) === "read")) {
      expect(method.name).toMatch(/^(Get|List|Wait|Explain|Preview|Read|ServerReflection)/);
    }
    const open = METHODS.filter((each) => neededOf(each) === "nothing");
    for (const method of open) expect(nameOf(method)).toMatch(/Health/);
  });

  it("shows numbers of all namespaces to who may look at all of them alone, and says to everybody that it is there", async () => {
    const secured = await Secured.open();
    const { store } = secured;
    const { keyRing, context } = new Engine({ store });
    const strangers = { hosts: undefined, origins: new Set<string>() };
    const door = new Door({ auth: "required", keyRing, sessions: new Sessions(context.env), strangers });
    const admit = async (path: string, key?: string) =>
      door.admit(path, key === undefined ? {} : { authorization: `Bearer ${key}` });
    expect(await admit("/healthz")).toMatchObject({ actor: "nobody" });
    await expect(admit("/metrics")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await expect(admit("/metrics", (await secured.keyOf("admin", "default")).key)).rejects.toThrow("all namespaces");
    expect(await admit("/metrics", (await secured.key("read-only")).key)).toMatchObject({ role: "read-only" });
    await secured.close();
  });

  it("has what operators do in the audit log", () => {
    const audited = new Set(Object.values(AUDITED).flatMap((methods) => Object.keys(methods)));
    const byKeys = ["CreateApiKey", "RevokeApiKey"];
    const changes = METHODS.filter(
      (method) => ["admin", "admin everywhere"].includes(neededOf(method) ?? "") && !method.name.startsWith("List"),
    );
    expect(changes.length).toBeGreaterThan(9);
    const missing = changes.filter(({ localName, name }) => !audited.has(localName) && !byKeys.includes(name));
    expect(missing.map(nameOf)).toEqual([]);
  });

  it("knows of each call which namespace it is about", () => {
    const none = METHODS.filter(
      (method) => method.parent.typeName.startsWith("kagzi.") && !saysNamespace(method.input),
    );
    expect(none.map(nameOf).toSorted()).toEqual([...OF_NO_NAMESPACE].toSorted());
  });

  it("finds a namespace wherever a request says it", () => {
    const confine = confinerOf(proto.StartWorkflowsRequestSchema);
    const request = { workflows: [{ namespaceId: "" }, { namespaceId: "a" }] };
    confine(request, "a" as never);
    expect(request).toEqual({ workflows: [{ namespaceId: "a" }, { namespaceId: "a" }] });
    expect(() => confine({ workflows: [{ namespaceId: "a" }, { namespaceId: "b" }] }, "a" as never)).toThrow('"b"');
  });
});

describe("a server that asks who calls", () => {
  let secured: Secured;

  beforeEach(async () => {
    secured = await Secured.open();
    for (const name of ["a", "b"]) await secured.store.namespaces.create(name as never, "");
  });

  afterEach(() => secured.close());

  it.each(ROLES)("lets a key with the role %s make the calls that it is for, and no other", async (role) => {
    const [all, one] = [await secured.key(role), await secured.keyOf(role, "a")];
    let refused = 0;
    for (const method of METHODS) {
      const needed = neededOf(method);
      const right = needed === "admin everywhere" ? "admin" : needed;
      const may = right === "nothing" || mayDo(role, right as Right);
      if (!may) refused += 1;
      const answer = await secured.call(method, all.key);
      expect([nameOf(method), answer.became]).toEqual([nameOf(method), may ? "in" : "forbidden"]);
      const ofOne = await secured.call(method, one.key);
      const mayOne = may && needed !== "admin everywhere";
      expect([nameOf(method), ofOne.became]).toEqual([nameOf(method), mayOne ? "in" : "forbidden"]);
    }
    expect(refused > 0).toBe(role !== "admin");
  });

  it("lets nobody in whose key is missing, wrong, revoked or over, and says no secret", async () => {
    const good = await secured.key("admin");
    const revoked = await secured.key("admin");
    await secured.keys.revoke(revoked.apiKey.keyId, LOCAL);
    const expired = await secured.key("admin", { expiresInMs: 60_000 });
    secured.pass(60_001);
    const wrong = good.key.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    const unknown = `kagzi_${"0".repeat(16)}_${"0".repeat(64)}`;
    for (const key of [undefined, "nonsense", wrong, unknown, revoked.key, expired.key]) {
      for (const method of METHODS) {
        const { became, error } = await secured.call(method, key);
        const isOpen = neededOf(method) === "nothing";
        expect([nameOf(method), became]).toEqual([nameOf(method), isOpen ? "in" : "unknown"]);
        if (key !== undefined) expect(error?.message ?? "").not.toContain(key);
      }
    }
    const explained = async (key: string) => (await secured.call(METHODS[0] as DescMethod, key)).error?.rawMessage;
    // Whoever guesses is not told which half of the guess was wrong.
    expect(await explained(wrong)).toBe(await explained(unknown));
    expect(await explained(revoked.key)).toContain("revoked");
    expect(await explained(expired.key)).toContain("expired");
  });

  it("tells a key of one namespace of another one what it tells of one that is not there", async () => {
    const { key } = await secured.keyOf("admin", "a");
    let tried = 0;
    for (const method of METHODS) {
      if (!saysNamespace(method.input) || neededOf(method) === "admin everywhere") continue;
      const asked = async (namespaceId: string) => {
        const about = { namespaceId };
        const requests: Record<string, object> = { StartWorkflows: { workflows: [about] }, Work: { hello: about } };
        const { error } = await secured.call(method, key, requests[method.name] ?? about);
        return [error?.code, error?.rawMessage.replaceAll(namespaceId, "?")];
      };
      const there = await asked("b");
      expect([nameOf(method), ...there]).toEqual([nameOf(method), 5, 'namespace "?" does not exist']);
      expect(await asked("zzzz")).toEqual(there);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(55);
    for (const method of METHODS.filter(({ input }) =>
      input.fields.some(({ localName }) => localName === "allNamespaces"),
    )) {
      expect((await secured.call(method, key, { allNamespaces: true })).became).toBe("forbidden");
    }
  });

  it("takes an empty namespace for the key's own, and lists only that", async () => {
    const { key } = await secured.keyOf("admin", "a");
    const get = proto.NamespaceService.method.getNamespace;
    const found = await secured.call(get, key);
    expect(toJsonString(get.output, found.answer as never)).toContain('"namespaceId":"a"');
    const list = proto.NamespaceService.method.listNamespaces;
    const { answer } = await secured.call(list, key);
    expect((answer as proto.ListNamespacesResponse).namespaces.map(({ namespaceId }) => namespaceId)).toEqual(["a"]);
  });

  it("knows no keys of others by their ids", async () => {
    const { key } = await secured.keyOf("admin", "a");
    const [mine, theirs, everywhere] = [
      await secured.keyOf("client", "a"),
      await secured.keyOf("client", "b"),
      await secured.key("client"),
    ];
    const { listApiKeys, revokeApiKey } = proto.ApiKeyService.method;
    for (const { apiKey } of [theirs, everywhere]) {
      const { error } = await secured.call(revokeApiKey, key, { keyId: apiKey.keyId });
      expect(error?.code).toBe(5);
    }
    expect((await secured.call(revokeApiKey, key, { keyId: mine.apiKey.keyId })).error).toBeUndefined();
    const { answer } = await secured.call(listApiKeys, key);
    const ids = (answer as proto.ListApiKeysResponse).apiKeys.map(({ keyId }) => keyId);
    expect(ids).toContain(mine.apiKey.keyId);
    expect(ids).not.toContain(theirs.apiKey.keyId);
  });
});
