import {
  KagziError,
  LONGEST_RETENTION_MS,
  type Namespace,
  type NamespaceChange,
  type NamespaceId,
  checkInteger,
  checkNamespaceId,
  checkText,
  quoteId,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";
import { noNamespace } from "./starts.ts";

/** Namespaces: made, looked at, switched on and off. */
export class Namespaces {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** @throws KagziError `INVALID_ARGUMENT` for a name that none can have, `CONFLICT` for one that is taken */
  async create(name: string, description: string): Promise<Namespace> {
    if (name === "") throw new KagziError("INVALID_ARGUMENT", "a namespace needs a name");
    const namespaceId = checkNamespaceId(name);
    const created = await this.#context.store.namespaces.create(
      namespaceId,
      checkText("the description of a namespace", description),
    );
    if (created !== undefined) return created;
    throw new KagziError("CONFLICT", `namespace ${quoteId(name)} exists already`, {
      subject: "namespace",
      subjectId: name,
    });
  }

  /** @throws KagziError `NOT_FOUND` */
  async get(namespaceId: NamespaceId): Promise<Namespace> {
    const namespace = await this.#context.store.namespaces.get(namespaceId);
    if (namespace === undefined) throw noNamespace(namespaceId);
    return namespace;
  }

  /** By name. */
  async list(page: PageRequest): Promise<Page<Namespace>> {
    const limit = pageSize(page);
    const after = page.token === "" ? {} : { after: checkNamespaceId(page.token) };
    const found = await this.#context.store.namespaces.list({ limit: limit + 1, ...after });
    return pageOf(found, limit, (namespace) => namespace.namespaceId);
  }

  /** @throws KagziError `NOT_FOUND`, `INVALID_ARGUMENT` */
  async update(namespaceId: NamespaceId, change: NamespaceChange): Promise<Namespace> {
    const { description, retentionMs } = change;
    if (typeof retentionMs === "number") checkInteger("retention_ms", retentionMs, 0, LONGEST_RETENTION_MS);
    const changed = await this.#context.store.namespaces.update(namespaceId, {
      ...change,
      ...(description !== undefined && { description: checkText("the description of a namespace", description) }),
    });
    if (changed === undefined) throw noNamespace(namespaceId);
    return changed;
  }
}
