import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findWorkflowFiles } from "./find-files.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kagzi-files-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), "");
  }
}

async function found(...paths: readonly string[]) {
  const { files, missing } = await findWorkflowFiles(paths, folder);
  return { files: files.map((file) => relative(folder, file)), missing };
}

describe("findWorkflowFiles", () => {
  it("finds code in folders, and leaves out tests, declarations, packages and what is hidden", async () => {
    await write(
      "w/a.ts",
      "w/deep/b.mjs",
      "w/c.test.ts",
      "w/d.spec.js",
      "w/e.d.ts",
      "w/node_modules/f.js",
      "w/.g/h.ts",
      "w/i.json",
    );
    expect(await found("w")).toEqual({ files: ["w/a.ts", "w/deep/b.mjs"], missing: [] });
  });

  it("takes a file that is named, whatever its name, and none twice", async () => {
    await write("w/a.test.ts", "w/b.ts");
    expect(await found("w/a.test.ts", "w/b.ts", "w")).toEqual({ files: ["w/a.test.ts", "w/b.ts"], missing: [] });
  });

  it("tells what is not there", async () => {
    await write("a.ts");
    expect(await found("a.ts", "b.ts")).toEqual({ files: ["a.ts"], missing: ["b.ts"] });
  });

  it("looks in the first of the usual places that is there", async () => {
    expect(await found()).toEqual({ files: [], missing: [] });
    await write("workflows.ts");
    expect((await found()).files).toEqual(["workflows.ts"]);
    await write("src/workflows/a.ts");
    expect((await found()).files).toEqual(["src/workflows/a.ts"]);
    await write("workflows/a.ts");
    expect((await found()).files).toEqual(["workflows/a.ts"]);
  });
});
