import { KagziError } from "../error.ts";
import { MAX_DEPTH, TAG } from "./tags.ts";

/** What JSON was parsed to, with every tag turned back into the value it stands for. */
export function fromTagged({ value, text }: { readonly value: unknown; readonly text: string }): unknown {
  // Without a tag in the text there is nothing to look for in the value.
  return text.includes(TAG) ? revive(value, 0) : value;
}

function revive(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH * 3) throw unknown(`nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return value.map((each) => revive(each, depth + 1));
  return TAG in value ? reviveTag(value, depth + 1) : reviveObject(value, depth + 1);
}

function reviveObject(value: object, depth: number): object {
  for (const [key, each] of Object.entries(value)) {
    const revived = revive(each, depth);
    if (revived === each) continue;
    // Defined, for a key may be __proto__.
    Object.defineProperty(value, key, { value: revived, enumerable: true, configurable: true, writable: true });
  }
  return value;
}

function reviveTag(tagged: { readonly [TAG]?: unknown; readonly value?: unknown }, depth: number): unknown {
  const { [TAG]: name, value } = tagged;
  switch (name) {
    case "Undefined":
      return undefined;
    case "Number":
      return reviveNumber(value);
    case "BigInt":
      if (typeof value !== "string" || !/^-?\d+$/.test(value)) throw unknown("a BigInt that is no number");
      return BigInt(value);
    case "Date":
      return reviveDate(value);
    case "Bytes":
      return new Uint8Array(Buffer.from(typeof value === "string" ? value : "", "base64"));
    case "Map":
      return new Map(list(value).map((pair) => [revive(list(pair)[0], depth), revive(list(pair)[1], depth)]));
    case "Set":
      return new Set(list(value).map((each) => revive(each, depth)));
    case "Error":
      return reviveError(value, depth);
    case "Object":
      return reviveObject(record(value), depth);
    default:
      throw unknown(`a value of type ${(JSON.stringify(name) ?? "none").slice(0, 80)}`);
  }
}

function reviveNumber(value: unknown): number {
  const names = ["NaN", "Infinity", "-Infinity", "-0"];
  if (typeof value !== "string" || !names.includes(value)) throw unknown("a Number that is none");
  return Number(value);
}

/** An invalid Date is kept as `null`. */
function reviveDate(value: unknown): Date {
  const date = new Date(typeof value === "string" ? value : Number.NaN);
  if (value !== null && Number.isNaN(date.getTime())) throw unknown("a Date that is none");
  return date;
}

function reviveError(value: unknown, depth: number): Error {
  const { name, message, stack, cause, errors } = record(value) as Readonly<Record<string, unknown>>;
  const options = cause === undefined ? undefined : { cause: revive(cause, depth) };
  const error = Array.isArray(errors)
    ? new AggregateError(list(revive(errors, depth)), textOf(message, ""), options)
    : new Error(textOf(message, ""), options);
  define(error, "name", textOf(name, "Error"));
  define(error, "stack", typeof stack === "string" ? stack : undefined);
  return error;
}

function textOf(value: unknown, absent: string): string {
  if (value === undefined) return absent;
  if (typeof value === "string") return value;
  throw unknown("an Error whose name or message is no text");
}

function define(error: Error, key: "name" | "stack", value: string | undefined): void {
  Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw unknown("a list that is none");
}

function record(value: unknown): object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw unknown("an object that is none");
}

function unknown(what: string): KagziError {
  return new KagziError(
    "INVALID_ARGUMENT",
    `a payload holds ${what}: it was written by a newer SDK, or by something else than one`,
  );
}
