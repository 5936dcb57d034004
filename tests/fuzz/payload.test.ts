import { create } from "@bufbuild/protobuf";
import { PayloadSchema } from "@kagzi/proto";
import type { KagziError } from "kagzi";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePayload, encodePayload } from "../../sdks/typescript/src/payload/payload.ts";
import { TAGGED_TEXTS, keepable, refused, refusedValue } from "./payload-values.ts";
import { difference } from "./same.ts";
import { FUZZ, note, repeatWith } from "./settings.ts";

const NOTHING = Buffer.alloc(0);
const LONG_MS = 30 * 60_000;
const { seed } = FUZZ;
const prototypes = [Object.prototype, Array.prototype, Error.prototype, Map.prototype, Function.prototype];
let before: readonly string[];

const shapeOf = () => prototypes.map((each) => Reflect.ownKeys(each).map(String).join());

beforeAll(() => {
  before = shapeOf();
});

afterAll(() => {
  // Whatever was decoded: no prototype has come to more or less.
  expect(shapeOf()).toEqual(before);
});

/** What `fn` comes to; fails for what is thrown and is no error of ours. */
function tried(fn: () => unknown): { readonly value: unknown } | { readonly error: KagziError } {
  try {
    return { value: fn() };
  } catch (error) {
    if (isOurs(error)) return { error };
    throw new Error(`what was thrown is no KagziError: ${String(error)}`, { cause: error });
  }
}

function isOurs(error: unknown): error is KagziError {
  return error instanceof Error && error.name === "KagziError" && "code" in error;
}

function payloadOf(data: Uint8Array) {
  return create(PayloadSchema, { data, metadata: { "content-type": "application/json" } });
}

function check(share: number, test: string, property: fc.IProperty<never> | fc.IProperty<[never]>): void {
  const numRuns = Math.max(1, Math.round(FUZZ.values * share));
  const begun = performance.now();
  const found = fc.check(property as fc.IProperty<unknown>, { seed, numRuns });
  note(`payloads: ${test}`, { tried: numRuns, seconds: (performance.now() - begun) / 1000 });
  if (found.failed) expect.fail(`${fc.defaultReportMessage(found) ?? ""}\nrepeat it: ${repeatWith(test)}`);
}

describe("a value", { timeout: LONG_MS }, () => {
  it("comes back as it was, in the same bytes each time", () => {
    check(
      0.75,
      "comes back as it was",
      fc.property(keepable, (value) => {
        const payload = encodePayload(value, "value");
        const back = decodePayload(payload);
        const differs = difference(value, back);
        if (differs !== undefined) throw new Error(`it differs at ${differs}`);
        const again = encodePayload(back, "value");
        if (Buffer.compare(payload?.data ?? NOTHING, again?.data ?? NOTHING) !== 0) throw new Error("other bytes");
      }) as never,
    );
  });

  it("is refused with the way to what cannot be kept", () => {
    check(
      0.25,
      "is refused with the way",
      fc.property(refused, (how) => {
        const { path, value } = refusedValue(how);
        const outcome = tried(() => encodePayload(value, "value"));
        const error = "error" in outcome ? outcome.error : undefined;
        if (error?.code !== "INVALID_ARGUMENT" || error.metadata["path"] !== path) {
          throw new Error(`${path}: ${error?.message ?? "it was taken"}`, { cause: error });
        }
      }) as never,
    );
  });

  it("may be large, deep or both, and never takes long", () => {
    const nestings: ((inner: unknown) => unknown)[] = [
      (inner) => [inner],
      (inner) => ({ a: inner }),
      (inner) => new Map([[inner, inner === undefined ? 0 : 1]]),
      (inner) => new Set([inner]),
      (inner) => new Error("e", { cause: inner }),
      (inner) => ({ $type: inner }),
    ];
    for (const nest of nestings) {
      for (const depth of [100, 499, 10_000]) {
        let value: unknown = 0;
        for (let level = 0; level < depth; level++) value = nest(value);
        const outcome = tried(() => decodePayload(encodePayload(value, "value")));
        if (depth < 500) expect("value" in outcome && difference(value, outcome.value)).toBeUndefined();
        else expect("error" in outcome && outcome.error.code).toBe("INVALID_ARGUMENT");
      }
    }
    for (const unit of ["x", "\0", "\ud800", "😀", '"', "9"]) {
      const text = unit.repeat(1024 * 1024);
      for (const value of [text, { [text]: [text] }, Buffer.from(text)]) {
        const back = decodePayload(encodePayload(value, "value"));
        expect(difference(value instanceof Buffer ? new Uint8Array(value) : value, back)).toBeUndefined();
      }
    }
  });
});

describe("bytes that are read", { timeout: LONG_MS }, () => {
  const decoded = (data: Uint8Array) => {
    const outcome = tried(() => decodePayload(payloadOf(data)));
    if ("error" in outcome && outcome.error.code !== "INVALID_ARGUMENT") throw outcome.error;
  };

  it("are a value or refused, whatever they are", () => {
    check(
      0.25,
      "are a value or refused",
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 64 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        decoded,
      ) as never,
    );
  });

  it("are a value or refused, however an encoded value was changed", () => {
    const change = fc.record({
      at: fc.nat(),
      remove: fc.nat(12),
      insert: fc.constantFrom("", "0", "{", "]", ...TAGGED_TEXTS),
    });
    check(
      0.5,
      "however an encoded value was changed",
      fc.property(keepable, fc.array(change, { minLength: 1, maxLength: 3 }), (value, changes) => {
        let text = Buffer.from(encodePayload(value, "value")?.data ?? []).toString();
        for (const { at, insert, remove } of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + insert + text.slice(from + remove);
        }
        decoded(Buffer.from(text));
      }) as never,
    );
  });

  it("are a value or refused where tags are put together by hand", () => {
    const tag = fc.constantFrom(
      "Undefined",
      "Number",
      "BigInt",
      "Date",
      "Bytes",
      "Map",
      "Set",
      "Error",
      "Object",
      "Rocket",
    );
    const { node } = fc.letrec<{ readonly node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom("0", "null", '"x"', "[]", "{}", '"1e3"', ...TAGGED_TEXTS),
        fc.array(tie("node"), { maxLength: 3 }).map((items) => `[${items.join()}]`),
        fc.tuple(tag, tie("node")).map(([name, value]) => `{"$type":"${name}","value":${value}}`),
        fc
          .tuple(fc.constantFrom("name", "message", "stack", "cause", "errors", "__proto__", "toString"), tie("node"))
          .map(([name, value]) => `{"$type":"Error","value":{"${name}":${value}}}`),
      ),
    }));
    check(0.25, "put together by hand", fc.property(node, (text) => decoded(Buffer.from(text))) as never);
  });

  it.each(TAGGED_TEXTS)("are a value or refused: %s", (text) => decoded(Buffer.from(text)));

  it("are refused or read in no time, however deep or long", () => {
    for (const text of [
      "[".repeat(1e6),
      `${"[".repeat(5e5)}${"]".repeat(5e5)}`,
      '{"$type":"Set","value":['.repeat(4e4),
    ]) {
      decoded(Buffer.from(text));
    }
    const deep = `${'{"$type":"Set","value":['.repeat(2e4)}1${"]}".repeat(2e4)}`;
    decoded(Buffer.from(deep));
    decoded(Buffer.from(`{"$type":"BigInt","value":"${"9".repeat(1024 * 1024)}"}`));
  });
});
