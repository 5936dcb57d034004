import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NamespaceId } from "@kagzi/core";
import { CertificateAuthority } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quiet } from "./fixture.ts";
import { Secured } from "./secured.ts";

const double = workflow("double", async (ctx, n: number) => ctx.step("double", () => n * 2));

describe("a server that speaks TLS", () => {
  let folder: string;
  let files: { readonly cert: string; readonly key: string; readonly clientCa: string };
  let authority: CertificateAuthority;
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kagzi-tls-"));
    authority = new CertificateAuthority("the CA");
    files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem"), clientCa: join(folder, "ca.pem") };
    use(authority);
    writeFileSync(files.clientCa, authority.cert);
  });

  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
    rmSync(folder, { recursive: true });
  });

  function use(signer: CertificateAuthority): void {
    const { cert, key } = signer.issue("the server");
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  }

  async function open(
    tls: { readonly cert: string; readonly key: string; readonly clientCa?: string },
    leaseMs = 30_000,
  ) {
    const secured = await Secured.open({ tls, config: { leaseMs } });
    ends.push(() => secured.close());
    const { key: apiKey } = await secured.key("admin");
    return { secured, url: secured.url, apiKey };
  }

  function client(options: ConstructorParameters<typeof Client>[0]): Client {
    const made = new Client(options);
    ends.push(() => made.close());
    return made;
  }

  it("serves clients and workers, heartbeats included, and HTTP/1.1", { timeout: 60_000 }, async () => {
    const { cert, key } = files;
    const { apiKey, secured, url } = await open({ cert, key }, 1500);
    expect(url).toMatch(/^https:/);
    const tls = { ca: authority.cert };
    const worker = new Worker({ url, apiKey, tls, workflows: [double], logger: quiet });
    ends.push(() => worker.stop());
    await worker.start();
    const run = await client({ url, apiKey, tls }).start(double, 21);
    expect(await run.result({ timeout: "20s" })).toBe(42);
    const heardOf = async () => {
      const [found] = await secured.store.workers.list({ namespaceId: "default" as NamespaceId }, { limit: 1 });
      return found !== undefined && found.lastHeartbeatAt > found.registeredAt;
    };
    await expect.poll(heardOf, { timeout: 20_000 }).toBe(true);
    const { request } = await import("node:https");
    const status = await new Promise((resolve, reject) => {
      request(`${url}/readyz`, { ca: authority.cert }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
    // Whoever does not speak TLS is not answered.
    await expect(fetch(`${url.replace("https", "http")}/readyz`)).rejects.toThrow();
  });

  it("is not trusted by a client that does not know who signed it", async () => {
    const { cert, key } = files;
    const { apiKey, url } = await open({ cert, key });
    const other = new CertificateAuthority("another CA");
    const stranger = client({ url, apiKey, tls: { ca: other.cert } });
    await expect(stranger.namespaces.create("x")).rejects.toMatchObject({
      message: expect.stringMatching(/certificate|signature|verify/i),
    });
  });

  it("takes only clients with a certificate that its CA signed, if it is told to", async () => {
    const { apiKey, url } = await open(files);
    const known = client({ url, apiKey, tls: { ca: authority.cert, ...authority.issue("a client") } });
    expect(await known.namespaces.get("default")).toMatchObject({ name: "default" });
    const stranger = new CertificateAuthority("another CA").issue("a stranger");
    for (const own of [{}, stranger]) {
      const refused = client({ url, apiKey, tls: { ca: authority.cert, ...own } });
      await expect(refused.namespaces.create("x")).rejects.toMatchObject({ code: expect.any(String) });
    }
    // A certificate is no key.
    const keyless = client({ url, tls: { ca: authority.cert, ...authority.issue("a client") } });
    await expect(keyless.namespaces.get("default")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  it(
    "takes new files for new connections, lets old connections be, and keeps what it has where the files are broken",
    { timeout: 60_000 },
    async () => {
      const { cert, key } = files;
      const { apiKey, secured, url } = await open({ cert, key });
      const early = client({ url, apiKey, tls: { ca: authority.cert } });
      const worker = new Worker({ url, apiKey, tls: { ca: authority.cert }, workflows: [double], logger: quiet });
      ends.push(() => worker.stop());
      await worker.start();
      await (await early.start(double, 1)).result({ timeout: "20s" });
      const next = new CertificateAuthority("the next CA");
      const isServed = (ca: string) =>
        client({ url, apiKey, tls: { ca } })
          .namespaces.create("default")
          .then(
            () => false,
            (error: { readonly code: string }) => error.code === "CONFLICT",
          );
      writeFileSync(cert, "nonsense");
      expect(await isServed(authority.cert)).toBe(true);
      use(next);
      await expect.poll(() => isServed(next.cert), { timeout: 30_000 }).toBe(true);
      expect(await isServed(authority.cert)).toBe(false);
      // At once, where it is told to.
      const last = new CertificateAuthority("the last CA");
      use(last);
      secured.renewTls();
      expect(await isServed(last.cert)).toBe(true);
      // Over the connections from before.
      expect(await (await early.start(double, 4)).result({ timeout: "20s" })).toBe(8);
    },
  );

  it("does not start with files that cannot be used, and says which", async () => {
    const { key: other } = new CertificateAuthority("another CA");
    writeFileSync(files.key, other);
    await expect(Secured.open({ tls: files })).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      message: expect.stringContaining(files.key),
    });
    const missing = join(folder, "none.pem");
    await expect(Secured.open({ tls: { ...files, cert: missing } })).rejects.toThrow(missing);
  });
});
