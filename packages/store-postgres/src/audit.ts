import type { AuditEntry, NamespaceId, NewAuditEntry } from "@kagzi/core";
import { type AuditRow, toAuditEntry } from "@kagzi/core/rows";
import type { Database, Runner } from "./database.ts";
import { CLOCK, span, statement } from "./sql.ts";

/** Adds an entry; one that is there already, by a try whose answer was lost, stays. */
export async function addAuditEntry(runner: Runner, database: Database, entry: NewAuditEntry): Promise<void> {
  const { action, actor, actorName, entryId, namespaceId, outcome, subject, subjectId } = entry;
  await runner.run(
    statement(
      "audit_add",
      `WITH ${CLOCK}
       INSERT INTO ${database.schema}.audit_log SELECT $2, now, $3, $4, $5, $6, $7, $8, $9 FROM clock
       ON CONFLICT DO NOTHING`,
    ),
    [database.now(), entryId, actor, actorName, action, subject, subjectId, namespaceId ?? null, outcome],
  );
}

/** Greater than any id. */
const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Entries, the newest first. */
export async function listAudit(
  database: Database,
  { namespaceId }: { readonly namespaceId?: NamespaceId },
  { before = LAST, limit }: { readonly before?: string; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  const from = `SELECT * FROM ${database.schema}.audit_log`;
  const [wanted, values] =
    namespaceId === undefined
      ? [statement("audit_list", `${from} WHERE entry_id < $1 ORDER BY entry_id DESC LIMIT $2`), [before, limit]]
      : [
          statement(
            "audit_list_of_namespace",
            `${from} WHERE namespace_id = $3 AND entry_id < $1 ORDER BY entry_id DESC LIMIT $2`,
          ),
          [before, limit, namespaceId],
        ];
  const rows = await database.run<AuditRow & Record<string, unknown>>(wanted, values);
  return rows.map(toAuditEntry);
}

/** Deletes entries that are older, the oldest first. Answers with how many. */
export async function expireAudit(database: Database, olderThanMs: number, limit: number): Promise<number> {
  const { schema } = database;
  const rows = await database.run(
    statement(
      "audit_expire",
      `WITH ${CLOCK},
       old AS MATERIALIZED (
         SELECT entry_id FROM ${schema}.audit_log
         WHERE recorded_at < (SELECT now FROM clock) - ${span("$2::bigint")}
         ORDER BY recorded_at LIMIT $3 FOR UPDATE SKIP LOCKED
       )
       DELETE FROM ${schema}.audit_log a USING old o WHERE a.entry_id = o.entry_id RETURNING a.entry_id`,
    ),
    [database.now(), olderThanMs, limit],
  );
  return rows.length;
}
