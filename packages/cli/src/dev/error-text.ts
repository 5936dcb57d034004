import { inspect } from "node:util";

/** Places of Node and of this program: nobody looks for a mistake there. */
const INNER = /^\s+at .*(node:internal|@kagzi\/cli\/|packages\/cli\/(dist|bin)|node_modules\/commander\/)/u;
/** How the compiler begins what it says: with the place. */
const PLACED = /^[^\n]*:\d+:\d+: /u;

/** An error that a user's file threw, as its author wants to see it, with what to do about it where that is known. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  const { message, name, stack = "" } = error;
  const hint = hintFor(error);
  if (name === "KagziError" || (name === "SyntaxError" && PLACED.test(message))) return message;
  const lines = stack.split("\n").filter((line) => !INNER.test(line));
  return [lines.join("\n") || message, ...(hint === undefined ? [] : [hint])].join("\n");
}

function hintFor(error: Error & { readonly code?: unknown }): string | undefined {
  const { code, message, name, stack = "" } = error;
  if (code === "ERR_MODULE_NOT_FOUND" && message.includes("package 'kagzi'")) {
    return "The workflows need the package kagzi: npm i kagzi";
  }
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[jt]sx"/u.test(message)) {
    return "JSX is not understood here: build such files first, and give what comes of it.";
  }
  // Node tells the place of what it does not understand to nobody but itself.
  if (name === "SyntaxError" && stack.startsWith("SyntaxError")) {
    return `Node ${process.version} does not know something in this code, which newer ones may: \`using\` needs Node 24.`;
  }
  return undefined;
}
