import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CannotCreate, createProject, packageName } from "./create.ts";
import { packageManagerOf } from "./package-manager.ts";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("../bin/create-kagzi.js", import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "create-kagzi-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** What the program writes, and its exit code. Its standard input is no terminal. */
async function create(...words: readonly string[]) {
  try {
    return { ...(await run(process.execPath, [PROGRAM, ...words], { cwd: folder })), code: 0 };
  } catch (error) {
    return error as { readonly code: number; readonly stdout: string; readonly stderr: string };
  }
}

async function json(...path: readonly string[]): Promise<Record<string, Record<string, string>>> {
  return JSON.parse(await readFile(join(...path), "utf8")) as Record<string, Record<string, string>>;
}

describe("createProject", () => {
  it("names the project after its folder", async () => {
    const made = await createProject(join(folder, "My Shop"));
    expect(made).toEqual({ folder: join(folder, "My Shop"), name: "my-shop" });
    expect(await json(made.folder, "package.json")).toMatchObject({ name: "my-shop" });
    expect(await readFile(join(made.folder, "README.md"), "utf8")).toMatch(/^# my-shop\n/u);
    expect(await readFile(join(made.folder, ".gitignore"), "utf8")).toContain("node_modules/\n");
  });

  it("takes a folder with nothing but a repository in it", async () => {
    await mkdir(join(folder, ".git"));
    await createProject(folder);
    expect(await readdir(folder)).toContain("workflows");
  });

  it("overwrites nothing", async () => {
    await writeFile(join(folder, "notes.txt"), "mine");
    await expect(createProject(folder)).rejects.toThrow(/is not empty \(notes\.txt\), and nothing is overwritten/u);
    await expect(createProject(join(folder, "notes.txt"))).rejects.toThrow(/is a file: give another name/u);
    expect(await readdir(folder)).toEqual(["notes.txt"]);
  });

  it("asks for the packages that it was released with", async () => {
    const template = await json(fileURLToPath(new URL("../template/package.json", import.meta.url)));
    const ours = { ...template["dependencies"], ...template["devDependencies"] };
    for (const [name, path] of [
      ["kagzi", "sdks/typescript"],
      ["@kagzi/cli", "packages/cli"],
      ["@kagzi/testing", "packages/testing"],
    ] as const) {
      const { version } = await json(fileURLToPath(new URL(`../../../${path}/package.json`, import.meta.url)));
      expect(ours[name]).toBe(version);
    }
    const root = await json(fileURLToPath(new URL("../../../package.json", import.meta.url)));
    for (const name of ["typescript", "@types/node"]) expect(ours[name]).toBe(root["devDependencies"]?.[name]);
  });
});

describe("packageName", () => {
  it.each([
    ["my-app", "my-app"],
    ["My App", "my-app"],
    [".hidden", "hidden"],
    ["Größe 2", "gr-e-2"],
  ])("makes of %j %j", (given, name) => {
    expect(packageName(given)).toBe(name);
  });

  it("refuses what gives none", () => {
    expect(() => packageName("日本")).toThrow(CannotCreate);
  });
});

describe("packageManagerOf", () => {
  it.each([
    ["npm/11.0.0 node/v20.19.0 linux x64", "npm", "npx"],
    ["pnpm/10.1.0 npm/? node/v20.19.0", "pnpm", "pnpm"],
    ["yarn/4.5.0 npm/? node/v20.19.0", "yarn", "yarn"],
    ["bun/1.2.0", "bun", "bunx"],
    [undefined, "npm", "npx"],
  ])("knows of %j that it is %s", (agent, name, words) => {
    expect(packageManagerOf(agent)).toEqual({ name, run: words });
  });
});

describe("create-kagzi", () => {
  it("asks nothing where there is no terminal", async () => {
    const { code, stdout } = await create("--no-install");
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("cd my-app\n") as string });
  });

  it("shows a folder as a shell takes it", async () => {
    expect((await create("My App", "--no-install")).stdout).toContain('cd "My App"\n');
  });

  it("says how it is called", async () => {
    expect(await create("--help")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("--no-install") as string,
    });
  });

  it.each([
    [["one", "two"], "one folder, not 2"],
    [["--template", "x"], "Unknown option '--template'"],
    [["日本"], "gives no name for a package"],
  ])("refuses %j", async (words, message) => {
    const { code, stderr } = await create(...words);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) as string });
    expect(await readdir(folder)).toEqual([]);
  });
});
