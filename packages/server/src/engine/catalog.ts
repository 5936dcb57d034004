import { type NamespaceId, type WorkerStore, highestVersion } from "@kagzi/core";
import type { Env } from "./env.ts";

/** How long the versions of a workflow are taken from memory: a new version is found at the latest after that. */
const FRESH_MS = 2000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly highest: Promise<string>;
  readonly at: number;
}

/** Which version of a workflow a new run takes. */
export class Catalog {
  readonly #workers: WorkerStore;
  readonly #env: Env;
  readonly #entries = new Map<string, Entry>();

  constructor(workers: WorkerStore, env: Env) {
    this.#workers = workers;
    this.#env = env;
  }

  /** The highest version that a worker has ever registered; `1` if none has. */
  async version(namespaceId: NamespaceId, workflowType: string): Promise<string> {
    const key = `${namespaceId}\0${workflowType}`;
    const known = this.#entries.get(key);
    const now = this.#env.now();
    if (known !== undefined && now - known.at < FRESH_MS) return known.highest;
    const highest = this.#workers
      .versions(namespaceId, workflowType)
      .then((versions) => highestVersion(versions) ?? "1");
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    this.#entries.set(key, { highest, at: now });
    highest.catch(() => this.#entries.delete(key));
    return highest;
  }

  /** A worker registered these: they count at once on this server. */
  forget(namespaceId: NamespaceId, workflowTypes: Iterable<string>): void {
    for (const workflowType of workflowTypes) this.#entries.delete(`${namespaceId}\0${workflowType}`);
  }
}
