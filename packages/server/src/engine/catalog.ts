import {
  type NamespaceId,
  type Store,
  type WorkflowLimits,
  checkName,
  effectiveLimits,
  highestVersion,
  notFound,
} from "@kagzi/core";
import type { Env } from "./env.ts";

/** How long what is known of a workflow is taken from memory: what is new is found at the latest after that. */
const FRESH_MS = 2000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly version: Promise<string>;
  readonly limits: Promise<WorkflowLimits | undefined>;
  readonly at: number;
}

/** What new runs of a workflow have to know: which version they take, and how they are held back. */
export class Catalog {
  readonly #store: Pick<Store, "workers" | "limits">;
  readonly #env: Env;
  readonly #entries = new Map<string, Entry>();

  constructor(store: Pick<Store, "workers" | "limits">, env: Env) {
    this.#store = store;
    this.#env = env;
  }

  /** The version that was set for new runs, else the highest that a worker has ever registered; `1` if none has. */
  version(namespaceId: NamespaceId, workflowType: string): Promise<string> {
    return this.#entry(namespaceId, workflowType).version;
  }

  /** The limits of a workflow, if it has any. */
  limits(namespaceId: NamespaceId, workflowType: string): Promise<WorkflowLimits | undefined> {
    return this.#entry(namespaceId, workflowType).limits;
  }

  #entry(namespaceId: NamespaceId, workflowType: string): Entry {
    const key = `${namespaceId}\0${workflowType}`;
    const known = this.#entries.get(key);
    const now = this.#env.now();
    if (known !== undefined && now - known.at < FRESH_MS) return known;
    const { limits, workers } = this.#store;
    const entry = {
      at: now,
      version: workers
        .versions(namespaceId, workflowType)
        .then(({ pinned, registered }) => pinned ?? highestVersion(registered) ?? "1"),
      limits: limits.get(namespaceId, [workflowType]).then(([found]) => found && effectiveLimits(found)),
    };
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    this.#entries.set(key, entry);
    const forget = () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    entry.version.catch(forget);
    entry.limits.catch(forget);
    return entry;
  }

  /**
   * Says which version new runs take; without one the highest. Other servers know within seconds.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for a version that no worker has ever registered
   */
  async setDefault(namespaceId: NamespaceId, workflowType: string, version: string | undefined): Promise<void> {
    if (version !== undefined) {
      const { registered } = await this.#store.workers.versions(namespaceId, workflowType);
      if (!registered.includes(checkName("a version", version))) {
        const known = registered.length === 0 ? "none" : registered.join(", ");
        throw notFound(
          "version",
          `${workflowType}@${version}`,
          `workers have registered ${known}; start one that has it`,
        );
      }
    }
    await this.#store.workers.setDefaultVersion(namespaceId, workflowType, version);
    this.forget(namespaceId, [workflowType]);
  }

  /** A worker registered these: they count at once on this server. */
  forget(namespaceId: NamespaceId, workflowTypes: Iterable<string>): void {
    for (const workflowType of workflowTypes) this.#entries.delete(`${namespaceId}\0${workflowType}`);
  }
}
