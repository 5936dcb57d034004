import { afterEach, describe, expect, it } from "vitest";
import { type Finding, Fuzzer } from "./fuzzer.ts";
import { residentAfterCollection } from "./memory.ts";
import { FUZZ, repeatWith } from "./settings.ts";
import { createWorld } from "./world.ts";

/** Of all messages; the others go over the network, and to PostgreSQL. */
const SHARE = 0.45;
const MOST_GROWTH_BYTES = 200 * 1024 * 1024;
const LONG_MS = 60 * 60_000;

const stray: unknown[] = [];
const onStray = (reason: unknown) => stray.push(reason);
process.on("unhandledRejection", onStray);

afterEach(() => {
  expect(stray).toEqual([]);
});

/** Each half has a file of its own, so that two processors have something to do. */
export function fuzzHandlers(half: number): void {
  describe(`the handlers of every service (${half} of 2)`, { timeout: LONG_MS }, () => {
    it("answer or refuse every message, in time, and show and change nothing of another namespace", async () => {
      const messages = Math.round((FUZZ.messages * SHARE) / 2);
      const seed = FUZZ.seed + half;
      const world = await createWorld(seed);
      const before = await world.look();
      const fuzzer = new Fuzzer(world, seed);
      // By then everything has come to its size: statements, pools, caches.
      await fuzzer.run(Math.round(messages / 5));
      const early = await residentAfterCollection();
      await fuzzer.run(Math.round((messages * 4) / 5));
      const growth = (await residentAfterCollection()) - early;
      expect(await world.look(), "the other namespace has changed").toEqual(before);
      const broken = await world.close();
      report(fuzzer);
      expect(fuzzer.findings.map(show)).toEqual([]);
      expect(world.errors).toEqual([]);
      expect(broken).toEqual([]);
      expect(growth, "bytes that memory has grown by").toBeLessThan(MOST_GROWTH_BYTES);
    });
  });
}

function show({ law, message, method }: Finding): string {
  return `${method}\n  ${law}\n  message: ${message}\n  repeat it: ${repeatWith("the handlers of every service")}`;
}

function report({ tally }: Fuzzer): void {
  if (process.env["KAGZI_FUZZ_REPORT"] === undefined) return;
  for (const [method, counts] of tally)
    process.stdout.write(`${method} ${JSON.stringify(Object.fromEntries(counts))}\n`);
}

fuzzHandlers(1);
