import { type NamespaceId, type WorkerStore, checkName, highestVersion, notFound } from "@kagzi/core";
import type { Env } from "./env.ts";

/** How long the versions of a workflow are taken from memory: a new version is found at the latest after that. */
const FRESH_MS = 2000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly version: Promise<string>;
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

  /** The version that was set for new runs, else the highest that a worker has ever registered; `1` if none has. */
  async version(namespaceId: NamespaceId, workflowType: string): Promise<string> {
    const key = `${namespaceId}\0${workflowType}`;
    const known = this.#entries.get(key);
    const now = this.#env.now();
    if (known !== undefined && now - known.at < FRESH_MS) return known.version;
    const version = this.#workers
      .versions(namespaceId, workflowType)
      .then(({ pinned, registered }) => pinned ?? highestVersion(registered) ?? "1");
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    this.#entries.set(key, { version, at: now });
    version.catch(() => this.#entries.delete(key));
    return version;
  }

  /**
   * Says which version new runs take; without one the highest. Other servers know within seconds.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for a version that no worker has ever registered
   */
  async setDefault(namespaceId: NamespaceId, workflowType: string, version: string | undefined): Promise<void> {
    if (version !== undefined) {
      const { registered } = await this.#workers.versions(namespaceId, workflowType);
      if (!registered.includes(checkName("a version", version))) {
        const known = registered.length === 0 ? "none" : registered.join(", ");
        throw notFound(
          "version",
          `${workflowType}@${version}`,
          `workers have registered ${known}; start one that has it`,
        );
      }
    }
    await this.#workers.setDefaultVersion(namespaceId, workflowType, version);
    this.forget(namespaceId, [workflowType]);
  }

  /** A worker registered these: they count at once on this server. */
  forget(namespaceId: NamespaceId, workflowTypes: Iterable<string>): void {
    for (const workflowType of workflowTypes) this.#entries.delete(`${namespaceId}\0${workflowType}`);
  }
}
