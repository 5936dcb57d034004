import type { ApiKey, NewApiKey } from "./api-key.ts";
import type { AuditEntry, NewAuditEntry } from "./audit.ts";
import type { NamespaceId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** What became of a new key. */
export type ApiKeyCreation =
  | { readonly became: "created"; readonly key: ApiKey }
  /** Nothing was kept, and nothing was noted. */
  | { readonly became: "refused"; readonly because: "noNamespace" | "idTaken" };

export interface ApiKeyStore {
  /** Keeps a key, and the note of it, in one go. */
  create(key: NewApiKey, entry: NewAuditEntry): Promise<ApiKeyCreation>;
  /** A key as it is, good or not, and the time to judge it by. */
  find(keyId: string): Promise<{ readonly key: ApiKey; readonly now: Instant } | undefined>;
  /** The newest first; with a namespace, those that are good for it alone. */
  list(
    filter: { readonly namespaceId?: NamespaceId },
    page: { readonly before?: string; readonly limit: number },
  ): Promise<readonly ApiKey[]>;
  /** Ends a key and notes it, in one go; one that was revoked stays as it is. `undefined` if there is none. */
  revoke(keyId: string, entry: NewAuditEntry): Promise<ApiKey | undefined>;
  /** Keys were used just now. A key's time is written once a minute at most. */
  used(keyIds: readonly string[]): Promise<void>;
}

/** What was done by hand. Entries are added, and never changed. */
export interface AuditStore {
  add(entry: NewAuditEntry): Promise<void>;
  /** The newest first; with a namespace, of that one alone. */
  list(
    filter: { readonly namespaceId?: NamespaceId },
    page: { readonly before?: string; readonly limit: number },
  ): Promise<readonly AuditEntry[]>;
  /** Deletes entries that are older, at most `limit`, the oldest first. Answers with how many. */
  expire(olderThanMs: number, limit: number): Promise<number>;
}
