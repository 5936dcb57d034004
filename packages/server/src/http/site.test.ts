import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { LOCAL } from "@kagzi/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Listener, listen } from "./listen.ts";
import { createRequestHandler } from "./request-handler.ts";
import { createSite } from "./site.ts";

const SCRIPT = "console.log('a script')";
const PAGE = { accept: "text/html,*/*;q=0.8" };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

describe("the site", () => {
  let folder: string;
  let listener: Listener | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kagzi-site-"));
    mkdirSync(join(folder, "assets"));
    writeFileSync(join(folder, "index.html"), `<base href="./" /><script src="./assets/x-1.js"></script>`);
    writeFileSync(join(folder, "assets", "x-1.js"), SCRIPT);
    writeFileSync(join(folder, "assets", "x-1.js.br"), brotliCompressSync(SCRIPT));
    writeFileSync(join(folder, "assets", "x-1.js.gz"), gzipSync(SCRIPT));
    writeFileSync(join(folder, "icon.svg"), "<svg/>");
  });
  afterEach(async () => {
    await listener?.close(100);
    listener = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  async function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
    listener ??= await listen({
      host: "127.0.0.1",
      port: 0,
      handler: createRequestHandler({
        door: { admit: () => LOCAL, meet: () => ({ headers: {} }) },
        routes: [],
        pages: { "/healthz": () => ({ status: 200, contentType: "text/plain", body: "ok\n" }) },
        site: createSite(folder),
        readMaxBytes: 1000,
        onInternalError: () => {},
      }),
    });
    const { port } = listener;
    return new Promise((resolve, reject) => {
      const sent = request({ port, path, headers, method }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  it("answers every screen with the index, whose base leads back to the beginning", async () => {
    expect((await get("/")).body).toContain('<base href="./" />');
    expect((await get("/default/runs", PAGE)).body).toContain('<base href="../" />');
    const { body, headers, status } = await get("/default/runs/some-id?tab=a", PAGE);
    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([
      200,
      "text/html; charset=utf-8",
      "no-cache",
    ]);
    expect(body).toContain('<base href="../../" />');
  });

  it("forbids scripts that are not its own", async () => {
    const policy = String((await get("/")).headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
  });

  it("lets browsers keep what has its hash in its name, and ask again for the rest", async () => {
    expect((await get("/assets/x-1.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    const icon = await get("/icon.svg");
    expect([icon.body, icon.headers["cache-control"]]).toEqual(["<svg/>", "no-cache"]);
    const again = await get("/icon.svg", { "if-none-match": String(icon.headers["etag"]) });
    expect([again.status, again.body]).toEqual([304, ""]);
  });

  it("sends the compressed form that the browser takes", async () => {
    const encoding = async (accepted: string) =>
      (await get("/assets/x-1.js", { "accept-encoding": accepted })).headers["content-encoding"];
    expect(await encoding("gzip, deflate, br")).toBe("br");
    expect(await encoding("gzip, br;q=0")).toBe("gzip");
    expect(await encoding("identity")).toBeUndefined();
    const head = await get("/assets/x-1.js", { "accept-encoding": "gzip" }, "HEAD");
    expect([head.body, head.headers["content-length"]]).toEqual(["", String(gzipSync(SCRIPT).byteLength)]);
  });

  it("leaves calls, other pages and other methods alone, and knows no files outside", async () => {
    expect((await get("/healthz", PAGE)).body).toBe("ok\n");
    expect((await get("/kagzi.v1.WorkflowService/NoSuchMethod", PAGE)).status).toBe(404);
    expect((await get("/assets/x-0.js", PAGE)).status).toBe(404);
    expect((await get("/default/runs")).status).toBe(404);
    expect((await get("/default/runs", PAGE, "POST")).status).toBe(404);
    for (const path of ["/../package.json", "/assets/../../package.json", "/assets/x-1.js.br", "/%2e%2e/secret"]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });

  it("says in plain words that the dashboard has not been built", async () => {
    rmSync(join(folder, "index.html"));
    const { body, status } = await get("/");
    expect(status).toBe(503);
    expect(body).toContain("npm run build");
  });
});
