import type { Namespace, NamespaceChange, NamespaceId } from "@kagzi/core";
import { type NamespaceRow, toNamespace } from "@kagzi/core/rows";
import type { Database } from "./database.ts";

/** Adds a namespace; `undefined` if it exists already. */
export function createNamespace(
  database: Database,
  namespaceId: NamespaceId,
  description: string,
): Namespace | undefined {
  const now = database.now();
  const [row] = database.all<NamespaceRow>(
    `INSERT INTO namespaces (namespace_id, description, enabled, created_at, updated_at) VALUES (?, ?, 1, ?, ?)
     ON CONFLICT DO NOTHING RETURNING *`,
    [namespaceId, description, now, now],
  );
  return row && toNamespace(row);
}

export function getNamespace(database: Database, namespaceId: NamespaceId): Namespace | undefined {
  const [row] = database.all<NamespaceRow>("SELECT * FROM namespaces WHERE namespace_id = ?", [namespaceId]);
  return row && toNamespace(row);
}

/** Namespaces by name. */
export function listNamespaces(
  database: Database,
  page: { readonly after?: NamespaceId; readonly limit: number },
): readonly Namespace[] {
  const rows = database.all<NamespaceRow>(
    "SELECT * FROM namespaces WHERE namespace_id > ? ORDER BY namespace_id LIMIT ?",
    [page.after ?? "", page.limit],
  );
  return rows.map(toNamespace);
}

/** Changes what is given; `undefined` if there is no such namespace. */
export function updateNamespace(
  database: Database,
  namespaceId: NamespaceId,
  change: NamespaceChange,
): Namespace | undefined {
  const [row] = database.all<NamespaceRow>(
    `UPDATE namespaces SET description = coalesce(?, description), enabled = coalesce(?, enabled),
       retention_ms = CASE WHEN ? THEN ? ELSE retention_ms END, updated_at = ?
     WHERE namespace_id = ? RETURNING *`,
    [
      change.description ?? null,
      change.enabled === undefined ? null : Number(change.enabled),
      Number(change.retentionMs !== undefined),
      change.retentionMs ?? null,
      database.now(),
      namespaceId,
    ],
  );
  return row && toNamespace(row);
}
