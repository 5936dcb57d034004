import { expect, it } from "vitest";
import type { NamespaceId } from "./ids.ts";
import { toApiKey, toAuditEntry } from "./security-rows.ts";

const key = { key_id: "k", name: "ci", role: "client", hash: "h", created_at: 1 } as const;
const none = { namespace_id: null, expires_at: null, revoked_at: null, last_used_at: null };
const entry = {
  entry_id: "e",
  recorded_at: 1,
  actor: "k",
  actor_name: "ci",
  action: "a",
  subject: "s",
  subject_id: "i",
};

it("a key has what its row has", () => {
  const least = { keyId: "k", name: "ci", role: "client", hash: "h", createdAt: 1 };
  expect(toApiKey({ ...key, ...none })).toEqual(least);
  const namespaceId = "a" as NamespaceId;
  expect(toApiKey({ ...key, namespace_id: namespaceId, expires_at: 2, revoked_at: 3, last_used_at: 4 })).toEqual({
    ...least,
    namespaceId,
    expiresAt: 2,
    revokedAt: 3,
    lastUsedAt: 4,
  });
});

it("an entry of the audit log has what its row has", () => {
  const least = { entryId: "e", at: 1, actor: "k", actorName: "ci", action: "a", subject: "s", subjectId: "i" };
  expect(toAuditEntry({ ...entry, outcome: "done", namespace_id: null })).toEqual({ ...least, outcome: "done" });
  const namespaceId = "a" as NamespaceId;
  const failed = { ...entry, outcome: "NOT_FOUND", namespace_id: namespaceId } as const;
  expect(toAuditEntry(failed)).toEqual({ ...least, outcome: "NOT_FOUND", namespaceId });
});
