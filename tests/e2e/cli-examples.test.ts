import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgram } from "@kagzi/cli/program";
import { cliProgram } from "@kagzi/test-support";
import { Client, Worker, workflow } from "kagzi";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { command, wordsOf } from "./cli.ts";
import { ENGINES, type TestEngine } from "./engines.ts";
import { quiet, reaches } from "./fixture.ts";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

const hello = workflow("hello", async (ctx, input: { name: string } | undefined) =>
  ctx.step("greet", () => `Hello ${input?.name ?? "you"}`),
);
const order = workflow("order", async (ctx) => {
  await ctx.step("reserve", { limit: "payments" }, () => "reserved");
  return ctx.waitForEvent("approved");
});
const report = workflow("report", async (ctx) => {
  await ctx.step("load", () => 42);
  await ctx.step("send", { retries: 0 }, () => {
    throw new Error("no printer");
  });
});

const limits = { payments: { concurrency: 5 } };

interface Example {
  /** `kagzi run list` */
  readonly path: string;
  readonly line: string;
}

type Tree = ReturnType<typeof createProgram>;

/** Every command that does something; those that only have others under them are not among them. */
function leaves(tree: Tree, path = "kagzi"): readonly (readonly [path: string, command: Tree])[] {
  if (tree.commands.length === 0) return [[path, tree]];
  const shown = tree.commands.filter((each) => !each.name().startsWith("__"));
  return shown.flatMap((each) => leaves(each, `${path} ${each.name()}`));
}

async function helpOf(path: string): Promise<string> {
  const { code, stdout } = await command([...path.split(" ").slice(1), "--help"]);
  expect(code, path).toBe(0);
  return stdout;
}

function examplesIn(help: string): readonly string[] {
  return Array.from(help.matchAll(/^ {2}\$ (kagzi.*)$/gmu), ([, line = ""]) => line);
}

const silent = { write: () => true };
const program = createProgram({
  env: {},
  cwd: "/",
  home: "/",
  stdin: { async *[Symbol.asyncIterator]() {} },
  stdout: silent,
  stderr: silent,
  now: Date.now,
  interruption: () => new AbortController().signal,
  exit: () => {},
});
const paths = leaves(program).map(([path]) => path);
const groups = program.commands.filter((each) => each.commands.length > 0).map((each) => `kagzi ${each.name()}`);

describe("the examples in the help of a command", () => {
  let engine: TestEngine;
  let folder: string;
  let number = 0;
  /** Of the key that there is, if there is one. */
  let keyId = "";

  beforeAll(async () => {
    engine = await open();
    folder = mkdtempSync(join(tmpdir(), "kagzi-examples-"));
  });

  afterAll(async () => {
    expect(await engine.close()).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });

  function url(): string {
    return "url" in engine.at ? engine.at.url : "";
  }

  /** A namespace of its own, in which there is what the examples speak of. */
  async function inNamespace(path: string, work: (namespace: string) => Promise<void>): Promise<void> {
    const namespace = path.startsWith("kagzi namespace") ? "default" : `example-${++number}`;
    await using admin = new Client({ url: url() });
    if (namespace !== "default") await admin.namespaces.create(namespace);
    const at = { url: url(), namespace };
    await using worker = new Worker({ ...at, workflows: [hello, order, report], limits, logger: quiet });
    await worker.start();
    await using client = new Client(at);
    await prepare(client, path);
    if (path.startsWith("kagzi apikey")) for await (const { id } of client.apiKeys.list()) keyId = id;
    await work(namespace);
  }

  it.each(["kagzi", ...groups, ...paths])("are two at least: %s", async (path) => {
    expect(new Set(examplesIn(await helpOf(path))).size).toBeGreaterThanOrEqual(2);
  });

  const inProcess = paths.filter((path) => path !== "kagzi server" && path !== "kagzi dev");

  it.each(inProcess)("can be run: %s", async (path) => {
    const examples = examplesIn(await helpOf(path)).map((line): Example => ({ path, line }));
    for (const { line } of examples) {
      await inNamespace(path, async (namespace) => {
        const home = mkdtempSync(join(folder, "home-"));
        const env = { KAGZI_URL: url(), KAGZI_NAMESPACE: namespace, XDG_CONFIG_HOME: home };
        await prepareFiles({ env, home, cwd: folder }, path);
        const outcome = await command(wordsOf(forTest(line)).slice(1), { env, home, cwd: folder });
        expect(outcome, line).toMatchObject({ code: 0 });
        expect(outcome.stdout, line).not.toBe("");
      });
    }
  });

  it.each(["kagzi server", "kagzi dev"])("can be run: %s", async (path) => {
    for (const line of examplesIn(await helpOf(path))) {
      const words = [...wordsOf(forTest(line)).slice(1), "--port", "0"];
      const served = cliProgram(words, {}, mkdtempSync(join(folder, "serve-")));
      served.spawn();
      await expect.poll(() => served.output, { timeout: 20_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d/u);
      expect(await served.stop(), line).toBe(0);
    }
  });

  /** What an example cannot know: where the test's databases are, and which ids there are. What it does with its output is left out. */
  function forTest(line: string): string {
    return line
      .replace("postgres://user@host/database", inject("postgresUrl"))
      .replace("0123456789abcdef", keyId)
      .replace("sqlite:./kagzi.db", `sqlite:${join(folder, "kagzi.db")}`)
      .replace(/ > \S+$/u, "");
  }

  async function prepareFiles(world: Parameters<typeof command>[1], path: string): Promise<void> {
    if (path === "kagzi config use") {
      for (const profile of ["production", "default"]) {
        await command(["config", "set", "url", url(), "--profile", profile], world);
      }
    }
    if (path === "kagzi db status" || path === "kagzi doctor") {
      await command(["db", "migrate", "--db", `sqlite:${join(folder, "kagzi.db")}`], world);
    }
  }
});

/** What there has to be before a command can do what its examples say. */
async function prepare(client: Client, path: string): Promise<void> {
  if (path.startsWith("kagzi schedule")) {
    await client.schedules.create("nightly", { workflow: hello, cron: "0 3 * * *", input: { name: "Ada" } });
  }
  if (/^kagzi apikey (list|revoke)/u.test(path)) await client.apiKeys.create({ name: "ops", role: "client" });
  if (path === "kagzi event list") await client.send("approved", { by: "Ada" });
  const needsRuns = /^kagzi (run (?!start)|limit|open|workflow limits)/u.test(path);
  if (!needsRuns) return;
  const waits = await client.start(order, undefined);
  await reaches(waits, "waiting");
  const fails = await client.start(report, undefined);
  await reaches(fails, "failed");
  const done = await client.start(hello, { name: "Ada" });
  await done.result({ timeout: "20s" });
  if (path === "kagzi run resume" || path === "kagzi run terminate") await waits.pause();
  if (path === "kagzi run list") await client.start("hello", { name: "Bob" });
}

// So that the test cannot pass because nothing is ever refused.
it("an example that cannot be run is found", async () => {
  expect(await command(["run", "lst"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Did you mean list"),
  });
});
