import { type IncomingHttpHeaders, request } from "node:http";
import { type ServerOptions, startServer } from "@kagzi/server";
import { LOCAL } from "@kagzi/core";
import { afterEach, describe, expect, it } from "vitest";
import { Secured } from "./secured.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function open(options: Partial<ServerOptions> = {}): Promise<Secured> {
  const secured = await Secured.open(options);
  ends.push(() => secured.close());
  return secured;
}

interface Asked {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As a browser may be made to: `fetch` lets nobody say a host. */
function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  { body = "{}", method = "POST" }: { readonly body?: string; readonly method?: string } = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { "content-type": "application/json", ...headers } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
    });
    asked.on("error", reject).end(method === "POST" ? body : undefined);
  });
}

const LIST = "kagzi.v1.NamespaceService/ListNamespaces";

describe("a page of a stranger", () => {
  it("cannot call a server that asks nobody, whatever name leads to it", async () => {
    const { url } = await open({ auth: "optional" });
    const { port } = new URL(url);
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.evil.example`,
      "[::2]",
    ]) {
      const { body, status } = await ask(`${url}/${LIST}`, { host });
      expect([host, status]).toEqual([host, 403]);
      expect(body).toContain("--allowed-hosts");
    }
    for (const host of ["localhost", `LOCALHOST:${port}`, `127.0.0.1:${port}`, "127.1.2.3", `[::1]:${port}`]) {
      expect([host, (await ask(`${url}/${LIST}`, { host })).status]).toEqual([host, 200]);
    }
    // Probes ask by whatever address they have.
    expect((await ask(`${url}/healthz`, { host: "10.0.0.7" }, { method: "GET" })).status).toBe(200);
  });

  it("can call by a name that is allowed", async () => {
    const { url } = await open({ auth: "optional", allowedHosts: ["kagzi.example"] });
    expect((await ask(`${url}/${LIST}`, { host: "Kagzi.example:8080" })).status).toBe(200);
    expect((await ask(`${url}/${LIST}`, { host: "other.example" })).status).toBe(403);
  });

  it("finds any name right where callers must say who they are, unless names are given", async () => {
    const any = await open();
    const { key } = await any.key("admin");
    const authorization = `Bearer ${key}`;
    expect((await ask(`${any.url}/${LIST}`, { host: "kagzi.example", authorization })).status).toBe(200);
    const named = await startServer({
      store: any.store,
      host: "127.0.0.1",
      port: 0,
      auth: "required",
      allowedHosts: ["kagzi.example"],
    });
    ends.push(() => named.stop());
    await named.ready;
    expect((await ask(`${named.url}/${LIST}`, { host: "kagzi.example", authorization })).status).toBe(200);
    expect((await ask(`${named.url}/${LIST}`, { host: "other.example", authorization })).status).toBe(403);
  });

  it("of another site cannot call, not even with a good key; one of the server's own can", async () => {
    const { key, url } = await withKey();
    const authorization = `Bearer ${key}`;
    const { host } = new URL(url);
    for (const origin of [
      "https://evil.example",
      "null",
      `http://${host}.evil.example`,
      "http://127.0.0.1:1",
      "nonsense",
    ]) {
      const { body, headers, status } = await ask(`${url}/${LIST}`, { origin, authorization });
      expect([origin, status, headers["access-control-allow-origin"]]).toEqual([origin, 403, undefined]);
      expect(body).toContain("--allowed-origins");
      const preflight = await ask(
        `${url}/${LIST}`,
        { origin, "access-control-request-method": "POST" },
        { method: "OPTIONS" },
      );
      expect(preflight.status).toBe(403);
    }
    expect((await ask(`${url}/${LIST}`, { origin: `http://${host}`, authorization })).status).toBe(200);
    expect((await ask(`${url}/${LIST}`, { origin: `https://${host}`, authorization })).status).toBe(200);
  });

  it("of a site that is allowed can call, and reads the answer", async () => {
    const origin = "https://ops.example.com";
    const { key, url } = await withKey({ allowedOrigins: [origin] });
    const wanted = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization",
    };
    const preflight = await ask(`${url}/${LIST}`, wanted, { method: "OPTIONS" });
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-allow-headers": "authorization",
        vary: "origin",
      },
    });
    const answer = await ask(`${url}/${LIST}`, { origin, authorization: `Bearer ${key}` });
    expect(answer).toMatchObject({ status: 200, headers: { "access-control-allow-origin": origin } });
    // It may call; it is nobody for that.
    expect((await ask(`${url}/${LIST}`, { origin })).status).toBe(401);
  });
});

describe("a login", () => {
  it("brings a session that a page calls with, and that ends when it logs out", async () => {
    const { key, url } = await withKey();
    expect(JSON.parse((await ask(`${url}/session`, {}, { method: "GET" })).body)).toEqual({
      auth: "required",
      signedIn: false,
    });
    const login = await ask(`${url}/login`, {}, { body: JSON.stringify({ key }) });
    const [setCookie = ""] = login.headers["set-cookie"] ?? [];
    expect(setCookie).toMatch(/^kagzi_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(setCookie).not.toContain(key.slice(-64));
    const who = { auth: "required", signedIn: true, name: "admin", role: "admin", namespace: null };
    expect(JSON.parse(login.body)).toMatchObject({ ...who, expiresInMs: 43_200_000 });
    const cookie = setCookie.split(";", 1)[0] ?? "";
    const session = await ask(`${url}/session`, { cookie: `a=b; ${cookie}` }, { method: "GET" });
    expect(JSON.parse(session.body)).toMatchObject(who);
    expect(session.headers["cache-control"]).toBe("no-store");
    const csrf = { cookie, "x-kagzi-csrf": "1" };
    expect((await ask(`${url}/${LIST}`, csrf)).status).toBe(200);
    // A form of another site brings the cookie at most, in a browser that does not know SameSite.
    expect((await ask(`${url}/${LIST}`, { cookie })).status).toBe(401);
    expect((await ask(`${url}/${LIST}`, { ...csrf, origin: "https://evil.example" })).status).toBe(403);
    expect((await ask(`${url}/logout`, { cookie })).status).toBe(403);
    const out = await ask(`${url}/logout`, csrf);
    expect([out.status, out.headers["set-cookie"]?.[0]]).toEqual([
      200,
      expect.stringContaining("kagzi_session=; Path=/; Max-Age=0"),
    ]);
    expect((await ask(`${url}/${LIST}`, csrf)).status).toBe(401);
  });

  it("has the rights of its key, and ends with it, or after twelve hours", async () => {
    const { secured, url } = await withKey();
    const { apiKey, key } = await secured.key("read-only");
    const begin = async () => {
      const [cookie = ""] =
        (await ask(`${url}/login`, {}, { body: JSON.stringify({ key }) })).headers["set-cookie"] ?? [];
      return { cookie: cookie.split(";", 1)[0] ?? "", "x-kagzi-csrf": "1" };
    };
    const first = await begin();
    expect((await ask(`${url}/${LIST}`, first)).status).toBe(200);
    expect((await ask(`${url}/kagzi.v1.NamespaceService/CreateNamespace`, first)).status).toBe(403);
    secured.pass(12 * 3_600_000);
    expect((await ask(`${url}/${LIST}`, first)).status).toBe(401);
    const second = await begin();
    await secured.keys.revoke(apiKey.keyId, LOCAL);
    secured.pass(3000);
    expect((await ask(`${url}/${LIST}`, second)).status).toBe(401);
    expect((await ask(`${url}/session`, second, { method: "GET" })).status).toBe(401);
  });

  it("takes nothing but a key, and repeats nothing", async () => {
    const { key, url } = await withKey();
    const wrong = `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`;
    expect(await ask(`${url}/login`, {}, { body: JSON.stringify({ key: wrong }) })).toMatchObject({
      status: 401,
      headers: {},
    });
    for (const body of ["", "{", "[]", "null", '"key"', '{"key": 5}', `{"no": "${key}"}`]) {
      const answer = await ask(`${url}/login`, {}, { body });
      expect([body, answer.status]).toEqual([body, 400]);
      expect(answer.body).not.toContain(key);
    }
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await ask(`${url}/login`, form, { body: `key=${key}` })).status).toBe(400);
    expect((await ask(`${url}/login`, {}, { body: "x".repeat(5000) })).status).toBe(429);
    expect((await ask(`${url}/login`, {}, { method: "GET" })).status).toBe(404);
    const cookies = ["kagzi_session=", "kagzi_session", "=", "kagzi_session=nonsense", `kagzi_session=${key}`];
    for (const cookie of cookies)
      expect((await ask(`${url}/${LIST}`, { cookie, "x-kagzi-csrf": "1" })).status).toBe(401);
  });

  it("is not needed where nobody is asked", async () => {
    const { url } = await open({ auth: "optional" });
    const { body } = await ask(`${url}/session`, { cookie: "kagzi_session=stale" }, { method: "GET" });
    expect(JSON.parse(body)).toMatchObject({
      auth: "optional",
      signedIn: true,
      actor: "local",
      role: "admin",
      expiresInMs: null,
    });
    expect((await ask(`${url}/${LIST}`, { cookie: "kagzi_session=stale", "x-kagzi-csrf": "1" })).status).toBe(200);
  });
});

async function withKey(options: Partial<ServerOptions> = {}) {
  const secured = await open(options);
  const { key } = await secured.key("admin");
  return { secured, key, url: secured.url };
}
