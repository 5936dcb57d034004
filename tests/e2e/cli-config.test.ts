import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@kagzi/test-support";
import { Client } from "kagzi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Outcome, type World, command } from "./cli.ts";
import { ENGINES } from "./engines.ts";
import { useEngine } from "./fixture.ts";
import { execFileSync } from "node:child_process";

const [, open] = ENGINES.find(([name]) => name === "a server on SQLite") ?? expect.fail("no server");

let folder: string;
let world: World & { readonly home: string; readonly cwd: string };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kagzi-config-"));
  const cwd = join(folder, "project", "src");
  mkdirSync(cwd, { recursive: true });
  world = { home: join(folder, "home"), cwd };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function kagzi(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return command(words, { ...world, env });
}

/** What is set, and where it comes from. */
async function shown(words: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { code, stderr, stdout } = await kagzi(["config", "show", "-o", "json", ...words], env);
  expect([code, stderr]).toEqual([0, ""]);
  const rows = JSON.parse(stdout) as { readonly name: string; readonly value: string; readonly source: string }[];
  return Object.fromEntries(rows.map(({ name, source, value }) => [name, [value, source]]));
}

describe("kagzi config", () => {
  it("keeps profiles in a file that only its user reads", async () => {
    await kagzi(["config", "set", "url", "http://one:1"]);
    await kagzi(["config", "set", "api-key", "kagzi_0123456789abcdef"]);
    const { stdout } = await kagzi(["config", "set", "namespace", "staging", "--profile", "two"]);
    const path = join(world.home, ".config", "kagzi", "config.json");
    expect(stdout).toBe(`set namespace of profile two to staging in ${path}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      current: "default",
      profiles: { default: { url: "http://one:1", apiKey: "kagzi_0123456789abcdef" }, two: { namespace: "staging" } },
    });
    // A key is never shown whole.
    expect(await shown()).toMatchObject({ "api-key": ["kagzi_01…", "profile default"] });
    await kagzi(["config", "use", "two"]);
    expect(await shown()).toMatchObject({
      namespace: ["staging", "profile two"],
      profile: ["two", "kagzi config use"],
    });
    await kagzi(["config", "set", "namespace"]);
    expect(await shown()).toMatchObject({ namespace: ["default", "the default"] });
    expect(await kagzi(["config", "use", "tow"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("is it two?"),
    });
  });

  it("goes below XDG_CONFIG_HOME", async () => {
    const home = join(folder, "xdg");
    await kagzi(["config", "set", "url", "http://one:1"], { XDG_CONFIG_HOME: home });
    expect(readFileSync(join(home, "kagzi", "config.json"), "utf8")).toContain("http://one:1");
  });

  it("takes a flag, then a variable, then the project, then the profile, then the default", async () => {
    expect(await shown()).toMatchObject({ url: ["http://localhost:50051", "the default"] });
    await kagzi(["config", "set", "url", "http://user:1"]);
    expect(await shown()).toMatchObject({ url: ["http://user:1", "profile default"] });
    const file = join(folder, "project", "kagzi.json");
    writeFileSync(file, JSON.stringify({ url: "http://project:1" }));
    expect(await shown()).toMatchObject({ url: ["http://project:1", file] });
    const env = { KAGZI_URL: "http://env:1" };
    expect(await shown([], env)).toMatchObject({ url: ["http://env:1", "KAGZI_URL"] });
    expect((await kagzi(["open", "--url", "http://flag:1", "-o", "id"], env)).stdout).toBe(
      "http://flag:1/default/runs\n",
    );
    // A profile that a flag names is a flag.
    expect(await shown(["--profile", "default"], env)).toMatchObject({ url: ["http://user:1", "profile default"] });
    writeFileSync(file, JSON.stringify({ profile: "nobody" }));
    expect(await kagzi(["config", "show"])).toMatchObject({ code: 3, stderr: expect.stringContaining(file) });
  });

  it.each([
    ['{"ulr": "http://a:1"}', '"ulr" is not known: is it url?'],
    ['{"apiKey": "secret"}', '"apiKey" is not known'],
    ['{"url": 5}', "url must be a text"],
    ["[]", "it holds no object"],
    ["{", "JSON"],
  ])("refuses a project file that is %s", async (text, message) => {
    writeFileSync(join(world.cwd, "kagzi.json"), text);
    const { code, stderr } = await kagzi(["config", "show"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).toContain(join(world.cwd, "kagzi.json"));
  });
});

describe("kagzi doctor", () => {
  const f = useEngine(open);

  async function findings(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { code, stdout } = await kagzi(["doctor", "-o", "json", ...words], env);
    const all = JSON.parse(stdout) as { readonly name: string; readonly grade: string; readonly next?: string }[];
    for (const { grade, next } of all) expect(grade === "good").toBe(next === undefined);
    return { code, found: Object.fromEntries(all.map((each) => [each.name, each])) };
  }

  it("finds nothing wrong where nothing is", async () => {
    const url = "url" in f.engine.at ? f.engine.at.url : "";
    const { code, found } = await findings(["--url", url, "--db", "sqlite::memory:"]);
    expect(code).toBe(0);
    const grades = Object.fromEntries(Object.entries(found).map(([name, { grade }]) => [name, grade]));
    expect(grades).toMatchObject({ node: "good", address: "good", port: "good", server: "good", clock: "good" });
    expect(grades).toMatchObject({ access: "good", database: "good", schema: "doubtful", tls: "good" });
  });

  it("says what is wrong, what to do, and by its exit code what was wrong first", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const gone = await findings(["--url", url], { KAGZI_NAMESPCE: "x" });
    expect(gone).toMatchObject({ code: 6, found: { address: { grade: "wrong" } } });
    expect(gone.found["variables"]).toMatchObject({ grade: "doubtful", next: "is it KAGZI_NAMESPACE?" });
    expect(await findings(["--url", "http://nowhere.invalid:1"])).toMatchObject({ code: 6 });
    const there = "url" in f.engine.at ? f.engine.at.url : "";
    const noNamespace = await findings(["--url", there, "-n", "nowhere"]);
    expect(noNamespace).toMatchObject({
      code: 3,
      found: { namespace: { next: expect.stringContaining("create nowhere") } },
    });
    expect(await findings(["--url", there, "--db", "sqlite:./missing.db"])).toMatchObject({ code: 3 });
    expect(
      await findings(["--url", there, "--db", `postgres://nobody@127.0.0.1:${await freePort()}/none`]),
    ).toMatchObject({
      code: 6,
      found: { server: { grade: "good" }, database: { grade: "wrong" } },
    });
    writeFileSync(join(world.cwd, "kagzi.json"), "{");
    expect(await findings([])).toMatchObject({ code: 2, found: { config: { grade: "wrong" } } });
  });

  it("finds that the server is no Kagzi server, or speaks no TLS", async () => {
    const there = "url" in f.engine.at ? f.engine.at.url : "";
    const { code, found } = await findings(["--url", there.replace("http:", "https:")]);
    expect(code).toBe(6);
    expect(found["tls"]).toMatchObject({ grade: "wrong" });
  });

  it("shows it to people line by line", async () => {
    const url = "url" in f.engine.at ? f.engine.at.url : "";
    const { stdout } = await command(["doctor", "--url", url], { ...world, columns: 80, env: { NO_COLOR: "1" } });
    expect(stdout).toMatch(/^✓ node +20|^✓ node +2\d/mu);
    expect(stdout).toMatch(/^! workers +none is online\n +→ start one/mu);
  });
});

describe("kagzi completion", () => {
  const f = useEngine(open);

  async function completed(...words: readonly string[]): Promise<readonly string[]> {
    const url = "url" in f.engine.at ? f.engine.at.url : "";
    const { code, stderr, stdout } = await kagzi(["__complete", "--", ...words], { KAGZI_URL: url });
    expect([code, stderr]).toEqual([0, ""]);
    return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0] ?? ""]));
  }

  it("knows commands, options and their values", async () => {
    expect(await completed("ru")).toEqual(["run"]);
    expect(await completed("run", "re")).toEqual(["result", "resume", "retry", "rerun"]);
    expect(await completed("run", "list", "--st")).toEqual(["--status"]);
    expect(await completed("run", "list", "--status", "f")).toEqual(["failed"]);
    expect(await completed("run", "list", "-o", "js")).toEqual(["json", "jsonl"]);
    expect(await completed("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await completed("config", "set", "")).toEqual(["url", "namespace", "api-key"]);
  });

  it("asks the server for names and ids", async () => {
    const { id } = await f.client.start("hello");
    await f.client.schedules.create("nightly", { workflow: "hello", cron: "@daily" });
    await f.client.namespaces.create("team-a");
    expect(await completed("run", "show", "")).toEqual(["latest", id]);
    expect(await completed("run", "cancel", id, id.slice(0, 20))).toEqual([id]);
    expect(await completed("schedule", "pause", "n")).toEqual(["nightly"]);
    expect(await completed("run", "list", "-n", "t")).toEqual(["team-a"]);
    expect(await completed("namespace", "disable", "t")).toEqual(["team-a"]);
    expect(await completed("run", "show", "-n", "team-a", "0")).toEqual([]);
    await using client = new Client({ ...f.engine.at, namespace: "team-a" });
    const there = await client.start("hello");
    expect(await completed("run", "show", "-n", "team-a", "0")).toEqual([there.id]);
  });

  it("says nothing where there is no server", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await kagzi(["__complete", "--", "run", "show", ""], { KAGZI_URL: url })).toMatchObject({
      code: 0,
      stdout: "",
    });
  });

  it("is a script that bash can read and use", async () => {
    const { stdout } = await kagzi(["completion", "bash"]);
    const test = `kagzi() { printf 'list\\tshows\\nlatest\\tx y\\n'; }
${stdout}
COMP_WORDS=(kagzi run l); COMP_CWORD=2; _kagzi; printf '%s|' "\${COMPREPLY[@]}"`;
    expect(execFileSync("bash", ["-c", test], { encoding: "utf8" })).toBe("list|latest|");
  });
});
