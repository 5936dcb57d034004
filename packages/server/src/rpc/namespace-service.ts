import { create } from "@bufbuild/protobuf";
import { KagziError, type Namespace, checkNamespaceId } from "@kagzi/core";
import { NamespaceSchema, type NamespaceService, type UpdateNamespaceRequest } from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import { fromWirePage, given, toTimestamp, toWirePage } from "./convert.ts";
import type { Service } from "./service.ts";

export function createNamespaceService({ namespaces }: Engine): Service<typeof NamespaceService> {
  return {
    async createNamespace(request) {
      return { namespace: toWire(await namespaces.create(request.namespaceId, request.description)) };
    },
    async getNamespace(request) {
      return { namespace: toWire(await namespaces.get(checkNamespaceId(request.namespaceId))) };
    },
    async listNamespaces(request, { principal }) {
      // Whoever has one namespace knows of no other.
      if (principal?.namespaceId !== undefined) {
        return { namespaces: [toWire(await namespaces.get(principal.namespaceId))], page: {} };
      }
      const page = await namespaces.list(fromWirePage(request.page));
      return { namespaces: page.items.map(toWire), page: toWirePage(page) };
    },
    async updateNamespace({ namespaceId, description, retention }) {
      const change = { ...given("description", description), ...given("retentionMs", retentionMs(retention)) };
      return { namespace: toWire(await namespaces.update(checkNamespaceId(namespaceId), change)) };
    },
    async enableNamespace(request) {
      return { namespace: toWire(await namespaces.update(checkNamespaceId(request.namespaceId), { enabled: true })) };
    },
    async disableNamespace(request) {
      return { namespace: toWire(await namespaces.update(checkNamespaceId(request.namespaceId), { enabled: false })) };
    },
  };
}

/** `null`: as long as the server says. */
function retentionMs({ case: what, value }: UpdateNamespaceRequest["retention"]): number | null | undefined {
  if (what === "retentionMs") return Number(value);
  if (what === undefined) return undefined;
  if (value) return null;
  throw new KagziError(
    "INVALID_ARGUMENT",
    "server_retention is true or absent: to keep runs for ever, set retention_ms to 0",
  );
}

function toWire(namespace: Namespace) {
  return create(NamespaceSchema, {
    namespaceId: namespace.namespaceId,
    description: namespace.description,
    enabled: namespace.enabled,
    ...given("retentionMs", namespace.retentionMs === undefined ? undefined : BigInt(namespace.retentionMs)),
    createdAt: toTimestamp(namespace.createdAt),
    updatedAt: toTimestamp(namespace.updatedAt),
  });
}
