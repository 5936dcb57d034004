import type { Principal } from "./api-key.ts";
import type { ErrorCode } from "./error.ts";
import type { NamespaceId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** Something that was done by hand, as it is about to be kept. */
export interface NewAuditEntry {
  /** A UUIDv7. */
  readonly entryId: string;
  /** The id of the key, or `local`. */
  readonly actor: string;
  readonly actorName: string;
  /** `run.cancel`, `namespace.disable`, `apikey.create` … */
  readonly action: string;
  /** What kind of thing it was done to: `run`, `worker`, `namespace` … */
  readonly subject: string;
  readonly subjectId: string;
  /** Absent: of none. */
  readonly namespaceId?: NamespaceId;
  /** What became of it. */
  readonly outcome: "done" | ErrorCode;
}

/** Something that was done by hand. */
export interface AuditEntry extends NewAuditEntry {
  readonly at: Instant;
}

/** An entry for what somebody does, which is done. */
export function auditEntry(
  by: Principal,
  what: Omit<NewAuditEntry, "actor" | "actorName" | "outcome"> & { readonly outcome?: NewAuditEntry["outcome"] },
): NewAuditEntry {
  return { outcome: "done", ...what, actor: by.actor, actorName: by.name };
}
