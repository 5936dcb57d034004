import { KagziError, isKagziError } from "../error.ts";
import { MAX_DEPTH, TAG, type TagName, type Tagged } from "./tags.ts";

/** Where in a value we are: the way there is only written out for an error. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
  readonly value: object;
  readonly depth: number;
}

/** A value that JSON.stringify writes as it is meant. @throws KagziError `INVALID_ARGUMENT` naming the path */
export function toTagged(value: unknown, what: string): unknown {
  return tagged(value, { parent: undefined, key: what, value: {}, depth: 0 });
}

function tagged(value: unknown, at: Place): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tag("Number", numberName(value));
    case "undefined":
      return { [TAG]: "Undefined" } satisfies Tagged;
    case "bigint":
      return tag("BigInt", value.toString());
    case "object":
      return value === null ? null : taggedObject(value, at);
    default:
      throw refused(at, typeof value === "function" ? "a function" : "a symbol");
  }
}

function taggedObject(value: object, outside: Place): unknown {
  checkCycle(value, outside);
  const at: Place = { ...outside, value };
  try {
    return taggedKind(value, at);
  } catch (error) {
    // A getter of an array or an error, a proxy, an overridden method: user code that throws when it is looked at.
    throw isKagziError(error) ? error : refused(at, "something that throws when it is looked at");
  }
}

function taggedKind(value: object, at: Place): unknown {
  if (Array.isArray(value)) return taggedArray(value, at);
  if (isA(value, Date)) return tag("Date", Number.isNaN(value.getTime()) ? null : value.toISOString());
  if (value instanceof Uint8Array) return tag("Bytes", Buffer.from(value).toString("base64"));
  if (isA(value, Map)) {
    return tag(
      "Map",
      Array.from(value, ([key, each], index) => [inside(key, at, `key ${index}`), inside(each, at, index)]),
    );
  }
  if (isA(value, Set))
    return tag(
      "Set",
      Array.from(value, (each, index) => inside(each, at, index)),
    );
  if (value instanceof Error) return tag("Error", taggedError(value, at));
  return taggedPlain(value, at);
}

/** Whether it is of this class itself: one that extends it is an instance of a class like any other. */
function isA<Instance extends object>(
  value: object,
  kind: abstract new (...args: never[]) => Instance,
): value is Instance {
  return value instanceof kind && Object.getPrototypeOf(value) === kind.prototype;
}

function taggedArray(values: readonly unknown[], at: Place): unknown[] {
  const result: unknown[] = [];
  for (let index = 0; index < values.length; index++) {
    if (!(index in values)) throw refused(inPlace(at, index), "a hole of a sparse array");
    result.push(inside(values[index], at, index));
  }
  return result;
}

function taggedPlain(value: object, at: Place): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw refused(at, className(value));
  if (Object.getOwnPropertySymbols(value).length > 0) throw refused(at, "an object with a symbol as a key");
  const result: Record<string, unknown> = {};
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (property.enumerable !== true) continue;
    if (!("value" in property)) throw refused(inPlace(at, key), "a getter");
    const each = inside(property.value, at, key);
    // An assignment to __proto__ would change the object instead of giving it a key.
    if (key === "__proto__") Object.defineProperty(result, key, { value: each, enumerable: true });
    else result[key] = each;
  }
  return TAG in value ? tag("Object", result) : result;
}

function taggedError(error: Error, at: Place): unknown {
  // Whatever the types say: user code may have put anything there.
  const { cause, message, name, stack }: Readonly<Partial<Record<"cause" | "message" | "name" | "stack", unknown>>> =
    error;
  return {
    name: String(name),
    message: String(message),
    ...(typeof stack === "string" && { stack }),
    ...(cause !== undefined && { cause: inside(cause, at, "cause") }),
    ...(error instanceof AggregateError && { errors: taggedArray(error.errors, inPlace(at, "errors")) }),
  };
}

function inside(value: unknown, at: Place, key: string | number): unknown {
  return tagged(value, inPlace(at, key));
}

function inPlace(at: Place, key: string | number): Place {
  if (at.depth >= MAX_DEPTH) throw refused(at, `nested more than ${MAX_DEPTH} levels deep`);
  return { parent: at, key, value: at.value, depth: at.depth + 1 };
}

function checkCycle(value: object, at: Place): void {
  for (let place = at.parent; place !== undefined; place = place.parent) {
    if (place.value === value) throw refused(at, `the same object as ${pathTo(place)}, a cycle`);
  }
}

function tag(name: TagName, value: unknown): Tagged {
  return { [TAG]: name, value };
}

function numberName(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function className(value: object): string {
  const { constructor }: { readonly constructor?: unknown } = value;
  const name = typeof constructor === "function" ? constructor.name : "";
  return name === "" ? "an instance of a class" : `an instance of ${name}`;
}

function refused(at: Place, isWhat: string): KagziError {
  return new KagziError(
    "INVALID_ARGUMENT",
    `${pathTo(at)} is ${isWhat}, which cannot be kept: pass plain data (objects, arrays, Date, Map, Set, BigInt, bytes, Error)`,
    { metadata: { path: pathTo(at) } },
  );
}

function pathTo(place: Place): string {
  const { key, parent } = place;
  if (parent === undefined) return String(key);
  const path = pathTo(parent);
  const name = typeof key === "number" || key.length <= 100 ? key : `${key.slice(0, 100)}…`;
  const way =
    typeof name === "number"
      ? `[${name}]`
      : /^[\p{L}_$][\p{L}\d_$]*$/u.test(name)
        ? `.${name}`
        : `[${JSON.stringify(name)}]`;
  return path.length > 500 ? `${path.slice(0, 500)}…` : `${path}${way}`;
}
