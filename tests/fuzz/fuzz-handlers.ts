import { describe, expect, it } from "vitest";
import { type Finding, Fuzzer } from "./fuzzer.ts";
import { residentAfterCollection } from "./memory.ts";
import { FUZZ, note, repeatWith } from "./settings.ts";
import { createWorld } from "./world.ts";

const MOST_GROWTH_BYTES = 200 * 1024 * 1024;
/** With so many messages each method has had its turn. */
const ENOUGH_FOR_ALL = 100_000;
const LONG_MS = 60 * 60_000;

/** What of the fuzzing one file does: several of them keep several processors busy. */
export interface Part {
  readonly name: string;
  /** So that no two say the same. */
  readonly number: number;
  /** Of all messages. */
  readonly share: number;
  /** Asked for when the tests run; absent: SQLite. */
  readonly postgresUrl?: () => string;
}

/** Tries out messages on the handlers of every service. */
export function fuzzHandlers({ name, number, postgresUrl, share }: Part): void {
  describe(`the handlers of every service (${name})`, { timeout: LONG_MS }, () => {
    it("answer or refuse every message, in time, and show and change nothing of another namespace", async () => {
      const messages = Math.round(FUZZ.messages * share);
      const seed = FUZZ.seed + number;
      const stray: unknown[] = [];
      const onStray = (reason: unknown) => stray.push(reason);
      process.on("unhandledRejection", onStray);
      const begun = performance.now();
      const world = await createWorld(seed, postgresUrl?.());
      const before = await world.look();
      const fuzzer = new Fuzzer(world, seed);
      // By then everything has come to its size: statements, pools, caches.
      await fuzzer.run(Math.round(messages / 5));
      const early = await residentAfterCollection();
      await fuzzer.run(Math.round((messages * 4) / 5));
      const growth = (await residentAfterCollection()) - early;
      expect(await world.look(), "the other namespace has changed").toEqual(before);
      const broken = await world.close();
      process.off("unhandledRejection", onStray);
      note(`messages to ${fuzzer.methods.length} methods, ${name}`, {
        tried: messages,
        seconds: (performance.now() - begun) / 1000,
        growthMiB: growth / 1024 ** 2,
      });
      report(fuzzer);
      expect(fuzzer.findings.map(show)).toEqual([]);
      expect(world.errors).toEqual([]);
      expect(broken).toEqual([]);
      expect(stray, "promises that nobody listens to").toEqual([]);
      checkCoverage(fuzzer, messages);
      expect(growth, "bytes that memory has grown by").toBeLessThan(MOST_GROWTH_BYTES);
    });
  });
}

function show({ law, message, method }: Finding): string {
  return `${method}\n  ${law}\n  message: ${message}\n  repeat it: ${repeatWith("the handlers of every service")}`;
}

/** That every method was reached with what it takes, and with what it refuses. */
function checkCoverage({ methods, tally }: Fuzzer, messages: number): void {
  if (messages < ENOUGH_FOR_ALL) return;
  const missing = methods.filter((method) => {
    const counts = tally.get(method);
    const refused = Array.from(counts ?? []).reduce((sum, [what, count]) => sum + (what === "answered" ? 0 : count), 0);
    return (counts?.get("answered") ?? 0) < 3 || refused < 3;
  });
  expect(missing, "methods that were never answered, or never refused").toEqual([]);
}

function report({ tally }: Fuzzer): void {
  if (process.env["KAGZI_FUZZ_REPORT"] === undefined) return;
  for (const [method, counts] of tally)
    process.stdout.write(`${method} ${JSON.stringify(Object.fromEntries(counts))}\n`);
}
