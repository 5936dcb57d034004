import type { ApiKey, Role } from "./api-key.ts";
import type { AuditEntry } from "./audit.ts";
import type { NamespaceId } from "./ids.ts";
import type { Instant } from "./time.ts";

// The rows of who may do what, and of what was done.

/** A row of `api_keys`. */
export interface ApiKeyRow {
  readonly key_id: string;
  readonly name: string;
  readonly role: Role;
  readonly namespace_id: NamespaceId | null;
  readonly hash: string;
  readonly created_at: Instant;
  readonly expires_at: Instant | null;
  readonly revoked_at: Instant | null;
  readonly last_used_at: Instant | null;
}

export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    keyId: row.key_id,
    name: row.name,
    role: row.role,
    hash: row.hash,
    createdAt: row.created_at,
    ...(row.namespace_id !== null && { namespaceId: row.namespace_id }),
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.revoked_at !== null && { revokedAt: row.revoked_at }),
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
  };
}

/** A row of `audit_log`. */
export interface AuditRow {
  readonly entry_id: string;
  readonly recorded_at: Instant;
  readonly actor: string;
  readonly actor_name: string;
  readonly action: string;
  readonly subject: string;
  readonly subject_id: string;
  readonly namespace_id: NamespaceId | null;
  readonly outcome: AuditEntry["outcome"];
}

export function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    entryId: row.entry_id,
    at: row.recorded_at,
    actor: row.actor,
    actorName: row.actor_name,
    action: row.action,
    subject: row.subject,
    subjectId: row.subject_id,
    outcome: row.outcome,
    ...(row.namespace_id !== null && { namespaceId: row.namespace_id }),
  };
}
