import { type NamespaceId, checkNamespaceId } from "@kagzi/core";

/** Of which namespace a list is asked for; of none in particular, if it says all. */
export function namespaceFilter(request: { readonly namespaceId: string; readonly allNamespaces: boolean }): {
  readonly namespaceId?: NamespaceId;
} {
  return request.allNamespaces ? {} : { namespaceId: checkNamespaceId(request.namespaceId) };
}
