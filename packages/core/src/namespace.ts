import type { NamespaceId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** The isolation boundary: ids and names are unique within one, and nothing crosses. */
export interface Namespace {
  readonly namespaceId: NamespaceId;
  readonly description: string;
  /** While false nothing new starts; what runs goes on to its end. */
  readonly enabled: boolean;
  /** How long runs are kept after their end; 0: for ever. Absent: as long as the server says. */
  readonly retentionMs?: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** What of a namespace is to change. */
export interface NamespaceChange {
  readonly description?: string;
  readonly enabled?: boolean;
  /** `null`: as long as the server says. */
  readonly retentionMs?: number | null;
}
