import * as fc from "fast-check";

/** Text that JSON, UTF-8, a database or an object stumbles over. */
const TEXTS = [
  "",
  "\0",
  "a\0b",
  "\ud800",
  "\udc00x",
  "\u2028\u2029",
  "\ufeff",
  "$type",
  "value",
  "__proto__",
  "constructor",
  "prototype",
  "toJSON",
  "toString",
  "hasOwnProperty",
  '{"$type":"Date"}',
  "\u0024type",
  "😀".repeat(3),
];
const NUMBERS = [0, -0, 1, -1, Number.NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 2 ** 53, -(2 ** 31)];

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 3, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  // Halves of surrogate pairs among the rest.
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
      .map((units) => String.fromCharCode(...units)),
  },
);
const error = fc
  .record({ name: text, message: text, kind: fc.nat(2), cause: fc.option(text) })
  .map(({ cause, kind, message, name }) => {
    const options = cause === null ? undefined : { cause };
    const made =
      kind === 0 ? new AggregateError([new Error(name), name], message, options) : new TypeError(message, options);
    // Such as a name that user code has given it.
    if (kind === 2) Object.defineProperty(made, "name", { value: name, enumerable: false });
    return made;
  });
const leaf = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 2, arbitrary: fc.constantFrom(null, undefined, true, false) },
  { weight: 1, arbitrary: fc.bigInt() },
  {
    weight: 1,
    arbitrary: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constant(Number.NaN)).map((ms) => new Date(ms)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 16 }) },
  { weight: 1, arbitrary: error },
);

/** Objects by defined keys: an assignment to `__proto__` is none. */
function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [key, value] of entries) {
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

type Value = { readonly value: unknown };

/** Everything that can be kept (docs/reference/payloads.md), in any nesting. */
export const keepable: fc.Arbitrary<unknown> = fc.letrec<Value>((tie) => {
  const list = fc.array(tie("value"), { maxLength: 4 });
  const pairs = fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 });
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { weight: 5, arbitrary: leaf },
      { weight: 2, arbitrary: fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map(objectOf) },
      { weight: 1, arbitrary: list },
      { weight: 1, arbitrary: pairs.map((entries) => new Map(entries)) },
      { weight: 1, arbitrary: list.map((items) => new Set(items)) },
    ),
  };
}).value;

class Money {
  readonly amount = 1;
}
class Ledger extends Map<string, unknown> {}
class Tags extends Set<string> {}
class Moment extends Date {}

function throws(): never {
  throw new Error("not to be looked at");
}

/** What cannot be kept, each made anew. The last ones cannot even be looked at. */
const REFUSED: readonly (() => unknown)[] = [
  () => () => {},
  () => Symbol("s"),
  () => new Money(),
  () => new WeakMap(),
  () => Promise.resolve(1),
  () => /x/,
  () => new URL("http://localhost/"),
  () => new Float64Array(2),
  () => new ArrayBuffer(2),
  () => new DataView(new ArrayBuffer(2)),
  () => Object("boxed"),
  () => Object.create({ inherited: 1 }) as unknown,
  () => ({ [Symbol("key")]: 1 }),
  () => new Ledger([["a", 1]]),
  () => new Tags(["a"]),
  () => new Moment(0),
  () => Object.defineProperty(new Error("e"), "message", { get: throws }),
  () => Object.defineProperty(new Error("e"), "stack", { get: throws }),
  () => Object.defineProperty(new Map([[1, 2]]), Symbol.iterator, { value: throws }),
  () => Object.defineProperty(new Date(0), "toISOString", { value: throws }),
  () => new Proxy({}, { ownKeys: throws }),
  () => new Proxy({}, { getPrototypeOf: throws }),
  () => new Proxy([1], { get: throws }),
  () => revoked(),
];

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A value with a thing in it that cannot be kept, and the way there. */
export interface Refused {
  readonly value: unknown;
  readonly path: string;
}

/** What has its own place, and not that of the thing in it: a getter, a hole, a cycle. */
const REFUSED_IN_PLACE: readonly (() => Refused)[] = [
  () => ({ value: Object.defineProperty({}, "late", { get: throws, enumerable: true }), path: ".late" }),
  () => ({ value: Object.assign(Array(3), { 0: 1 }) as unknown, path: "[1]" }),
  () => ({ value: new Error("e", { cause: Symbol("cause") }), path: ".cause" }),
  () => ({
    value: new Map<unknown, unknown>([
      [1, 2],
      [3, Symbol("value")],
    ]),
    path: "[1]",
  }),
  () => ({
    value: new Map<unknown, unknown>([
      [1, 2],
      [Symbol("key"), 3],
    ]),
    path: '["key 1"]',
  }),
  () => ({ value: new Set([1, Symbol("item")]), path: "[1]" }),
  () => ({ value: new AggregateError([1, Symbol("error")]), path: ".errors[1]" }),
  () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = [circle];
    return { value: circle, path: ".self[0]" };
  },
];

const way = fc.array(fc.oneof(fc.constantFrom("a", "items", "$type"), fc.nat(3)), { maxLength: 6 });

/** As numbers and names, from which {@link refusedValue} makes the value: nothing else could be shown. */
export const refused = fc.record({ keys: way, kind: fc.nat(REFUSED.length + REFUSED_IN_PLACE.length - 1) });

export function refusedValue({
  keys,
  kind,
}: {
  readonly keys: readonly (string | number)[];
  readonly kind: number;
}): Refused {
  const whole = REFUSED[kind];
  const inner = whole === undefined ? REFUSED_IN_PLACE[kind - REFUSED.length]?.() : { value: whole(), path: "" };
  const shown = keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  const value = keys.reduceRight<unknown>(
    (each, key) =>
      typeof key === "number" ? [...Array.from({ length: key }, () => 0), each] : { first: 1, [key]: each },
    inner?.value,
  );
  return { value, path: `value${shown}${inner?.path ?? ""}` };
}

/** Parts of encoded values, and of what other things write. */
export const TAGGED_TEXTS = [
  '{"$type":"Error","value":{"name":{"toString":1,"valueOf":1},"message":{"toString":null}}}',
  '{"$type":"Error","value":{"errors":[{"$type":"Error","value":{}}],"cause":{"$type":"Undefined"}}}',
  '{"$type":"Map","value":[[1]]}',
  '{"$type":"Map","value":[[{"$type":"Set","value":[1,1]},2],[]]}',
  '{"$type":"Set","value":{}}',
  '{"$type":"Object","value":{"$type":"Date","__proto__":{"$type":"NaN"}}}',
  '{"$type":"Object","value":null}',
  '{"$type":{"$type":"Date"},"value":0}',
  '{"$type":"Date","value":"+275760-09-13T00:00:00.001Z"}',
  '{"$type":"Date","value":[1]}',
  '{"$type":"BigInt","value":"-0"}',
  '{"$type":"BigInt","value":"--1"}',
  '{"$type":"Bytes","value":{"length":1e9}}',
  '{"$type":"Number","value":"1e400"}',
  '{"$type":"constructor","value":{}}',
  '{"$type":"__proto__"}',
  '{"__proto__":{"$type":"Date","value":null},"constructor":{"prototype":{"polluted":1}}}',
  '{"__proto__":{"polluted":1}}',
  '[{"$type":"Undefined"}]',
];
