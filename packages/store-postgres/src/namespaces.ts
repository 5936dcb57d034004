import type { Namespace, NamespaceChange, NamespaceId } from "@kagzi/core";
import { type NamespaceRow, toNamespace } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { CLOCK, statement } from "./sql.ts";

/** Adds a namespace; `undefined` if it exists already. */
export async function createNamespace(
  database: Database,
  namespaceId: NamespaceId,
  description: string,
): Promise<Namespace | undefined> {
  const [row] = await database.run<NamespaceRow>(
    statement(
      "namespaces_create",
      `WITH ${CLOCK}
       INSERT INTO ${database.schema}.namespaces SELECT $2, $3, true, now, now FROM clock
       ON CONFLICT DO NOTHING RETURNING *`,
    ),
    [database.now(), namespaceId, description],
  );
  return row && toNamespace(row);
}

export async function getNamespace(database: Database, namespaceId: NamespaceId): Promise<Namespace | undefined> {
  const [row] = await database.run<NamespaceRow>(
    statement("namespaces_get", `SELECT * FROM ${database.schema}.namespaces WHERE namespace_id = $1`),
    [namespaceId],
  );
  return row && toNamespace(row);
}

/** Namespaces by name. */
export async function listNamespaces(
  database: Database,
  page: { readonly after?: NamespaceId; readonly limit: number },
): Promise<readonly Namespace[]> {
  const rows = await database.run<NamespaceRow>(
    statement(
      "namespaces_list",
      `SELECT * FROM ${database.schema}.namespaces WHERE namespace_id > $1 ORDER BY namespace_id LIMIT $2`,
    ),
    [page.after ?? "", page.limit],
  );
  return rows.map(toNamespace);
}

/** Changes what is given; `undefined` if there is no such namespace. */
export async function updateNamespace(
  database: Database,
  namespaceId: NamespaceId,
  change: NamespaceChange,
): Promise<Namespace | undefined> {
  const [row] = await database.run<NamespaceRow>(
    statement(
      "namespaces_update",
      `WITH ${CLOCK}
       UPDATE ${database.schema}.namespaces
       SET description = coalesce($3, description), enabled = coalesce($4, enabled),
         retention_ms = CASE WHEN $5::boolean THEN $6::bigint ELSE retention_ms END, updated_at = now
       FROM clock WHERE namespace_id = $2 RETURNING namespaces.*`,
    ),
    [
      database.now(),
      namespaceId,
      change.description ?? null,
      change.enabled ?? null,
      change.retentionMs !== undefined,
      change.retentionMs ?? null,
    ],
  );
  return row && toNamespace(row);
}
