import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cliProgram, freePort } from "@kagzi/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kagzi } from "./cli.ts";

const KEY = /^kagzi_[0-9a-f]{16}_[0-9a-f]{64}$/u;

describe("kagzi apikey", { timeout: 60_000 }, () => {
  let folder: string;
  let db: string;
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kagzi-cli-"));
    db = `sqlite:${join(folder, "kagzi.db")}`;
  });

  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    rmSync(folder, { recursive: true });
  });

  async function serve(...words: readonly string[]) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const isReady = async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200;
    const server = cliProgram(["server", "--db", db, "--port", String(port), ...words]);
    ends.push(() => server.kill());
    server.spawn();
    await expect.poll(isReady, { timeout: 20_000 }).toBe(true);
    return { server, url };
  }

  it("makes the first key with the database, and further ones by a server that asks for it", async () => {
    const words = ["--name", "ops", "--role", "admin", "--all-namespaces"];
    const { code, output } = await kagzi("apikey", "create", "--db", db, ...words);
    expect(code).toBe(0);
    const key = output.trim();
    expect(key).toMatch(KEY);
    const file = join(folder, "key");
    writeFileSync(file, `${key}\n`);
    const { server, url } = await serve("--auth", "required");
    expect(await kagzi("namespace", "list", "--url", url)).toMatchObject({
      code: 5,
      output: expect.stringContaining("KAGZI_API_KEY"),
    });
    const as = async (env: Readonly<Record<string, string>>, ...rest: readonly string[]) => {
      const program = cliProgram([...rest, "--url", url], env);
      program.spawn();
      return { code: await program.exited(), output: program.output };
    };
    const byFile = { KAGZI_API_KEY_FILE: file };
    const made = await as(
      { KAGZI_API_KEY: key },
      "apikey",
      "create",
      "--name",
      "ci",
      "--role",
      "client",
      "--expires",
      "90d",
      "-o",
      "json",
    );
    const ci = JSON.parse(made.output) as { readonly id: string; readonly key: string };
    expect(ci).toMatchObject({ name: "ci", role: "client", namespace: "default", key: expect.stringMatching(KEY) });
    const listed = await as(byFile, "apikey", "list");
    expect(listed.output).toMatch(new RegExp(`^${ci.id}\tclient\tdefault\tci\t.*\tnever\tgood until `, "u"));
    expect((await as(byFile, "apikey", "revoke", ci.id)).output).toContain("revoked");
    expect(await as({ KAGZI_API_KEY: ci.key }, "run", "explain", "latest")).toMatchObject({ code: 5 });
    const audit = await as(byFile, "audit", "list", "--all-namespaces");
    const actions = audit.output.split("\n").map((line) => line.split("\t")[2]);
    expect(actions).toEqual(["apikey.revoke", "apikey.create", "apikey.create", undefined]);
    expect(audit.output).toContain("ops (");
    const [last] = JSON.parse((await as(byFile, "audit", "list", "--limit", "1", "-o", "json")).output) as [object];
    expect(last).toMatchObject({ action: "apikey.revoke", subjectId: ci.id, outcome: "done" });
    // Neither key is in the log of the server.
    for (const secret of [key, ci.key]) expect(server.output).not.toContain(secret.slice(-64));
  });

  it("says at the start of a server how to make the first key, and warns of one that asks nobody", async () => {
    const asks = await serve("--host", "0.0.0.0");
    await expect.poll(() => asks.server.output, { timeout: 10_000 }).toContain("kagzi apikey create --db");
    expect(await kagzi("namespace", "list", "--url", asks.url)).toMatchObject({ code: 5 });
    await asks.server.kill();
    const open = await serve("--host", "0.0.0.0", "--no-auth");
    await expect.poll(() => open.server.output, { timeout: 10_000 }).toContain("asks nobody who they are");
    expect(await kagzi("namespace", "list", "--url", open.url)).toMatchObject({ code: 0 });
  });

  it("says what is wrong, by its exit code too", async () => {
    const create = (...words: readonly string[]) => kagzi("apikey", "create", "--db", db, ...words);
    const named = ["--name", "a"];
    expect(await create(...named)).toMatchObject({ code: 2, output: expect.stringContaining("--role") });
    expect(await create(...named, "--role", "root")).toMatchObject({
      code: 2,
      output: expect.stringContaining("read-only"),
    });
    expect(await create("--name", "", "--role", "admin")).toMatchObject({ code: 2 });
    expect(await create(...named, "--role", "admin", "--expires", "soon")).toMatchObject({
      code: 2,
      output: expect.stringContaining("soon"),
    });
    expect(await create(...named, "--role", "admin", "--namespace", "none")).toMatchObject({ code: 3 });
    expect(await kagzi("apikey", "revoke", "0".repeat(16), "--db", db)).toMatchObject({ code: 3 });
    expect(await kagzi("apikey", "revoke", "x", "--db", db)).toMatchObject({ code: 2 });
    const server = (...words: readonly string[]) => kagzi("server", "--db", db, "--port", "0", ...words);
    expect(await server("--tls-cert", "a.pem")).toMatchObject({
      code: 2,
      output: expect.stringContaining("--tls-key"),
    });
    expect(await server("--tls-cert", "a.pem", "--tls-key", "b.pem")).toMatchObject({
      code: 4,
      output: expect.stringContaining("a.pem"),
    });
    expect(await server("--allowed-origins", "example.com")).toMatchObject({
      code: 2,
      output: expect.stringContaining("example.com"),
    });
    expect(await server("--auth", "maybe")).toMatchObject({ code: 2 });
  });
});
