import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS, json } from "./harness.ts";

const CENTURY_MS = 100 * 365 * 86_400_000;

/** Numbers beyond 2^31, where the model allows them. */
export function describeNumbers(fixture: () => Fixture): void {
  describe("numbers beyond 2^31", () => {
    it("are kept as they are: times, spans and counts", async () => {
      const f = fixture();
      const delayed = await f.start({ delayMs: CENTURY_MS, timeoutMs: CENTURY_MS });
      expect((await f.get(delayed)).run).toMatchObject({ availableAt: f.clock.now + CENTURY_MS });
      const workerId = await f.register();
      const stats = { ...STATS, totalCompleted: Number.MAX_SAFE_INTEGER, totalFailed: 2 ** 40 };
      await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId }, LEASE_MS, stats);
      expect(await f.store.workers.get(DEFAULT, workerId)).toMatchObject({
        totalCompleted: Number.MAX_SAFE_INTEGER,
        totalFailed: 2 ** 40,
      });
    });

    it("are kept in histories", async () => {
      const f = fixture();
      const held = await f.running({ timeoutMs: CENTURY_MS });
      const about = { name: "long", occurrence: 2 ** 31 - 1 };
      await f.write(held, [
        { ...about, do: "completeStep", attempt: 2 ** 31 - 1, durationMs: 2 ** 40, output: json(2 ** 53) },
      ]);
      const records = await f.history(held.run.runId);
      expect(records.at(-1)).toMatchObject({ ...about, attempt: 2 ** 31 - 1, durationMs: 2 ** 40 });
      expect((await f.get(held.run.runId)).run).toMatchObject({ deadlineAt: f.clock.now + CENTURY_MS });
    });
  });
}
