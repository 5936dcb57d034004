import type { ApiKey, ApiKeyCreation, Instant, NamespaceId, NewApiKey, NewAuditEntry } from "@kagzi/core";
import { type ApiKeyRow, toApiKey } from "@kagzi/core/rows";
import { addAuditEntry } from "./audit.ts";
import type { Database } from "./database.ts";

/** Keeps a key, and the note of it. One that is kept already, by a try whose answer was lost, is there. */
export function createApiKey(database: Database, key: NewApiKey, entry: NewAuditEntry): ApiKeyCreation {
  return database.transaction(() => {
    const [row] = insertKey(database, key);
    if (row !== undefined) {
      addAuditEntry(database, entry);
      return { became: "created", key: toApiKey(row) };
    }
    const [found] = findRows(database, key.keyId);
    if (found === undefined) return { became: "refused", because: "noNamespace" };
    if (found.hash === key.hash) return { became: "created", key: toApiKey(found) };
    return { became: "refused", because: "idTaken" };
  });
}

function insertKey(database: Database, key: NewApiKey): readonly ApiKeyRow[] {
  const now = database.now();
  return database.all<ApiKeyRow>(
    `INSERT INTO api_keys SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?6 + ?7, NULL, NULL
     WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM namespaces WHERE namespace_id = ?4)
     ON CONFLICT DO NOTHING RETURNING *`,
    [key.keyId, key.name, key.role, key.namespaceId ?? null, key.hash, now, key.expiresInMs ?? null],
  );
}

function findRows(database: Database, keyId: string): readonly ApiKeyRow[] {
  return database.all<ApiKeyRow>("SELECT * FROM api_keys WHERE key_id = ?", [keyId]);
}

/** A key as it is, and the time to judge it by. */
export function findApiKey(
  database: Database,
  keyId: string,
): { readonly key: ApiKey; readonly now: Instant } | undefined {
  const [row] = findRows(database, keyId);
  return row && { key: toApiKey(row), now: database.now() };
}

/** Greater than any id. */
const LAST = "~";

/** Keys, the newest first. */
export function listApiKeys(
  database: Database,
  { namespaceId }: { readonly namespaceId?: NamespaceId },
  { before = LAST, limit }: { readonly before?: string; readonly limit: number },
): readonly ApiKey[] {
  const rows =
    namespaceId === undefined
      ? database.all<ApiKeyRow>("SELECT * FROM api_keys WHERE key_id < ? ORDER BY key_id DESC LIMIT ?", [before, limit])
      : database.all<ApiKeyRow>(
          "SELECT * FROM api_keys WHERE namespace_id = ? AND key_id < ? ORDER BY key_id DESC LIMIT ?",
          [namespaceId, before, limit],
        );
  return rows.map(toApiKey);
}

/** Ends a key and notes it; one that was revoked stays as it is. */
export function revokeApiKey(database: Database, keyId: string, entry: NewAuditEntry): ApiKey | undefined {
  return database.transaction(() => {
    const [row] = database.all<ApiKeyRow>(
      "UPDATE api_keys SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL RETURNING *",
      [database.now(), keyId],
    );
    if (row !== undefined) addAuditEntry(database, entry);
    const [found] = row === undefined ? findRows(database, keyId) : [row];
    return found && toApiKey(found);
  });
}

const MINUTE_MS = 60_000;

/** Keys were used just now; those of which that is known to the minute are left alone. */
export function usedApiKeys(database: Database, keyIds: readonly string[]): void {
  const now = database.now();
  database.transaction(() => {
    for (const keyId of keyIds) {
      database.change(
        "UPDATE api_keys SET last_used_at = ? WHERE key_id = ? AND (last_used_at IS NULL OR last_used_at <= ?)",
        [now, keyId, now - MINUTE_MS],
      );
    }
  });
}
