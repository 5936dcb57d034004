import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { type NamespaceId, notFound } from "@kagzi/core";
import { WorkRequestSchema } from "@kagzi/proto";
import { forbidden } from "./refusals.ts";

/** Keeps a request within a namespace: one that names none means that one. */
export type Confine = (request: object, namespaceId: NamespaceId) => void;

/**
 * What of a request says a namespace, as its descriptor has it: `namespace_id`, wherever it stands, and `all_namespaces`.
 * Of a namespace that is not the caller's own it is told what is told of one that does not exist.
 */
export function confinerOf(schema: DescMessage): Confine {
  const parts = confinersOf(schema, new Set());
  return (request, namespaceId) => {
    for (const part of parts) part(request, namespaceId);
  };
}

/** Whether a request says a namespace at all. */
export function saysNamespace(schema: DescMessage): boolean {
  return confinersOf(schema, new Set()).length > 0;
}

/** What a worker says of its runs is of the namespace in which it said hello, whatever it says. */
const UNREAD = new Set([`${WorkRequestSchema.typeName}.updates`]);

/** `within`: what this message stands in. One that stands in itself is looked at once. */
function confinersOf(schema: DescMessage, within: ReadonlySet<DescMessage>): readonly Confine[] {
  if (within.has(schema)) return [];
  const inner = new Set(within).add(schema);
  return schema.fields.map((field) => confinerOfField(field, inner)).filter((part) => part !== undefined);
}

function confinerOfField(field: DescField, within: ReadonlySet<DescMessage>): Confine | undefined {
  if (field.localName === "namespaceId") return confineName;
  if (field.localName === "allNamespaces") return refuseAll;
  if (field.message === undefined || UNREAD.has(`${field.parent.typeName}.${field.name}`)) return undefined;
  const parts = confinersOf(field.message, within);
  if (parts.length === 0) return undefined;
  return (request, namespaceId) => {
    const value: unknown = Reflect.get(request, field.localName);
    const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const message of messages) {
      if (typeof message === "object" && message !== null) for (const part of parts) part(message, namespaceId);
    }
  };
}

function confineName(request: object, namespaceId: NamespaceId): void {
  const named = String(Reflect.get(request, "namespaceId"));
  if (named === "") Reflect.set(request, "namespaceId", namespaceId);
  else if (named !== namespaceId) throw notFound("namespace", named);
}

function refuseAll(request: object, namespaceId: NamespaceId): void {
  if (Reflect.get(request, "allNamespaces") !== true) return;
  throw forbidden(`this API key is good for namespace ${namespaceId} alone, and this takes one for all of them`);
}
