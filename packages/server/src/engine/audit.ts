import { type AuditEntry, type NamespaceId, isUuid, KagziError } from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";

/** Entries deleted in one transaction. */
const EXPIRE_BATCH = 1000;

/** What was done by hand, the newest first. @throws KagziError `INVALID_ARGUMENT` */
export async function listAudit(
  { store }: EngineContext,
  filter: { readonly namespaceId?: NamespaceId },
  page: PageRequest,
): Promise<Page<AuditEntry>> {
  const limit = pageSize(page);
  if (page.token !== "" && !isUuid(page.token)) {
    throw new KagziError("INVALID_ARGUMENT", "page_token is not one that a list gave out");
  }
  const before = page.token === "" ? {} : { before: page.token };
  const found = await store.audit.list(filter, { limit: limit + 1, ...before });
  return pageOf(found, limit, ({ entryId }) => entryId);
}

/** Deletes entries that are older than they are kept. */
export async function expireAudit({ config, store }: EngineContext): Promise<void> {
  while ((await store.audit.expire(config.auditRetentionMs, EXPIRE_BATCH)) === EXPIRE_BATCH);
}
