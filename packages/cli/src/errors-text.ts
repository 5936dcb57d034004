import { type ErrorDetail, ErrorCode } from "@kagzi/proto";

/** An error and what caused it, a line for each; with their stacks if all is to be shown. */
export function errorText(error: ErrorDetail | undefined, isFull: boolean): string | undefined {
  if (error === undefined) return undefined;
  // An error that was not ours is wrapped in one that says the same.
  if (error.cause !== undefined && error.cause.message === error.message) return errorText(error.cause, isFull);
  const own = [errorLine(error), ...(isFull && error.stack !== "" ? frames(error.stack) : [])].join("\n");
  return error.cause === undefined ? own : `${own}\ncaused by ${errorText(error.cause, isFull) ?? ""}`;
}

/** An error in one line: what it is, and its message. */
export function errorLine({ code, message, name }: ErrorDetail): string {
  const isOurs = name === "" || name === "KagziError";
  return `${isOurs ? (ErrorCode[code] ?? "INTERNAL") : name}: ${message}`;
}

/** The lines of a stack that say where. */
function frames(stack: string): readonly string[] {
  return stack.split("\n").filter((line) => /^\s+at /u.test(line));
}
