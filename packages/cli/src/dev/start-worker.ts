import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "kagzi";
import { type FoundWorkflow, loadWorkflows } from "./load-workflows.ts";

/** What a worker from files is told. */
export interface FileWorkerSettings {
  /** Files and folders; empty: the usual places. */
  readonly paths: readonly string[];
  readonly url?: string;
  readonly token?: string;
  readonly namespace?: string;
  readonly concurrency?: number;
  readonly shutdownTimeout?: number;
}

/** A worker, not yet started, and what it executes. */
export interface FileWorker {
  readonly worker: Worker;
  readonly workflows: readonly FoundWorkflow[];
}

/**
 * Makes a worker of the workflows that files export. It is the worker of the package `kagzi` that the project has.
 * @throws KagziError as {@link loadWorkflows} does; `INVALID_ARGUMENT` for settings that make no sense
 */
export async function fileWorker({ paths, ...options }: FileWorkerSettings): Promise<FileWorker> {
  const workflows = await loadWorkflows(paths, process.cwd());
  const Made = await workerOfProject(process.cwd());
  return { worker: new Made({ ...options, workflows: workflows.map(({ workflow }) => workflow) }), workflows };
}

/** The code of the workflows and their worker are to be of one version. */
async function workerOfProject(folder: string): Promise<new (options: WorkerOptions) => Worker> {
  let path;
  try {
    path = createRequire(join(folder, "package.json")).resolve("kagzi");
  } catch {
    return Worker;
  }
  const found = (await import(pathToFileURL(path).href)) as { readonly Worker: typeof Worker };
  return found.Worker;
}
