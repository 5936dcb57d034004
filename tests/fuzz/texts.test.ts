import * as core from "@kagzi/core";
import * as fc from "fast-check";
import { Retry, durationMs } from "kagzi";
import { describe, expect, it } from "vitest";
import { slotsOfCron } from "../../packages/server/src/engine/cron.ts";
import { keysOfInput } from "../../packages/server/src/engine/limit-keys.ts";
import { parseStepToken, parseTaskToken } from "../../packages/server/src/engine/tokens.ts";
import { FUZZ, note, repeatWith } from "./settings.ts";

const LONGEST_MS = 100 * 365 * 86_400_000;
/** Of one text: what takes longer has a way of growing that it must not have. */
const PATIENCE_CPU_MS = 500;
const RUNS = Math.max(1000, Math.round(FUZZ.values / 20));
const OPTIONS = { seed: FUZZ.seed, numRuns: RUNS };

/** Texts made of the pieces of a grammar, and of anything else. */
function texts(...pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("\0", "\ud800", "１", "١", "\u00a0", "-0", "1e9", "NaN", "__proto__", "9".repeat(400)),
    },
  );
  return fc.oneof(
    { weight: 5, arbitrary: fc.array(piece, { maxLength: 12 }).map((all) => all.join("")) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
    {
      weight: 1,
      arbitrary: fc.tuple(piece, fc.integer({ min: 1, max: 5000 })).map(([each, times]) => each.repeat(times)),
    },
  );
}

/** Tries `parse` on each text: it gives what `isValid` lets through, or INVALID_ARGUMENT, and in no time. */
function check<Result>(
  test: string,
  text: fc.Arbitrary<string>,
  parse: (text: string) => Result,
  isValid: (result: Result) => boolean,
): void {
  const property = fc.property(text, (each) => {
    const begun = process.cpuUsage();
    try {
      const result = parse(each);
      if (!isValid(result)) throw new Error(`it was taken for ${String(result)}`);
    } catch (error) {
      if (!(error instanceof Error && error.name === "KagziError" && Reflect.get(error, "code") === "INVALID_ARGUMENT"))
        throw error;
      if (error.message.length > 1500) throw new Error("it is quoted at length", { cause: error });
    }
    const { user } = process.cpuUsage(begun);
    if (user > PATIENCE_CPU_MS * 1000) throw new Error(`it took ${user / 1000} ms`);
  });
  const begun = performance.now();
  const found = fc.check(property, OPTIONS);
  note(`texts ${test}`, { tried: RUNS, seconds: (performance.now() - begun) / 1000 });
  if (found.failed) expect.fail(`${fc.defaultReportMessage(found) ?? ""}\nrepeat it: ${repeatWith(test)}`);
}

describe("any text is a value or refused, in no time,", { timeout: 30 * 60_000 }, () => {
  it("as a duration", () => {
    const isMs = (ms: number) => Number.isSafeInteger(ms) && ms >= 0 && ms <= LONGEST_MS;
    const duration = texts("1", "30", "0", ".5", "1.5", "ms", "s", "m", "h", "d", "w", " ", "1h", "30m", "-", "+");
    check("as a duration", duration, (text) => durationMs(text), isMs);
    check(
      "as a duration",
      duration,
      (text) => Retry.fixed(1, text),
      () => true,
    );
  });

  it("as a cron expression", () => {
    const at = Date.UTC(2026, 1, 28, 23, 59);
    const cron = texts(
      "*",
      " ",
      " * * * ",
      "*/5",
      "1-5",
      ",",
      "MON",
      "FRI-SUN",
      "L",
      "W",
      "#2",
      "?",
      "@daily",
      "31",
      "2",
      "0",
      "59",
      "/",
      "-",
      "FEB",
      "29",
    );
    const next = (text: string) => slotsOfCron(text, "UTC")(at);
    check("as a cron expression", cron, next, (slot) => slot === undefined || (Number.isInteger(slot) && slot > at));
    const fields = fc.array(texts("*", "*/7", "1", "5-9", "30", "2", ",", "SUN", "FEB"), {
      minLength: 5,
      maxLength: 5,
    });
    check(
      "as a cron expression",
      fields.map((all) => all.join(" ")),
      next,
      (slot) => slot === undefined || slot > at,
    );
  });

  it("as a time zone", () => {
    const zones = fc.oneof(
      fc.constantFrom(...Intl.supportedValuesOf("timeZone")),
      texts("Europe/", "Paris", "UTC", "Etc/GMT", "+5", "America/", "-04:00", "GMT", "/"),
    );
    const at = Date.UTC(2026, 2, 29, 0, 59);
    check(
      "as a time zone",
      zones,
      (zone) => slotsOfCron("30 2 * * *", zone)(at),
      (slot) => slot !== undefined && slot > at,
    );
  });

  it("as a token of a step or a lease", () => {
    const namespace = core.checkNamespaceId("default");
    const part = fc.oneof(
      fc.constantFrom<unknown>(
        "default",
        "01890000-0000-7000-8000-000000000000",
        1,
        0,
        -1,
        1.5,
        "1",
        null,
        "function",
        "sleep",
        "__proto__",
        [],
        {},
        { maximumAttempts: 3 },
        true,
        "a\0",
      ),
      fc.anything(),
    );
    const run = "01890000-0000-7000-8000-000000000000";
    const real = ["default", run, 1, "function", "step", 1, 1];
    const parts = fc.oneof(
      fc.array(part, { maxLength: 9 }),
      fc.tuple(fc.nat(8), part).map(([index, each]) => real.toSpliced(index, 1, each as string)),
      fc.tuple(part).map(([policy]) => [...real, policy]),
    );
    const forged = fc
      .tuple(fc.constantFrom("s", "t"), parts)
      .map(([kind, all]) => `${kind}.${Buffer.from(jsonOf(all)).toString("base64url")}`);
    const plain = texts(run, "/", "step", "#2", "s.", "t.", "W10");
    for (const text of [forged, plain]) {
      check(
        "as a token",
        text,
        (each) => parseStepToken(each, namespace),
        ({ runId }) => core.isUuid(runId),
      );
      check("as a token", text, parseTaskToken, ({ runId }) => core.isUuid(runId));
    }
  });

  it("as a name", () => {
    const names = texts("a", "order", ".", "#", "#1", "/", " ", "é", "😀");
    const fits = (name: string) => Buffer.byteLength(name) <= 255 && name.isWellFormed();
    check("as a name", names, (text) => core.checkName("a name", text), fits);
    check("as a name", names, core.checkStepName, (name) => fits(name) && core.parseStepKey(name).occurrence === 1);
    check("as a name", names, core.checkNamespaceId, (name) => /^[a-z0-9]/.test(name));
  });
});

describe("the value of a field that a limit names", () => {
  it("is a text or nothing, whatever the field and the input", { timeout: 30 * 60_000 }, () => {
    const field = texts("a", "b", ".", "customer", "constructor", "length", "0");
    const data = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array(),
    );
    const property = fc.property(field, data, fc.constantFrom("application/json", "text/plain"), (key, bytes, type) => {
      const keys = keysOfInput(
        { concurrency: [{ limit: 1, key }] },
        { data: bytes, metadata: { "content-type": type } },
      );
      expect(Object.getPrototypeOf(keys)).not.toBe(bytes);
    });
    const found = fc.check(property, OPTIONS);
    if (found.failed)
      expect.fail(`${fc.defaultReportMessage(found) ?? ""}\nrepeat it: ${repeatWith("field that a limit")}`);
  });
});

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    return "null";
  }
}
