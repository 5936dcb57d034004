import { LOCAL, type NamespaceId, type NewApiKey, auditEntry } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import type { Fixture } from "./harness.ts";

const A = "a" as NamespaceId;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function describeSecurity(fixture: () => Fixture): void {
  const entryOf = (subjectId: string, namespaceId?: NamespaceId) =>
    auditEntry(LOCAL, {
      entryId: fixture().newId(),
      action: "apikey.create",
      subject: "apikey",
      subjectId,
      ...(namespaceId !== undefined && { namespaceId }),
    });
  const newKey = (n: number, change: Partial<NewApiKey> = {}): NewApiKey => ({
    keyId: n.toString(16).padStart(16, "0"),
    name: "ключ",
    role: "client",
    hash: `${n}`.padStart(64, "0"),
    ...change,
  });
  const make = async (n: number, change: Partial<NewApiKey> = {}) => {
    const key = newKey(n, change);
    const made = await fixture().store.apiKeys.create(key, entryOf(key.keyId, key.namespaceId));
    expect(made).toMatchObject({ became: "created" });
    return key;
  };
  const audited = async (namespaceId?: NamespaceId) =>
    fixture().store.audit.list(namespaceId === undefined ? {} : { namespaceId }, { limit: 100 });

  describe("keys", () => {
    it("are kept with all that is known of them, and are found with the time to judge them by", async () => {
      const f = fixture();
      await f.store.namespaces.create(A, "");
      const { expiresInMs, ...key } = await make(1, { namespaceId: A, role: "worker", expiresInMs: DAY_MS });
      f.clock.now += 5;
      const kept = { ...key, createdAt: f.clock.now - 5, expiresAt: f.clock.now - 5 + (expiresInMs ?? 0) };
      expect(await f.store.apiKeys.find(key.keyId)).toEqual({ key: kept, now: f.clock.now });
      const plain = await make(2);
      expect((await f.store.apiKeys.find(plain.keyId))?.key).toEqual({ ...plain, createdAt: f.clock.now });
      expect(await f.store.apiKeys.find(newKey(3).keyId)).toBeUndefined();
    });

    it("are made once, however often it is tried, and noted once", async () => {
      const f = fixture();
      const key = newKey(1);
      const entry = entryOf(key.keyId);
      const first = await f.store.apiKeys.create(key, entry);
      expect(await f.store.apiKeys.create(key, entry)).toEqual(first);
      const other = { ...key, hash: "f".repeat(64) };
      expect(await f.store.apiKeys.create(other, entryOf(key.keyId))).toEqual({
        became: "refused",
        because: "idTaken",
      });
      expect(await audited()).toHaveLength(1);
    });

    it("are not made for a namespace that is not there, and nothing is noted", async () => {
      const f = fixture();
      const key = newKey(1, { namespaceId: A });
      const refused = { became: "refused", because: "noNamespace" };
      expect(await f.store.apiKeys.create(key, entryOf(key.keyId))).toEqual(refused);
      expect(await audited()).toEqual([]);
    });

    it("are revoked once, and that is noted once", async () => {
      const f = fixture();
      const { keyId } = await make(1);
      f.clock.now += 10;
      const revokedAt = f.clock.now;
      expect(await f.store.apiKeys.revoke(keyId, entryOf(keyId))).toMatchObject({ keyId, revokedAt });
      f.clock.now += 10;
      expect(await f.store.apiKeys.revoke(keyId, entryOf(keyId))).toMatchObject({ revokedAt });
      expect((await f.store.apiKeys.find(keyId))?.key.revokedAt).toBe(revokedAt);
      expect(await f.store.apiKeys.revoke(newKey(2).keyId, entryOf("none"))).toBeUndefined();
      expect(await audited()).toHaveLength(2);
    });

    it("are listed the newest first, page by page, all of them or those of a namespace", async () => {
      const f = fixture();
      await f.store.namespaces.create(A, "");
      for (let n = 1; n <= 5; n++) await make(n, n % 2 === 0 ? { namespaceId: A } : {});
      const idsOf = (keys: readonly { readonly keyId: string }[]) => keys.map(({ keyId }) => Number(`0x${keyId}`));
      const first = await f.store.apiKeys.list({}, { limit: 3 });
      expect(idsOf(first)).toEqual([5, 4, 3]);
      const before = first.at(-1)?.keyId ?? "";
      expect(idsOf(await f.store.apiKeys.list({}, { limit: 3, before }))).toEqual([2, 1]);
      expect(idsOf(await f.store.apiKeys.list({ namespaceId: A }, { limit: 1 }))).toEqual([4]);
      expect(idsOf(await f.store.apiKeys.list({ namespaceId: A }, { limit: 9, before }))).toEqual([2]);
    });

    it("say when they were last used, written once a minute at most", async () => {
      const f = fixture();
      const [one, two] = [await make(1), await make(2)];
      const usedAt = async () => (await f.store.apiKeys.find(one.keyId))?.key.lastUsedAt;
      const begun = f.clock.now;
      await f.store.apiKeys.used([two.keyId, one.keyId, "unknown"]);
      expect(await usedAt()).toBe(begun);
      f.clock.now += MINUTE_MS - 1;
      await f.store.apiKeys.used([one.keyId]);
      expect(await usedAt()).toBe(begun);
      f.clock.now += 1;
      await f.store.apiKeys.used([one.keyId]);
      expect(await usedAt()).toBe(begun + MINUTE_MS);
      expect((await f.store.apiKeys.find(two.keyId))?.key.lastUsedAt).toBe(begun);
    });
  });

  describe("the audit log", () => {
    it("has what was done, the newest first, page by page, in all or of a namespace", async () => {
      const f = fixture();
      const entries = [entryOf("1"), entryOf("2", A), entryOf("3"), entryOf("4", A)];
      for (const entry of entries) await f.store.audit.add(entry);
      await f.store.audit.add({ ...entryOf("5"), entryId: entries[0]?.entryId ?? "" });
      const kept = entries.map((entry) => ({ ...entry, at: f.clock.now })).toReversed();
      expect(await audited()).toEqual(kept);
      expect(await audited(A)).toEqual([kept[0], kept[2]]);
      const first = await f.store.audit.list({}, { limit: 2 });
      const before = first.at(-1)?.entryId ?? "";
      expect([...first, ...(await f.store.audit.list({}, { limit: 2, before }))]).toEqual(kept);
      expect(await f.store.audit.list({ namespaceId: A }, { limit: 2, before })).toEqual([kept[2]]);
    });

    it("forgets what is old, so many entries at once", async () => {
      const f = fixture();
      for (let n = 1; n <= 3; n++) await f.store.audit.add(entryOf(`old ${n}`));
      f.clock.now += DAY_MS;
      await f.store.audit.add(entryOf("new"));
      f.clock.now += 1;
      expect(await f.store.audit.expire(DAY_MS, 2)).toBe(2);
      expect(await f.store.audit.expire(DAY_MS, 2)).toBe(1);
      expect(await f.store.audit.expire(DAY_MS, 2)).toBe(0);
      expect(await audited()).toMatchObject([{ subjectId: "new" }]);
    });
  });
}
