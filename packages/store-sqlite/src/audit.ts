import type { AuditEntry, NamespaceId, NewAuditEntry } from "@kagzi/core";
import { type AuditRow, toAuditEntry } from "@kagzi/core/rows";
import type { Database } from "./database.ts";

/** Adds an entry; one that is there already, by a try whose answer was lost, stays. */
export function addAuditEntry(database: Database, entry: NewAuditEntry): void {
  const { action, actor, actorName, entryId, namespaceId, outcome, subject, subjectId } = entry;
  database.change("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", [
    entryId,
    database.now(),
    actor,
    actorName,
    action,
    subject,
    subjectId,
    namespaceId ?? null,
    outcome,
  ]);
}

/** Greater than any id. */
const LAST = "~";

/** Entries, the newest first. */
export function listAudit(
  database: Database,
  { namespaceId }: { readonly namespaceId?: NamespaceId },
  { before = LAST, limit }: { readonly before?: string; readonly limit: number },
): readonly AuditEntry[] {
  const rows =
    namespaceId === undefined
      ? database.all<AuditRow>("SELECT * FROM audit_log WHERE entry_id < ? ORDER BY entry_id DESC LIMIT ?", [
          before,
          limit,
        ])
      : database.all<AuditRow>(
          "SELECT * FROM audit_log WHERE namespace_id = ? AND entry_id < ? ORDER BY entry_id DESC LIMIT ?",
          [namespaceId, before, limit],
        );
  return rows.map(toAuditEntry);
}

/** Deletes entries that are older, the oldest first. Answers with how many. */
export function expireAudit(database: Database, olderThanMs: number, limit: number): number {
  return database.change(
    `DELETE FROM audit_log WHERE entry_id IN (
       SELECT entry_id FROM audit_log WHERE recorded_at < ? ORDER BY recorded_at LIMIT ?)`,
    [database.now() - olderThanMs, limit],
  );
}
