import { KagziError } from "./error.ts";

/** Of names and ids, in bytes of UTF-8. */
const MAX_BYTES = 255;

/**
 * A name or an id that a server will take: 1 to 255 bytes of UTF-8 without control characters. Checked here because the
 * wire would silently replace half of a surrogate pair.
 * @throws KagziError `INVALID_ARGUMENT`
 */
export function checkName(what: string, text: unknown): string {
  if (typeof text !== "string" || text === "")
    throw invalid(`${what} must be a text that is not empty, not ${show(text)}`);
  if (!text.isWellFormed()) throw invalid(`${what} holds half of a surrogate pair, which is no text: ${show(text)}`);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw invalid(`${what} has ${bytes} bytes, at most ${MAX_BYTES} are taken: ${show(text)}`);
  if (/\p{Cc}/u.test(text) && hasAsciiControl(text)) throw invalid(`${what} holds a control character: ${show(text)}`);
  return text;
}

/** Any text that the wire carries as it is. @throws KagziError `INVALID_ARGUMENT` */
export function checkText(what: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw invalid(`${what} holds half of a surrogate pair, which is no text: ${show(text)}`);
}

/** As {@link checkName}; and it may not end in `#` and digits, which is how a repeated step is numbered. */
export function checkStepName(text: unknown): string {
  const name = checkName("the name of a step", text);
  if (/#\d+$/u.test(name)) {
    throw invalid(`the name of a step may not end like the number of a repeated step: ${show(name)}; leave the # out`);
  }
  return name;
}

function hasAsciiControl(text: string): boolean {
  return Array.from(text).some((character) => character < " " || character === "\u007F");
}

function show(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function invalid(message: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", message);
}
