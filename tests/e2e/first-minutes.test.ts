import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "./session.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** No registry is asked for anything. */
const OFFLINE = { npm_config_offline: "true", npm_config_update_notifier: "false" };

/** What is published: its name, and its folder. */
interface Package {
  readonly name: string;
  readonly path: string;
}

let packages: readonly Package[];
let folder: string;
const sessions: Session[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kagzi-first-"));
  packages = await published();
  const words = packages.flatMap(({ path }) => ["-w", path]);
  await run("npm", ["pack", "--silent", "--pack-destination", folder, ...words], { cwd: ROOT, env: env() });
}, 120_000);

afterAll(async () => {
  for (const session of sessions) await session.kill();
  await rm(folder, { recursive: true, force: true });
});

async function published(): Promise<readonly Package[]> {
  const inPackages = (await readdir(join(ROOT, "packages"))).map((name) => `packages/${name}`);
  const all = ["sdks/typescript", ...inPackages].map(async (path) => {
    const text = await readFile(join(ROOT, path, "package.json"), "utf8");
    return { path, ...(JSON.parse(text) as { readonly name: string; readonly private?: boolean }) };
  });
  return (await Promise.all(all)).filter((each) => each.private !== true);
}

function env(): NodeJS.ProcessEnv {
  return { ...process.env, ...OFFLINE };
}

/** Puts the packages into a folder as npm would, and beside them what they depend on, as this repository has it. */
async function install(modules: string): Promise<void> {
  await mkdir(join(modules, "@kagzi"), { recursive: true });
  await mkdir(join(modules, ".bin"));
  for (const { name } of packages) {
    const target = join(modules, name);
    await mkdir(target);
    const file = `${name.replace("@", "").replace("/", "-")}-0.1.0.tgz`;
    await run("tar", ["xzf", join(folder, file), "-C", target, "--strip-components", "1"]);
  }
  const ours = new Set(["kagzi", "@kagzi", "create-kagzi"]);
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".") && !ours.has(name)) await symlink(join(ROOT, "node_modules", name), join(modules, name));
  }
  await symlink("../@kagzi/cli/bin/kagzi.js", join(modules, ".bin/kagzi"));
  await symlink(join(ROOT, "node_modules/.bin/tsc"), join(modules, ".bin/tsc"));
}

/** How long each part took, for whoever reads the output. */
function stopwatch(): (what: string) => void {
  let last = performance.now();
  return (what) => {
    const now = performance.now();
    process.stdout.write(`first minutes: ${what} in ${((now - last) / 1000).toFixed(1)} s\n`);
    last = now;
  };
}

/** The three commands of the README, without what is said of them. */
async function commands(): Promise<readonly string[]> {
  const readme = await readFile(`${ROOT}README.md`, "utf8");
  const block = /## The first minutes\n[^]*?```sh\n([^]*?)```/u.exec(readme)?.[1] ?? "";
  return block
    .trim()
    .split("\n")
    .map((line) => line.replace(/ +# .*/u, ""));
}

it("the README's three commands make a run, from nothing but what is published", async () => {
  const [creating = "", developing = "", starting = "", ...more] = await commands();
  expect(more).toEqual([]);
  const lap = stopwatch();
  await install(join(folder, "node_modules"));
  const create = join(folder, "node_modules/create-kagzi/bin/create-kagzi.js");
  const home = join(folder, "home");
  await mkdir(home);
  // What is published is at hand, and not in the registry.
  const creates = creating.replace("npm create kagzi@latest", `node ${create}`);
  expect(creates).not.toBe(creating);
  const created = await run("sh", ["-c", `${creates} --no-install`], { cwd: home, env: env() });
  expect(created.stdout).toMatch(/cd my-app\n {2}npm install\n {2}npx kagzi dev\n[^]*npx kagzi run start hello /u);
  lap("created a project");
  const app = join(home, "my-app");
  expect((await readdir(app)).sort()).toEqual(
    [".gitignore", "README.md", "package.json", "start.ts", "tests", "tsconfig.json", "workflows"].sort(),
  );
  await rm(join(folder, "node_modules"), { recursive: true });
  await install(join(app, "node_modules"));
  lap("installed it");

  const dev = new Session(["sh", "-c", `${developing} --port 0`], { cwd: home, env: OFFLINE });
  sessions.push(dev);
  const [, url = ""] = await dev.sees(/dashboard +(http:\S+)\//u);
  await dev.sees(/hello@1 +workflows\/hello\.ts/u);
  lap("started the server, its database and the worker");
  const inApp = { cwd: app, env: { ...env(), KAGZI_URL: url } };
  const first = await run("sh", ["-c", starting], inApp);
  expect(first.stdout).toBe('{"text":"Hello Ada"}\n');
  lap("started a run, and had its result");
  const [runId = ""] = /[0-9a-f]{8}-[0-9a-f-]{27}/u.exec(first.stderr) ?? [];
  expect(await get(url, runId)).toMatchObject({ workflow: { runId, status: "WORKFLOW_STATUS_COMPLETED" } });
  await dev.sees(new RegExp(`✓ completed +hello +${runId}`, "u"));

  const file = join(app, "workflows/hello.ts");
  await writeFile(file, (await readFile(file, "utf8")).replace("Hello $", "Good morning $"));
  await dev.sees(/reloaded/u);
  lap("changed the workflow");
  const second = await run("npm", ["start", "--silent", "Grace"], inApp);
  expect(second.stdout).toMatch(/^run \S+\n\{ text: 'Good morning Grace' \}\n$/u);
  lap("started a run of the new code");

  dev.interrupt();
  await dev.ended();
  // No process of the whole group is left.
  expect(() => process.kill(-dev.pid, 0)).toThrow("ESRCH");
  await writeFile(file, (await readFile(file, "utf8")).replace("Good morning $", "Hello $"));
  await run("npm", ["test"], { cwd: app, env: env() });
  await run("npm", ["run", "typecheck"], { cwd: app, env: env() });
  lap("stopped, and ran the project's own tests");
}, 180_000);

it("the package kagzi alone says where the command line is", async () => {
  const only = join(folder, "only");
  await mkdir(only);
  await run("tar", ["xzf", join(folder, "kagzi-0.1.0.tgz"), "-C", only, "--strip-components", "1"]);
  const failed: unknown = await run(process.execPath, ["bin/kagzi.js", "dev"], { cwd: only }).catch(
    (error: unknown) => error,
  );
  expect(failed).toMatchObject({
    code: 2,
    stderr: "kagzi: the command line is a package of its own: npm i -D @kagzi/cli\n",
  });
  const found = await run(process.execPath, [join(only, "bin/kagzi.js"), "--version"], { cwd: ROOT });
  expect(found.stdout).toBe("0.1.0\n");
});

/** A run, as the API shows it to any program that speaks HTTP. */
async function get(url: string, runId: string): Promise<unknown> {
  const answer = await fetch(`${url}/kagzi.v1.WorkflowService/GetWorkflow`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ namespaceId: "default", runId }),
  });
  return answer.json();
}
