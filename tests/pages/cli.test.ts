import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createProgram } from "@kagzi/cli/program";
import { reference } from "@kagzi/cli/reference";
import { KNOWN_VARIABLES } from "@kagzi/cli/variables";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);

const sink = { write: () => true };
const program = createProgram({
  env: {},
  cwd: "/",
  home: "/",
  stdin: { async *[Symbol.asyncIterator]() {} },
  stdout: sink,
  stderr: sink,
  now: () => 0,
  interruption: () => new AbortController().signal,
  exit: () => {},
});

describe("docs/reference/cli.md", () => {
  it("is what the commands say of themselves: npm run cli:reference", async () => {
    const page = new URL("docs/reference/cli.md", root);
    const options = { ...(await resolveConfig(fileURLToPath(page))), parser: "markdown" };
    expect(await readFile(page, "utf8")).toBe(await format(reference(program), options));
  });

  it("names every command", () => {
    const page = reference(program);
    for (const command of program.commands.filter((each) => !each.name().startsWith("__"))) {
      expect(page).toContain(`## kagzi ${command.name()}`);
    }
  });
});

describe("the variables that kagzi doctor knows", () => {
  it("are all that the code reads", async () => {
    const read = new Set<string>();
    for (const folder of await sources()) {
      for (const text of await textsIn(folder)) {
        for (const [, name] of text.matchAll(/\benv(?:\.|\[")(KAGZI_[A-Z_]+)/gu)) read.add(name ?? "");
        for (const [, name] of text.matchAll(/"(KAGZI_[A-Z_]+)"/gu)) read.add(name ?? "");
      }
    }
    expect([...read].filter((name) => !KNOWN_VARIABLES.includes(name))).toEqual([]);
    expect(KNOWN_VARIABLES.filter((name) => !read.has(name))).toEqual([]);
  });
});

async function sources(): Promise<readonly URL[]> {
  const packages = await readdir(new URL("packages/", root));
  return [...packages.map((name) => new URL(`packages/${name}/src/`, root)), new URL("sdks/typescript/src/", root)];
}

async function textsIn(folder: URL): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true });
  const shown = files.filter(
    (file) => /\.tsx?$/u.test(file) && !file.includes(".test.") && !file.endsWith("known-variables.ts"),
  );
  return Promise.all(shown.map((file) => readFile(new URL(file, folder), "utf8")));
}
