import { describe, expect, it } from "vitest";
import {
  type ApiKey,
  LOCAL,
  ROLES,
  checkKeyId,
  checkRole,
  formatApiKey,
  mayDo,
  parseApiKey,
  principalOf,
  rolesWith,
  whyInvalid,
} from "./api-key.ts";
import { auditEntry } from "./audit.ts";
import type { NamespaceId } from "./ids.ts";

const keyId = "0123456789abcdef";
const secret = "f".repeat(64);
const key: ApiKey = { keyId, name: "ci", role: "client", hash: "00", createdAt: 5 };

describe("a role", () => {
  it("has the rights that it is for, and an admin all", () => {
    expect(rolesWith("read")).toEqual(ROLES);
    expect(rolesWith("start")).toEqual(["client", "worker", "admin"]);
    expect(rolesWith("use")).toEqual(["client", "admin"]);
    expect(rolesWith("work")).toEqual(["worker", "admin"]);
    expect(rolesWith("admin")).toEqual(["admin"]);
    expect(mayDo("read-only", "use")).toBe(false);
  });

  it("is one of four", () => {
    expect(ROLES.map(checkRole)).toEqual(ROLES);
    expect(() => checkRole("root")).toThrow('"root" is no role: take read-only, client, worker, admin');
  });
});

describe("a key", () => {
  it("is read as it was written", () => {
    const text = formatApiKey({ keyId, secret });
    expect(text).toBe(`kagzi_${keyId}_${secret}`);
    expect(parseApiKey(text)).toEqual({ keyId, secret });
  });

  it.each([
    "",
    "kagzi_",
    `kagzi_${keyId}_`,
    `kagzi_${keyId}_${secret}0`,
    ` kagzi_${keyId}_${secret}`,
    `x_${keyId}_${secret}`,
  ])("is none: %j", (text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });

  it("is good until it is revoked, or its time is over", () => {
    expect(whyInvalid(key, 10)).toBeUndefined();
    expect(whyInvalid({ ...key, expiresAt: 11 }, 10)).toBeUndefined();
    expect(whyInvalid({ ...key, expiresAt: 10 }, 10)).toBe("expired");
    expect(whyInvalid({ ...key, expiresAt: 10, revokedAt: 7 }, 10)).toBe("revoked");
  });

  it("has an id that is not repeated where it is none: it may be the whole key", () => {
    expect(checkKeyId(keyId)).toBe(keyId);
    const whole = formatApiKey({ keyId, secret });
    expect(() => checkKeyId(whole)).toThrow(/^(?!.*ffff).*16 hexadecimal digits/);
  });

  it("says who its owner is", () => {
    expect(principalOf(key)).toEqual({ actor: keyId, name: "ci", role: "client" });
    const namespaceId = "a" as NamespaceId;
    expect(principalOf({ ...key, namespaceId })).toEqual({ actor: keyId, name: "ci", role: "client", namespaceId });
  });
});

describe("an entry of the audit log", () => {
  it("says who did what, and that it is done unless it says otherwise", () => {
    const what = { entryId: "e", action: "run.cancel", subject: "run", subjectId: "r" };
    expect(auditEntry(LOCAL, what)).toEqual({ ...what, actor: "local", actorName: "local", outcome: "done" });
    expect(auditEntry(LOCAL, { ...what, outcome: "NOT_FOUND" })).toMatchObject({ outcome: "NOT_FOUND" });
  });
});
