import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KagziError } from "../error.ts";
import { checkPayloadSize, decodePayload, encodePayload } from "./payload.ts";

const roundTrip = (value: unknown) => decodePayload(encodePayload(value, "value"));

describe("a value that is kept", () => {
  it("comes back as it was, whatever it is made of", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(null, undefined),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("value"), { maxLength: 5 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$type", "value", "__proto__")), tie("value"), {
          maxKeys: 5,
          noNullPrototype: true,
        }),
        fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
        fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
      ),
    }));
    fc.assert(
      fc.property(value, (any) => {
        expect(roundTrip(any)).toEqual(any);
      }),
      { numRuns: 500 },
    );
  });

  it.each([-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("comes back as it was: %d", (value) => {
    expect(Object.is(roundTrip(value), value)).toBe(true);
  });

  it("comes back with its missing and its undefined keys told apart", () => {
    expect(Object.keys(roundTrip({ a: undefined }) as object)).toEqual(["a"]);
    expect(roundTrip([undefined, 1])).toEqual([undefined, 1]);
    expect(encodePayload(undefined, "value")).toBeUndefined();
    expect(decodePayload(undefined)).toBeUndefined();
  });

  it("comes back as an error with its name, message, stack and causes", () => {
    const error = new TypeError("outer", { cause: new RangeError("inner") });
    const back = roundTrip(error) as Error;
    expect(back).toBeInstanceOf(Error);
    expect([back.name, back.message, back.stack]).toEqual(["TypeError", "outer", error.stack]);
    expect(back.cause).toMatchObject({ name: "RangeError", message: "inner" });
  });

  it("is plain JSON wherever JSON can hold it", () => {
    const payload = encodePayload({ a: [1, "x", null, true] }, "value");
    expect(new TextDecoder().decode(payload?.data)).toBe('{"a":[1,"x",null,true]}');
    expect(payload?.metadata).toEqual({ "content-type": "application/json" });
  });

  it("never gives an object another prototype", () => {
    const hostile = { data: Buffer.from('{"__proto__":{"admin":true}}'), metadata: {} };
    const back = decodePayload(hostile as never) as Record<string, unknown>;
    expect(back["admin"]).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });
});

describe("a value that cannot be kept", () => {
  class Money {
    amount = 1;
  }
  it.each([
    [() => {}, "value"],
    [{ a: { b: [0, Symbol("x")] } }, "value.a.b[1]"],
    [new Money(), "value"],
    [{ "odd key": new WeakSet() }, 'value["odd key"]'],
    [new Promise(() => {}), "value"],
  ])("is refused with its path: %s", (value, path) => {
    expect(() => encodePayload(value, "value")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", metadata: { path } }),
    );
  });

  it("is refused when it holds itself, and not when it holds another thing twice", () => {
    const circle: unknown[] = [];
    circle.push([circle]);
    expect(() => encodePayload(circle, "value")).toThrow(KagziError);
    const shared = { n: 1 };
    expect(roundTrip([shared, shared])).toEqual([shared, shared]);
  });

  it("is refused when it is too deep, rather than end the process", () => {
    let deep: unknown = 0;
    for (let n = 0; n < 100_000; n++) deep = [deep];
    expect(() => encodePayload(deep, "value")).toThrow(KagziError);
  });

  it("is refused when it is too large", () => {
    const payload = encodePayload("x".repeat(1024 * 1024), "value");
    expect(() => checkPayloadSize(payload, "the input")).toThrow(
      expect.objectContaining({ code: "PAYLOAD_TOO_LARGE", message: expect.stringContaining("the input has") }),
    );
    expect(checkPayloadSize(encodePayload("x", "value"), "it")).toBeDefined();
  });
});

describe("a payload that is read", () => {
  const json = (text: string) => decodePayload({ data: Buffer.from(text), metadata: {} } as never);

  it.each(["{", "nul", '"\ud800', ""])("is refused when it says that it is JSON and is not: %j", (text) => {
    expect(() => json(text)).toThrow(KagziError);
  });

  it.each(['{"$type":"Rocket"}', '{"$type":"Date","value":"x"}', '{"$type":"BigInt","value":"1.5"}'])(
    "is refused with a tag that nobody knows or can read: %s",
    (text) => {
      expect(() => json(text)).toThrow(KagziError);
    },
  );

  it("comes as its bytes when it is not JSON", () => {
    const data = Uint8Array.of(1, 2, 3);
    expect(decodePayload({ data, metadata: { "content-type": "image/png" } } as never)).toEqual(data);
  });
});

describe("a value that user code has a hand in", () => {
  const throws = () => {
    throw new Error("not to be looked at");
  };

  it.each([
    ["an error's getter", Object.defineProperty(new Error("e"), "message", { get: throws })],
    ["an array's getter", Object.defineProperty([1], 0, { get: throws })],
    ["a proxy", new Proxy({}, { ownKeys: throws })],
    ["a map of its own", new (class extends Map<string, number> {})([["a", 1]])],
    ["a date of its own", new (class extends Date {})(0)],
  ])("is refused with its path when it cannot be looked at, or comes back as another: %s", (_, value) => {
    expect(() => encodePayload({ a: [value] }, "value")).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", metadata: { path: "value.a[0]" } }),
    );
  });

  it("has an error's name as text, whatever it was", () => {
    const error = Object.assign(new Error("e"), { name: 5 as unknown as string });
    expect((roundTrip(error) as Error).name).toBe("5");
  });

  it("is refused in a payload where an error's name is no text", () => {
    const data = Buffer.from('{"$type":"Error","value":{"name":{"toString":1,"valueOf":1}}}');
    expect(() => decodePayload({ data, metadata: {} } as never)).toThrow(KagziError);
  });

  it("is refused in a few words, however long its keys and its tags are", () => {
    const key = "k".repeat(100_000);
    const messageOf = (fn: () => unknown) => {
      try {
        return String(fn());
      } catch (error) {
        return error instanceof KagziError ? error.message : "no error of ours";
      }
    };
    expect(messageOf(() => encodePayload({ [key]: () => {} }, "value")).length).toBeLessThan(500);
    const data = Buffer.from(JSON.stringify({ $type: key }));
    expect(messageOf(() => decodePayload({ data, metadata: {} } as never)).length).toBeLessThan(500);
  });
});
