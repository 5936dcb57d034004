import type { ApiKey, ApiKeyCreation, Instant, NamespaceId, NewApiKey, NewAuditEntry } from "@kagzi/core";
import { type ApiKeyRow, toApiKey } from "@kagzi/core/rows";
import { addAuditEntry } from "./audit.ts";
import type { Database, Runner } from "./database.ts";
import { CLOCK, span, statement } from "./sql.ts";

/** Keeps a key, and the note of it. One that is kept already, by a try whose answer was lost, is there. */
export async function createApiKey(database: Database, key: NewApiKey, entry: NewAuditEntry): Promise<ApiKeyCreation> {
  return database.transaction(async (runner) => {
    const [row] = await insertKey(runner, database, key);
    if (row !== undefined) {
      await addAuditEntry(runner, database, entry);
      return { became: "created", key: toApiKey(row) };
    }
    const [found] = await findRows(runner, database, key.keyId);
    if (found === undefined) return { became: "refused", because: "noNamespace" };
    if (found.hash === key.hash) return { became: "created", key: toApiKey(found) };
    return { became: "refused", because: "idTaken" };
  });
}

function insertKey(runner: Runner, database: Database, key: NewApiKey): Promise<readonly ApiKeyRow[]> {
  const { schema } = database;
  return runner.run<ApiKeyRow & Record<string, unknown>>(
    statement(
      "api_keys_create",
      `WITH ${CLOCK}
       INSERT INTO ${schema}.api_keys
       SELECT $2, $3, $4, $5, $6, now, now + ${span("$7::bigint")}, NULL, NULL FROM clock
       WHERE $5::text IS NULL OR EXISTS (SELECT FROM ${schema}.namespaces WHERE namespace_id = $5)
       ON CONFLICT DO NOTHING RETURNING *`,
    ),
    [database.now(), key.keyId, key.name, key.role, key.namespaceId ?? null, key.hash, key.expiresInMs ?? null],
  );
}

type FoundRow = ApiKeyRow & { readonly now: Instant };

function findRows(runner: Runner, database: Database, keyId: string): Promise<readonly FoundRow[]> {
  const text = `WITH ${CLOCK} SELECT k.*, now FROM ${database.schema}.api_keys k, clock WHERE key_id = $2`;
  const values = [database.now(), keyId];
  return runner.run<FoundRow & Record<string, unknown>>(statement("api_keys_find", text), values);
}

/** A key as it is, and the time to judge it by. */
export async function findApiKey(
  database: Database,
  keyId: string,
): Promise<{ readonly key: ApiKey; readonly now: Instant } | undefined> {
  const [row] = await findRows(database, database, keyId);
  return row && { key: toApiKey(row), now: row.now };
}

/** Greater than any id. */
const LAST = "~";

/** Keys, the newest first. */
export async function listApiKeys(
  database: Database,
  { namespaceId }: { readonly namespaceId?: NamespaceId },
  { before = LAST, limit }: { readonly before?: string; readonly limit: number },
): Promise<readonly ApiKey[]> {
  const from = `SELECT * FROM ${database.schema}.api_keys`;
  const [wanted, values] =
    namespaceId === undefined
      ? [statement("api_keys_list", `${from} WHERE key_id < $1 ORDER BY key_id DESC LIMIT $2`), [before, limit]]
      : [
          statement(
            "api_keys_list_of_namespace",
            `${from} WHERE namespace_id = $3 AND key_id < $1 ORDER BY key_id DESC LIMIT $2`,
          ),
          [before, limit, namespaceId],
        ];
  const rows = await database.run<ApiKeyRow & Record<string, unknown>>(wanted, values);
  return rows.map(toApiKey);
}

/** Ends a key and notes it; one that was revoked stays as it is. */
export async function revokeApiKey(
  database: Database,
  keyId: string,
  entry: NewAuditEntry,
): Promise<ApiKey | undefined> {
  return database.transaction(async (runner) => {
    const [row] = await runner.run<ApiKeyRow & Record<string, unknown>>(
      statement(
        "api_keys_revoke",
        `WITH ${CLOCK}
         UPDATE ${database.schema}.api_keys SET revoked_at = now
         FROM clock WHERE key_id = $2 AND revoked_at IS NULL RETURNING api_keys.*`,
      ),
      [database.now(), keyId],
    );
    if (row !== undefined) await addAuditEntry(runner, database, entry);
    const [found] = row === undefined ? await findRows(runner, database, keyId) : [row];
    return found && toApiKey(found);
  });
}

/** Keys were used just now; those of which that is known to the minute are left alone, as are those that another server writes. */
export async function usedApiKeys(database: Database, keyIds: readonly string[]): Promise<void> {
  const { schema } = database;
  await database.run(
    statement(
      "api_keys_used",
      `WITH ${CLOCK},
       used AS MATERIALIZED (
         SELECT key_id FROM ${schema}.api_keys
         WHERE key_id = ANY ($2::text[])
           AND (last_used_at IS NULL OR last_used_at <= (SELECT now FROM clock) - interval '1 minute')
         ORDER BY key_id FOR NO KEY UPDATE SKIP LOCKED
       )
       UPDATE ${schema}.api_keys k SET last_used_at = now FROM clock, used u WHERE k.key_id = u.key_id`,
    ),
    [database.now(), keyIds],
  );
}
