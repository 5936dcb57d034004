import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { KagziError } from "@kagzi/core";
import type { Workflow } from "kagzi";
import { USUAL_PLACES, findWorkflowFiles } from "./find-files.ts";

/** A workflow, and the file that exports it. */
export interface FoundWorkflow {
  readonly file: string;
  readonly workflow: Workflow<unknown, unknown>;
}

/**
 * Imports the files that paths name, relative to a folder, and gives the workflows that they export: each one for itself or in lists.
 * @throws KagziError `NOT_FOUND` if there are none, `INVALID_ARGUMENT` if two have one name and version; whatever the files throw
 */
export async function loadWorkflows(paths: readonly string[], folder: string): Promise<readonly FoundWorkflow[]> {
  const { files, missing } = await findWorkflowFiles(paths, folder);
  if (missing.length > 0) {
    throw new KagziError(
      "NOT_FOUND",
      `there is no file or folder ${missing.map((path) => JSON.stringify(path)).join(", ")}`,
    );
  }
  const found = new Map<unknown, FoundWorkflow>();
  for (const path of files) {
    const exported = Object.values(await importFile(path, relative(folder, path)));
    for (const workflow of exported.flat().filter(isWorkflow)) {
      // A file may export what another one does: that is one workflow.
      if (!found.has(workflow)) found.set(workflow, { file: relative(folder, path), workflow });
    }
  }
  const workflows = [...found.values()];
  if (workflows.length === 0) throw noneFound(paths, files.length);
  checkNames(workflows);
  return workflows;
}

/** Where Node does not say which file it could not read, this does. */
async function importFile(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError) || !(error.stack ?? "").startsWith(`SyntaxError: ${error.message}\n    at `))
      throw error;
    // The compiler names the place.
    if (/:\d+:\d+: /u.test(error.message)) throw error;
    throw new SyntaxError(`${error.message} (in ${file} or in what it imports)`, { cause: error });
  }
}

function isWorkflow(value: unknown): value is Workflow<unknown, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const { name, on, run, schedules, version } = value as Readonly<Record<string, unknown>>;
  return (
    typeof name === "string" &&
    typeof version === "string" &&
    typeof run === "function" &&
    Array.isArray(on) &&
    Array.isArray(schedules)
  );
}

function checkNames(found: readonly FoundWorkflow[]): void {
  const files = new Map<string, string>();
  for (const { file, workflow } of found) {
    const key = `${workflow.name}@${workflow.version}`;
    const first = files.get(key);
    if (first !== undefined) {
      const where = first === file ? `defined twice in ${file}` : `in ${first} and in ${file}`;
      throw new KagziError("INVALID_ARGUMENT", `workflow ${key} is ${where}: rename one, or give it another version`);
    }
    files.set(key, file);
  }
}

const EXAMPLE = `
  import { workflow } from "kagzi";

  export const hello = workflow("hello", async (ctx, input: { name: string }) => {
    return ctx.step("greet", () => \`Hello \${input.name}\`);
  });
`;

function noneFound(paths: readonly string[], files: number): KagziError {
  const looked = paths.length > 0 ? paths.join(", ") : USUAL_PLACES.join(", ");
  const where = files === 0 ? `there are no files in ${looked}` : `${files} file(s) of ${looked} export none`;
  return new KagziError(
    "NOT_FOUND",
    `no workflows: ${where}. Export one, for example in workflows/hello.ts:\n${EXAMPLE}`,
  );
}
