import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Namespace as WireNamespace } from "@kagzi/proto";
import { call } from "../calls.ts";
import type { Connection } from "../connection.ts";
import type { Duration } from "../duration-grammar.ts";
import { durationMs } from "../duration.ts";
import { KagziError } from "../error.ts";
import { checkText } from "../names.ts";
import type { Runtime } from "../runtime.ts";

/** An isolated part of an engine. */
export interface Namespace {
  readonly name: string;
  readonly description: string;
  /** While false nothing new starts in it. */
  readonly enabled: boolean;
  /** How long runs are kept after their end, in milliseconds; 0: for ever. Absent: as long as the server says. */
  readonly retentionMs?: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The namespaces of an engine. */
export class NamespacesClient {
  readonly #connection: Connection;
  readonly #runtime: Runtime;

  constructor(connection: Connection, runtime: Runtime) {
    this.#connection = connection;
    this.#runtime = runtime;
  }

  /** @throws KagziError `INVALID_ARGUMENT` for a name that none can have, `CONFLICT` for one that is taken */
  async create(name: string, options: { readonly description?: string } = {}): Promise<Namespace> {
    const request = { namespaceId: name, description: checkText("the description", options.description ?? "") };
    // Made once: a second try could not tell its own namespace from somebody else's.
    const answer = await call({ runtime: this.#runtime, patienceMs: 0 }, (callOptions) =>
      this.#connection.namespaces.createNamespace(request, callOptions),
    );
    return toNamespace(answer.namespace);
  }

  /** @throws KagziError `NOT_FOUND` */
  async get(name: string): Promise<Namespace> {
    const answer = await call({ runtime: this.#runtime }, (callOptions) =>
      this.#connection.namespaces.getNamespace({ namespaceId: name }, callOptions),
    );
    return toNamespace(answer.namespace);
  }

  /** All namespaces, by name. */
  async *list(): AsyncIterable<Namespace> {
    for (let pageToken: string | undefined = ""; pageToken !== undefined;) {
      const page: { readonly pageToken: string } = { pageToken };
      const answer = await call({ runtime: this.#runtime }, (callOptions) =>
        this.#connection.namespaces.listNamespaces({ page }, callOptions),
      );
      yield* answer.namespaces.map(toNamespace);
      pageToken = answer.page?.hasMore === true ? answer.page.nextPageToken : undefined;
    }
  }

  /**
   * `retention`: how long runs are kept after their end; `"off"`: for ever; `"server"`: as long as the server says.
   * @throws KagziError `NOT_FOUND`
   */
  async update(
    name: string,
    change: { readonly description?: string; readonly retention?: Duration },
  ): Promise<Namespace> {
    const { description, retention } = change;
    const request = {
      namespaceId: name,
      ...(description !== undefined && { description: checkText("the description", description) }),
      ...(retention !== undefined && { retention: toWireRetention(retention) }),
    };
    const answer = await call({ runtime: this.#runtime }, (callOptions) =>
      this.#connection.namespaces.updateNamespace(request, callOptions),
    );
    return toNamespace(answer.namespace);
  }

  /** @throws KagziError `NOT_FOUND` */
  async enable(name: string): Promise<Namespace> {
    const answer = await call({ runtime: this.#runtime }, (callOptions) =>
      this.#connection.namespaces.enableNamespace({ namespaceId: name }, callOptions),
    );
    return toNamespace(answer.namespace);
  }

  /** Nothing new starts in it; what runs goes on to its end. @throws KagziError `NOT_FOUND` */
  async disable(name: string): Promise<Namespace> {
    const answer = await call({ runtime: this.#runtime }, (callOptions) =>
      this.#connection.namespaces.disableNamespace({ namespaceId: name }, callOptions),
    );
    return toNamespace(answer.namespace);
  }
}

function toWireRetention(retention: Duration) {
  if (retention === "server") return { case: "serverRetention", value: true } as const;
  const ms = retention === "off" ? 0 : durationMs(retention, "the retention");
  return { case: "retentionMs", value: BigInt(ms) } as const;
}

function toNamespace(namespace: WireNamespace | undefined): Namespace {
  if (namespace?.createdAt === undefined || namespace.updatedAt === undefined) {
    throw new KagziError("INTERNAL", "the server's answer holds no namespace");
  }
  return {
    name: namespace.namespaceId,
    description: namespace.description,
    enabled: namespace.enabled,
    ...(namespace.retentionMs !== undefined && { retentionMs: Number(namespace.retentionMs) }),
    createdAt: timestampDate(namespace.createdAt),
    updatedAt: timestampDate(namespace.updatedAt),
  };
}
