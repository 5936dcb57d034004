import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type ApiKey as WireKey, ApiKeyRole as WireRole } from "@kagzi/proto";
import { call } from "../calls.ts";
import type { Connection } from "../connection.ts";
import type { Duration } from "../duration-grammar.ts";
import { durationMs } from "../duration.ts";
import { KagziError } from "../error.ts";
import { checkText } from "../names.ts";
import type { Runtime } from "../runtime.ts";

/**
 * What a key is for: to look (`read-only`); to start runs, send events and do something to runs and schedules (`client`);
 * to execute runs and start others (`worker`); or everything (`admin`).
 */
export type ApiKeyRole = "read-only" | "client" | "worker" | "admin";

/** A key, as servers know it. The key itself is known to its owner alone. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: ApiKeyRole;
  /** Absent: it is good for all namespaces. */
  readonly namespace?: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  /** To the minute, about. */
  readonly lastUsedAt?: Date;
}

/** What a new key is to be. */
export interface NewApiKey {
  /** For people. */
  readonly name: string;
  readonly role: ApiKeyRole;
  /** Which namespace it is good for; `allNamespaces: true` instead for all of them. Default: the client's. */
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  /** Default: it is good until it is revoked. */
  readonly expiresIn?: Duration;
}

/** Which of the keys. */
export interface ApiKeyFilter {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
}

/** The keys of a server's callers. */
export class ApiKeysClient {
  readonly #connection: Connection;
  readonly #runtime: Runtime;
  readonly #namespace: string;

  constructor(connection: Connection, runtime: Runtime, namespace: string) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#namespace = namespace;
  }

  /** Makes a key. `key` is in this answer, and nowhere else, ever. @throws KagziError `INVALID_ARGUMENT`, `NOT_FOUND`, `UNAUTHORIZED` */
  async create(wanted: NewApiKey): Promise<ApiKey & { readonly key: string }> {
    const { allNamespaces = false, expiresIn, name, role } = wanted;
    const request = {
      name: checkText("the name of a key", name),
      role: wireRole(role),
      ...this.#where(wanted),
      allNamespaces,
      ...(expiresIn !== undefined && { expiresInMs: BigInt(durationMs(expiresIn, "expiresIn")) }),
    };
    // Made once: nobody would know the key that a first try made.
    const answer = await call({ runtime: this.#runtime, patienceMs: 0 }, (options) =>
      this.#connection.apiKeys.createApiKey(request, options),
    );
    return { ...toApiKey(answer.apiKey), key: answer.key };
  }

  /** The newest first, also those that are not good any more. */
  async *list(filter: ApiKeyFilter = {}): AsyncIterable<ApiKey> {
    const { allNamespaces = false } = filter;
    for (let pageToken: string | undefined = ""; pageToken !== undefined;) {
      const request = { ...this.#where(filter), allNamespaces, page: { pageToken } };
      const answer: Awaited<ReturnType<Connection["apiKeys"]["listApiKeys"]>> = await call(
        { runtime: this.#runtime },
        (options) => this.#connection.apiKeys.listApiKeys(request, options),
      );
      yield* answer.apiKeys.map(toApiKey);
      pageToken = answer.page?.hasMore === true ? answer.page.nextPageToken : undefined;
    }
  }

  /** Ends a key for ever; servers notice within seconds. @throws KagziError `NOT_FOUND` */
  async revoke(id: string): Promise<ApiKey> {
    const answer = await call({ runtime: this.#runtime }, (options) =>
      this.#connection.apiKeys.revokeApiKey({ keyId: id }, options),
    );
    return toApiKey(answer.apiKey);
  }

  #where({ allNamespaces = false, namespace = this.#namespace }: ApiKeyFilter): { readonly namespaceId: string } {
    return { namespaceId: allNamespaces ? "" : namespace };
  }
}

const ROLES: Readonly<Record<ApiKeyRole, WireRole>> = {
  "read-only": WireRole.READ_ONLY,
  client: WireRole.CLIENT,
  worker: WireRole.WORKER,
  admin: WireRole.ADMIN,
};

function wireRole(role: ApiKeyRole): WireRole {
  if (Object.hasOwn(ROLES, role)) return ROLES[role];
  const known = Object.keys(ROLES).join(", ");
  throw new KagziError("INVALID_ARGUMENT", `${JSON.stringify(role)} is no role of a key: take ${known}`);
}

function toApiKey(key: WireKey | undefined): ApiKey {
  const role = Object.entries(ROLES).find(([, wire]) => wire === key?.role)?.[0] as ApiKeyRole | undefined;
  if (key?.createdAt === undefined || role === undefined) {
    throw new KagziError("INTERNAL", "the server's answer holds no key");
  }
  const { createdAt, expiresAt, keyId, lastUsedAt, name, namespaceId, revokedAt } = key;
  return {
    id: keyId,
    name,
    role,
    ...(namespaceId !== "" && { namespace: namespaceId }),
    createdAt: timestampDate(createdAt),
    ...(expiresAt !== undefined && { expiresAt: timestampDate(expiresAt) }),
    ...(revokedAt !== undefined && { revokedAt: timestampDate(revokedAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: timestampDate(lastUsedAt) }),
  };
}
