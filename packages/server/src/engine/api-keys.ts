import { createHash, randomBytes } from "node:crypto";
import {
  type ApiKey,
  KagziError,
  type NamespaceId,
  type NewApiKey,
  type Principal,
  type Role,
  type Store,
  auditEntry,
  checkInteger,
  checkKeyId,
  checkName,
  formatApiKey,
  notFound,
} from "@kagzi/core";
import type { Env } from "./env.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";
import { noNamespace } from "./starts.ts";

const SECRET_BYTES = 32;
const SHORTEST_LIFE_MS = 60_000;
const LONGEST_LIFE_MS = 10 * 365 * 86_400_000;
/** Two servers may come to the same id in the same millisecond; not time after time. */
const TRIES = 5;

/** What a new key is to be. */
export interface KeyRequest {
  readonly name: string;
  readonly role: Role;
  /** Absent: it is good for all namespaces. */
  readonly namespaceId?: NamespaceId;
  /** Absent: it is good until it is revoked. */
  readonly expiresInMs?: number;
}

/** A key that was just made, and the text that its owner keeps. */
export interface CreatedKey {
  readonly apiKey: ApiKey;
  readonly key: string;
}

/** Keys: made, looked at, revoked. Each change is noted in the audit log in the same transaction. */
export class ApiKeys {
  readonly #store: Store;
  readonly #env: Env;

  constructor({ env, store }: { readonly store: Store; readonly env: Env }) {
    this.#store = store;
    this.#env = env;
  }

  /** @throws KagziError `INVALID_ARGUMENT`, `NOT_FOUND` (the namespace) */
  async create(request: KeyRequest, by: Principal): Promise<CreatedKey> {
    const { expiresInMs } = request;
    checkName("the name of a key", request.name);
    if (expiresInMs !== undefined) checkInteger("expires_in_ms", expiresInMs, SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
    const secret = randomBytes(SECRET_BYTES).toString("hex");
    for (let tries = 1; ; tries++) {
      const wanted = { ...request, keyId: this.#newId(), hash: hashOf(secret) };
      const made = await this.#store.apiKeys.create(wanted, this.#entry(by, "apikey.create", wanted));
      if (made.became === "created") {
        return { apiKey: made.key, key: formatApiKey({ keyId: wanted.keyId, secret }) };
      }
      if (made.because === "noNamespace" && request.namespaceId !== undefined) throw noNamespace(request.namespaceId);
      if (tries === TRIES) throw new KagziError("UNAVAILABLE", "no id was free for the key: try again");
    }
  }

  /** The newest first. */
  async list(filter: { readonly namespaceId?: NamespaceId }, page: PageRequest): Promise<Page<ApiKey>> {
    const limit = pageSize(page);
    const before = page.token === "" ? {} : { before: checkKeyId(page.token) };
    const found = await this.#store.apiKeys.list(filter, { limit: limit + 1, ...before });
    return pageOf(found, limit, ({ keyId }) => keyId);
  }

  /** Ends a key for ever. Whoever has one namespace knows no keys but those of it. @throws KagziError `NOT_FOUND` */
  async revoke(id: string, by: Principal): Promise<ApiKey> {
    const keyId = checkKeyId(id);
    const found = await this.#store.apiKeys.find(keyId);
    const isForeign = by.namespaceId !== undefined && found?.key.namespaceId !== by.namespaceId;
    if (found === undefined || isForeign) throw notFound("apikey", keyId);
    return (await this.#store.apiKeys.revoke(keyId, this.#entry(by, "apikey.revoke", found.key))) ?? found.key;
  }

  /** The first 64 bits of a UUIDv7: keys sort by when they were made. */
  #newId(): string {
    return this.#env.newUuid().replaceAll("-", "").slice(0, 16);
  }

  #entry(by: Principal, action: string, { keyId, namespaceId }: Pick<NewApiKey, "keyId" | "namespaceId">) {
    const of = namespaceId === undefined ? {} : { namespaceId };
    return auditEntry(by, { entryId: this.#env.newUuid(), action, subject: "apikey", subjectId: keyId, ...of });
  }
}

/**
 * What is kept of a secret. A hash that is slow on purpose makes guessing passwords expensive; nobody guesses 256 random
 * bits, and each call would pay for it.
 */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
