import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Where workflows are looked for if nothing is said: the first of these that is there. */
export const USUAL_PLACES = ["workflows", "src/workflows", "workflows.ts", "src/workflows.ts", "workflows.js"] as const;

const CODE = /\.(ts|mts|js|mjs)$/u;
const NOT_WORKFLOWS = /\.d\.m?ts$|[._-](test|spec)\.m?[jt]s$/u;

/** The files that may export workflows. */
export interface WorkflowFiles {
  /** Absolute and in order; none twice. */
  readonly files: readonly string[];
  /** What was given and is not there. */
  readonly missing: readonly string[];
}

/** The files that paths name: themselves, and what is in folders, but for tests, declarations, packages and hidden things. */
export async function findWorkflowFiles(paths: readonly string[], folder: string): Promise<WorkflowFiles> {
  const given = paths.length > 0 ? paths : await usualPlace(folder);
  const found = await Promise.all(given.map((path) => filesIn(resolve(folder, path))));
  return {
    files: [...new Set(found.flatMap((files) => files ?? []))].sort(),
    missing: given.filter((_, index) => found[index] === undefined),
  };
}

/** Whether a name is one of a file with code. */
export function isCode(name: string): boolean {
  return CODE.test(name);
}

async function usualPlace(folder: string): Promise<readonly string[]> {
  for (const place of USUAL_PLACES) {
    if ((await filesIn(resolve(folder, place))) !== undefined) return [place];
  }
  return [];
}

/** `undefined` if there is nothing of this name. */
async function filesIn(path: string): Promise<readonly string[] | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return [path];
  // A folder may go away while it is read.
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const nested = entries
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .map(async (entry) => {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) return (await filesIn(inside)) ?? [];
      return isCode(entry.name) && !NOT_WORKFLOWS.test(entry.name) ? [inside] : [];
    });
  return (await Promise.all(nested)).flat();
}
