import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkInteger,
  checkName,
  checkNamespaceId,
  checkOptionalName,
  checkPayload,
  checkRetryPolicy,
  checkRunId,
  checkStepName,
  checkText,
  checkWaitMs,
  checkWorkerId,
  storableText,
} from "./check.ts";
import { LIMITS } from "./limits.ts";
import { DEFAULT_STEP_RETRY } from "./retry-policy.ts";
import { LONGEST_WAIT_MS } from "./time.ts";

const refused = (code: string) => expect.objectContaining({ detail: expect.objectContaining({ code }) as unknown });

function refusal(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    return error;
  }
}

describe("a name", () => {
  it.each(["a", "process-order", "prüfe 注文 🚚", "x".repeat(255), "é".repeat(127)])("may be %j", (text) => {
    expect(checkName("a name", text)).toBe(text);
    expect(checkStepName(text)).toBe(text);
  });

  it.each([
    ["empty", "", "is missing"],
    ["longer than 255 bytes", "x".repeat(256), "has 256 bytes"],
    ["longer than 255 bytes in UTF-8", "é".repeat(128), "has 256 bytes"],
    ["of 10 kB", "🚚".repeat(2500), "has 10000 bytes"],
    ["with a NUL", "a\0b", "control character"],
    ["with a line break", "a\nb", "control character"],
    ["with a DEL", "a\u007f", "control character"],
    ["with half of a surrogate pair", "a\ud800b", "half of a surrogate pair"],
    ["with the other half", "a\udc00", "half of a surrogate pair"],
  ])("may not be %s", (_, text, problem) => {
    const error = refusal(() => checkName("the name of a workflow", text));
    expect(error).toEqual(refused("INVALID_ARGUMENT"));
    expect(String(error)).toContain("the name of a workflow");
    expect(String(error)).toContain(problem);
  });

  it("counts bytes as UTF-8 does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), (text) => {
        const fits = Buffer.byteLength(text) <= 255 && !/\p{Cc}/u.test(text);
        expect(refusal(() => checkName("a name", text)) === text).toBe(fits);
      }),
    );
  });

  it("may be left out where it is optional", () => {
    expect(checkOptionalName("a task queue", "")).toBe("");
    expect(() => checkOptionalName("a task queue", "\0")).toThrow("a task queue");
  });

  it("of a step may not end like the number of a repeated step", () => {
    expect(() => checkStepName("charge#2")).toThrow("leave the # out");
    expect(checkStepName("charge#two")).toBe("charge#two");
  });
});

describe("a namespace", () => {
  it("is default where none is named", () => {
    expect(checkNamespaceId("")).toBe("default");
  });

  it.each(["production", "a", "team-1_eu.west", "0".repeat(64)])("may be called %j", (name) => {
    expect(checkNamespaceId(name)).toBe(name);
  });

  it.each(["Production", "-a", "a b", "ä", "a\0", "0".repeat(65)])("may not be called %j", (name) => {
    expect(() => checkNamespaceId(name)).toThrow("cannot be called");
  });
});

describe("an id", () => {
  it("of a run or a worker is a UUID in lower case", () => {
    const id = "01a1fca5-5d2b-7ea5-8e44-87f7c0908588";
    expect([checkRunId(id), checkWorkerId(id)]).toEqual([id, id]);
    expect(() => checkRunId("latest")).toThrow('run_id "latest" is not a UUID');
    expect(() => checkWorkerId(id.toUpperCase())).toThrow("worker_id");
  });
});

describe("a payload", () => {
  const payload = (bytes: number, metadata: Record<string, string> = {}) => ({ data: new Uint8Array(bytes), metadata });

  it("may have a mebibyte with its metadata, and not a byte more", () => {
    expect(checkPayload("the input", payload(LIMITS.payloadBytes))).toBeDefined();
    expect(checkPayload("the input", undefined)).toBeUndefined();
    const error = refusal(() => checkPayload("the input of x", payload(LIMITS.payloadBytes - 1, { k: "v" })));
    expect(error).toEqual(refused("PAYLOAD_TOO_LARGE"));
    expect(String(error)).toContain("the input of x has 1048577 bytes");
  });

  it("has metadata that any store can hold", () => {
    expect(checkPayload("the input", payload(1, { encoding: "ä" }))).toBeDefined();
    expect(() => checkPayload("the input", payload(1, { "a\0": "b" }))).toThrow(
      "the input has metadata that is no text",
    );
    expect(() => checkPayload("the input", payload(1, { a: "\ud800" }))).toThrow("the input");
  });
});

describe("a number", () => {
  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, -1, 11])("outside of its range is refused: %d", (value) => {
    expect(() => checkInteger("page_size", value, 0, 10)).toThrow(`page_size is ${value}`);
  });

  it("of milliseconds is 0 to 100 years", () => {
    expect(checkWaitMs("delay_ms", LONGEST_WAIT_MS)).toBe(LONGEST_WAIT_MS);
    expect(() => checkWaitMs("delay_ms", LONGEST_WAIT_MS + 1)).toThrow("delay_ms");
  });
});

describe("a retry policy", () => {
  it("is taken if its numbers make sense", () => {
    expect(checkRetryPolicy(DEFAULT_STEP_RETRY)).toBe(DEFAULT_STEP_RETRY);
  });

  it.each([
    [{ maximumAttempts: -1 }, "maximum_attempts"],
    [{ initialIntervalMs: 0.5 }, "initial_interval_ms"],
    [{ maximumIntervalMs: 1e12 }, "maximum_interval_ms"],
    [{ intervalIncrementMs: -1 }, "interval_increment_ms"],
    [{ backoffCoefficient: 0.5 }, "backoff_coefficient"],
    [{ backoffCoefficient: Number.NaN }, "backoff_coefficient"],
    [{ nonRetryableErrors: ["\0"] }, "non_retryable_errors"],
  ])("is refused for %o", (change, what) => {
    expect(() => checkRetryPolicy({ ...DEFAULT_STEP_RETRY, ...change })).toThrow(what);
  });
});

describe("text that is stored", () => {
  it("holds no NUL and no half of a surrogate pair, and stays within its length, whatever it was", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
        (text) => {
          const stored = storableText(text, 20);
          expect(stored.isWellFormed()).toBe(true);
          expect(stored).not.toContain("\0");
          expect(stored.length).toBeLessThanOrEqual(20);
          expect(storableText(stored, 20)).toBe(stored);
        },
      ),
    );
  });

  it("is left as it is if any store can hold it", () => {
    expect(storableText("prüfe 🚚\n", 100)).toBe("prüfe 🚚\n");
    expect(storableText("abcdef", 4)).toBe("abc…");
  });
});

describe("text for people", () => {
  it("is any text that can be kept as it is", () => {
    expect(checkText("the reason", "Straße 注文\n")).toBe("Straße 注文\n");
    expect(checkText("the reason", "")).toBe("");
  });

  it.each(["a\0b", "a\ud800", "x".repeat(16_385)])("is refused otherwise, by what it is: %#", (text) => {
    expect(() => checkText("the reason", text)).toThrow("the reason may have 16384 characters");
  });
});
