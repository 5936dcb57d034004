import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS } from "./harness.ts";
import { BLOCKED, CANCEL, FAILURE, REASON } from "./operations.ts";

/** Asking runs to clean up and end. */
export function describeCancelling(fixture: () => Fixture): void {
  describe("cancelling", () => {
    it("ends a run at once whose code has not begun, or cannot go on", async () => {
      const f = fixture();
      const pending = await f.start({ delayMs: 1000 });
      const blocked = await f.running();
      await f.write(blocked, [], { become: "blocked", error: BLOCKED });
      for (const runId of [pending, blocked.run.runId]) {
        expect(await f.operate(runId, CANCEL)).toBe(true);
        expect(await f.get(runId)).toMatchObject({ run: { status: "cancelled" }, error: REASON });
      }
    });

    it("makes a run that waits ready, so that its code can clean up, and gives it a deadline for that", async () => {
      const f = fixture();
      const { workerId, ...held } = await f.running();
      await f.write(held, [], { become: "parked", wakeAt: f.clock.now + 1e6, signals: 0 });
      expect(await f.operate(held.run.runId, CANCEL)).toBe(true);
      expect(await f.operate(held.run.runId, CANCEL)).toBe(false);
      const { claimed } = await f.claim(workerId);
      expect(claimed).toMatchObject([{ run: { signals: 1, cancelError: REASON, deadlineAt: f.clock.now + 5000 } }]);
    });

    it("comes before an end that has not heard of it, and after one that came first", async () => {
      const f = fixture();
      const held = await f.running();
      expect(await f.operate(held.run.runId, CANCEL)).toBe(true);
      for (const outcome of [
        { become: "completed" },
        { become: "failed", error: FAILURE },
        { become: "failed", error: { ...FAILURE, nonRetryable: false }, policy: forever() },
      ] as const) {
        const refused = await f.write(held, [], outcome);
        expect(refused).toMatchObject({ became: "refused", facts: { status: "running", cancelError: REASON } });
      }
      const cancelling = { do: "cancelRun", name: "", occurrence: 1, error: REASON } as const;
      expect(await f.write(held, [cancelling])).toMatchObject({ became: "written" });
      const told = { ...held, lastSeq: held.lastSeq + 1 };
      expect(await f.write(told, [], { become: "cancelled", error: REASON })).toMatchObject({ became: "written" });
      expect(await f.get(held.run.runId)).toMatchObject({ run: { status: "cancelled" }, error: REASON });
      const ended = await f.running();
      await f.write(ended, [], { become: "completed" });
      expect(await f.operate(ended.run.runId, CANCEL)).toBe(false);
    });

    it("keeps a run from parking that has not heard of it", async () => {
      const f = fixture();
      const held = await f.running();
      await f.operate(held.run.runId, CANCEL);
      const parked = { become: "parked", wakeAt: f.clock.now + 1e6 } as const;
      const outcome = await f.write(held, [], { ...parked, signals: 0 });
      expect(outcome).toMatchObject({ became: "written", status: "pending", wakeAt: f.clock.now });
      const [again] = (await f.claim(held.workerId)).claimed;
      if (again === undefined) return expect.fail("the run was not ready");
      expect(await f.write(again, [], { ...parked, signals: 1 })).toMatchObject({ status: "sleeping" });
    });

    it("is one thing or the other when it races with the end", async () => {
      const f = fixture();
      for (let round = 0; round < 10; round++) {
        const held = await f.running();
        const [written, accepted] = await Promise.all([
          f.write(held, [], { become: "completed" }),
          f.operate(held.run.runId, CANCEL),
        ]);
        expect(written.became === "written").toBe(!accepted);
      }
    });

    it("is told to whoever holds the run, once", async () => {
      const f = fixture();
      const { run, workerId } = await f.running();
      expect(await f.hear(workerId)).toEqual([]);
      await f.operate(run.runId, CANCEL);
      const heard = await f.hear(workerId);
      expect(heard).toMatchObject([{ runId: run.runId, epoch: 1, signals: 1, cancelError: REASON, messages: [] }]);
      expect(await f.hear(workerId)).toEqual([]);
      const beat = await f.store.workers.heartbeat({ namespaceId: DEFAULT, workerId }, LEASE_MS, {
        activeCount: 1,
        totalCompleted: 0,
        totalFailed: 0,
      });
      expect(beat?.granted).toMatchObject([{ runId: run.runId, cancelling: true }]);
    });
  });
}

/** Tries again and again, at once. */
function forever() {
  return {
    maximumAttempts: 0,
    initialIntervalMs: 1,
    backoffCoefficient: 1,
    maximumIntervalMs: 1,
    nonRetryableErrors: [],
    intervalIncrementMs: 0,
    jitter: false,
  };
}
