import { create } from "@bufbuild/protobuf";
import { type Namespace, checkNamespaceId } from "@kagzi/core";
import { NamespaceSchema, type NamespaceService } from "@kagzi/proto";
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
    async updateNamespace({ namespaceId, description }) {
      const change = given("description", description);
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

function toWire(namespace: Namespace) {
  return create(NamespaceSchema, {
    namespaceId: namespace.namespaceId,
    description: namespace.description,
    enabled: namespace.enabled,
    createdAt: toTimestamp(namespace.createdAt),
    updatedAt: toTimestamp(namespace.updatedAt),
  });
}
