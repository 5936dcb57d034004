import { KagziError } from "./error.ts";
import type { NamespaceId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** What a key is for. */
export const ROLES = ["read-only", "client", "worker", "admin"] as const;
export type Role = (typeof ROLES)[number];

/**
 * What a call takes. `read`: to look. `start`: to start runs, which the code of workflows does, too. `use`: to do something
 * to runs, events and schedules. `work`: to execute runs. `admin`: to change how a namespace works, or to remove things.
 */
export type Right = "read" | "start" | "use" | "work" | "admin";

const RIGHTS: Readonly<Record<Role, ReadonlySet<Right>>> = {
  "read-only": new Set<Right>(["read"]),
  client: new Set<Right>(["read", "start", "use"]),
  worker: new Set<Right>(["read", "start", "work"]),
  admin: new Set<Right>(["read", "start", "use", "work", "admin"]),
};

/** Whether a role has a right. */
export function mayDo(role: Role, right: Right): boolean {
  return RIGHTS[role].has(right);
}

/** The roles that have a right, for a message. */
export function rolesWith(right: Right): readonly Role[] {
  return ROLES.filter((role) => mayDo(role, right));
}

/** @throws KagziError `INVALID_ARGUMENT` */
export function checkRole(text: string): Role {
  const role = ROLES.find((each) => each === text);
  if (role !== undefined) return role;
  throw new KagziError("INVALID_ARGUMENT", `${JSON.stringify(text)} is no role: take ${ROLES.join(", ")}`);
}

/** A key as it is about to be kept. */
export interface NewApiKey {
  readonly keyId: string;
  /** For people. */
  readonly name: string;
  readonly role: Role;
  /** Absent: it is good for all namespaces, and for what belongs to none. */
  readonly namespaceId?: NamespaceId;
  /** SHA-256 of the secret, in hexadecimal. The secret itself is kept by nobody but its owner. */
  readonly hash: string;
  /** Absent: it is good until it is revoked. */
  readonly expiresInMs?: number;
}

/** What says who somebody is. */
export interface ApiKey extends Omit<NewApiKey, "expiresInMs"> {
  readonly createdAt: Instant;
  readonly expiresAt?: Instant;
  readonly revokedAt?: Instant;
  /** To the minute, about. */
  readonly lastUsedAt?: Instant;
}

/** Why a key is not good any more; `undefined` while it is. */
export function whyInvalid(key: ApiKey, now: Instant): "revoked" | "expired" | undefined {
  if (key.revokedAt !== undefined) return "revoked";
  return key.expiresAt !== undefined && key.expiresAt <= now ? "expired" : undefined;
}

/** The two halves of a key: one to find it by, one to show that one has it. */
export interface ApiKeyParts {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  /** 256 random bits, as 64 hexadecimal digits. */
  readonly secret: string;
}

const KEY = /^kagzi_([0-9a-f]{16})_([0-9a-f]{64})$/;
const KEY_ID = /^[0-9a-f]{16}$/;

/** A key as its owner has it: `kagzi_<id>_<secret>`, which scanners for leaked secrets can tell. */
export function formatApiKey({ keyId, secret }: ApiKeyParts): string {
  return `kagzi_${keyId}_${secret}`;
}

/** The parts of a key; `undefined` for what is none. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  const [, keyId, secret] = KEY.exec(text) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

/** @throws KagziError `INVALID_ARGUMENT`, which does not repeat what was given: it may be a whole key */
export function checkKeyId(text: string): string {
  if (KEY_ID.test(text)) return text;
  throw new KagziError("INVALID_ARGUMENT", "key_id must be 16 hexadecimal digits, as a list of keys shows them");
}

/** Who makes a call. */
export interface Principal {
  /** The id of a key, or `local`. */
  readonly actor: string;
  /** The name of the key, or `local`. */
  readonly name: string;
  readonly role: Role;
  /** Absent: all namespaces. */
  readonly namespaceId?: NamespaceId;
}

/** Whoever needs no key: in the process of the engine, or on its computer. */
export const LOCAL: Principal = { actor: "local", name: "local", role: "admin" };

/** Who has a key. */
export function principalOf({ keyId, name, namespaceId, role }: ApiKey): Principal {
  return { actor: keyId, name, role, ...(namespaceId !== undefined && { namespaceId }) };
}
