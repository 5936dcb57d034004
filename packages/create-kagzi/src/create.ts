import { mkdir, readFile, readdir, stat, cp, rename, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const TEMPLATE = fileURLToPath(new URL("../template", import.meta.url));
/** The name in the template's files. */
const NAME = "my-app";

/** What keeps a project from being made: for people to read. */
export class CannotCreate extends Error {
  override readonly name = "CannotCreate";
}

/**
 * Makes a project in a folder, which is new, or empty but for a `.git`. Nothing is ever overwritten.
 * @throws CannotCreate if there is something in the folder, or no package can have its name
 */
export async function createProject(path: string): Promise<{ readonly folder: string; readonly name: string }> {
  const folder = resolve(path);
  const name = packageName(basename(folder));
  await checkEmpty(folder);
  await mkdir(folder, { recursive: true });
  await cp(TEMPLATE, folder, { recursive: true, errorOnExist: true, force: false });
  // Under its own name npm would leave it out of the package.
  await rename(join(folder, "gitignore"), join(folder, ".gitignore"));
  for (const file of ["package.json", "README.md"]) await giveName(join(folder, file), name);
  return { folder, name };
}

/** A name that npm takes, made of the folder's. @throws CannotCreate if nothing is left of it */
export function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/gu, "-")
    .replace(/^[._-]+|-+$/gu, "")
    .slice(0, 214);
  if (name !== "") return name;
  throw new CannotCreate(`${JSON.stringify(folder)} gives no name for a package: use letters a to z and digits`);
}

async function checkEmpty(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isDirectory()) throw new CannotCreate(`${folder} is a file: give another name`);
  const inside = (await readdir(folder)).filter((name) => name !== ".git");
  if (inside.length === 0) return;
  throw new CannotCreate(
    `${folder} is not empty (${inside.slice(0, 3).join(", ")}${inside.length > 3 ? ", …" : ""}), and nothing is ` +
      "overwritten: give the name of a new folder. In a project that you have: npm i kagzi && npm i -D @kagzi/cli",
  );
}

async function giveName(file: string, name: string): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(NAME, name));
}
