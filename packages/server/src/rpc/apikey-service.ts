import { create } from "@bufbuild/protobuf";
import { type ApiKey, KagziError, LOCAL, type Role } from "@kagzi/core";
import { ApiKeyRole, ApiKeySchema, type ApiKeyService } from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { fromWirePage, given, givenTime, keyOf, toTimestamp, toWirePage } from "./convert.ts";
import { namespaceFilter } from "./namespace-filter.ts";
import type { Service } from "./service.ts";

export function createApiKeyService({ apiKeys, keyRing }: Engine): Service<typeof ApiKeyService> {
  return {
    async createApiKey(request, { principal = LOCAL }) {
      const { expiresInMs, name, role } = request;
      const wanted = {
        name,
        role: roleOf(role),
        ...namespaceFilter(request),
        ...given("expiresInMs", expiresInMs === undefined ? undefined : Number(expiresInMs)),
      };
      const { apiKey, key } = await apiKeys.create(wanted, principal);
      return { apiKey: toWire(apiKey), key };
    },

    async listApiKeys(request) {
      const found = await apiKeys.list(namespaceFilter(request), fromWirePage(request.page));
      return { apiKeys: found.items.map(toWire), page: toWirePage(found) };
    },

    async revokeApiKey({ keyId }, { principal = LOCAL }) {
      const revoked = await apiKeys.revoke(keyId, principal);
      keyRing.forget(keyId);
      return { apiKey: toWire(revoked) };
    },
  };
}

const ROLE: Readonly<Record<Role, ApiKeyRole>> = {
  "read-only": ApiKeyRole.READ_ONLY,
  client: ApiKeyRole.CLIENT,
  worker: ApiKeyRole.WORKER,
  admin: ApiKeyRole.ADMIN,
};

function roleOf(role: ApiKeyRole): Role {
  const known = keyOf(ROLE, role);
  if (known !== undefined) return known;
  throw new KagziError("INVALID_ARGUMENT", `role is ${role}, which is no role of a key: say one`);
}

/** All but its hash. */
function toWire({ createdAt, expiresAt, keyId, lastUsedAt, name, namespaceId, revokedAt, role }: ApiKey) {
  return create(ApiKeySchema, {
    keyId,
    name,
    role: ROLE[role],
    ...given("namespaceId", namespaceId),
    allNamespaces: namespaceId === undefined,
    createdAt: toTimestamp(createdAt),
    ...givenTime("expiresAt", expiresAt),
    ...givenTime("revokedAt", revokedAt),
    ...givenTime("lastUsedAt", lastUsedAt),
  });
}
