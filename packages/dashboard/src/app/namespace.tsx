import { createContext, useContext } from "react";

/** The namespace that the address names. */
export const NamespaceContext = createContext("default");

export function useNamespace(): string {
  return useContext(NamespaceContext);
}

/** A path within a namespace: `/default/runs`. */
export function within(namespace: string, ...parts: readonly string[]): string {
  return `/${[namespace, ...parts].map(encodeURIComponent).join("/")}`;
}
