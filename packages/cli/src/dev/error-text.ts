import { inspect } from "node:util";

/** An error that a user's file threw, as its author wants to see it: without the inner places of Node and of this program. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  const { code, message, name, stack = "" } = error as Error & { readonly code?: unknown };
  // The compiler and our own errors name the place themselves.
  if (name === "KagziError" || (name === "SyntaxError" && /^[^\n]*:\d+:\d+: /u.test(message))) return message;
  if (code === "ERR_MODULE_NOT_FOUND" && message.includes("package 'kagzi'")) {
    return `${message}\nThe workflows need the package kagzi: npm i kagzi`;
  }
  const lines = stack
    .split("\n")
    .filter((line) => !/^\s+at .*(node:internal|@kagzi\/cli|packages\/cli\/dist)/u.test(line));
  return lines.join("\n") || message;
}
