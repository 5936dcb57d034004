import { type ErrorDetail, type RunId, explainRefusal } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { type Fixture, bytesOf, completed, json } from "./harness.ts";

const FAILURE: ErrorDetail = { code: "INTERNAL", message: "no luck", nonRetryable: true };

/** Invariants R2, R5, R7, S1 to S4, L5 and W1: what a worker writes is written once, in order, by its holder alone. */
export function describeWrites(fixture: () => Fixture): void {
  describe("writing for a run", () => {
    it("records steps in order, with what belongs to them", async () => {
      const f = fixture();
      const held = await f.running({ input: json("in") });
      const outcome = await f.write(held, [
        { ...completed("a", json({ of: "a" })), observedAt: 12_345 },
        { name: "b", occurrence: 3, do: "completeStep", attempt: 2, input: json("given"), durationMs: 40 },
      ]);
      expect(outcome).toMatchObject({ became: "written" });
      const [, a, b] = await f.history(held.run.runId);
      expect(a).toMatchObject({
        seq: 2,
        epoch: 1,
        kind: "function",
        type: "completed",
        name: "a",
        occurrence: 1,
        observedAt: 12_345,
        recordedAt: f.clock.now,
      });
      expect(bytesOf(a?.payload)).toEqual(bytesOf(json({ of: "a" })));
      expect(b).toMatchObject({
        seq: 3,
        name: "b",
        occurrence: 3,
        attempt: 2,
        durationMs: 40,
        observedAt: f.clock.now,
      });
      expect(b?.payload).toBeUndefined();
      expect(bytesOf(b?.input)).toEqual(bytesOf(json("given")));
    });

    it("stores the output of a run with its end", async () => {
      const f = fixture();
      const held = await f.running();
      f.clock.now += 10;
      await f.write(held, [completed("a")], { become: "completed", output: json("out") });
      const { run, output } = await f.get(held.run.runId);
      expect(run).toMatchObject({ status: "completed", finishedAt: f.clock.now, crashes: 0 });
      expect(bytesOf(output)).toEqual(bytesOf(json("out")));
    });

    it("stores the error of a run with its end", async () => {
      const f = fixture();
      const held = await f.running();
      await f.write(held, [], { become: "failed", error: FAILURE });
      expect(await f.get(held.run.runId)).toMatchObject({ run: { status: "failed" }, error: FAILURE });
    });

    it("fixes when a wait is over by its own clock, and parks the run until the first is", async () => {
      const f = fixture();
      const held = await f.running();
      const outcome = await f.write(
        held,
        [
          { name: "long", occurrence: 1, do: "startSleep", due: { afterMs: 60_000 } },
          { name: "short", occurrence: 1, do: "startSleep", due: { at: f.clock.now + 1000 } },
        ],
        { become: "parked" },
      );
      expect(outcome).toEqual({
        became: "written",
        now: f.clock.now,
        dueAt: new Map([
          [2, f.clock.now + 60_000],
          [3, f.clock.now + 1000],
        ]),
        status: "sleeping",
        wakeAt: f.clock.now + 1000,
      });
      expect((await f.get(held.run.runId)).run).toMatchObject({
        status: "sleeping",
        availableAt: f.clock.now + 1000,
        workerId: held.workerId,
        crashes: 0,
      });
      const [, long] = await f.history(held.run.runId);
      expect(long).toMatchObject({ kind: "sleep", type: "started", dueAt: f.clock.now + 60_000 });
    });

    it("refuses to end a sleep before it is over, and takes it at the very moment", async () => {
      const f = fixture();
      const held = await f.running();
      await f.write(held, [{ name: "nap", occurrence: 1, do: "startSleep", due: { afterMs: 1000 } }]);
      const later = { ...held, lastSeq: held.lastSeq + 1 };
      const end = [{ name: "nap", occurrence: 1, do: "endWait", kind: "sleep", startedSeq: 2 } as const];
      f.clock.now += 999;
      expect(await f.write(later, end)).toMatchObject({ became: "refused", facts: { status: "running", epoch: 1 } });
      f.clock.now += 1;
      expect(await f.write(later, end)).toMatchObject({ became: "written" });
    });

    it("refuses to end a sleep that was never started", async () => {
      const f = fixture();
      const held = await f.running();
      const end = [{ name: "nap", occurrence: 1, do: "endWait", kind: "sleep", startedSeq: 1 } as const];
      expect(await f.write(held, end)).toMatchObject({ became: "refused" });
      expect(await f.history(held.run.runId)).toHaveLength(1);
    });

    it("keeps a failed attempt that is tried again, with its error and the time of the next", async () => {
      const f = fixture();
      const held = await f.running();
      const error: ErrorDetail = { code: "UNAVAILABLE", message: "later", nonRetryable: false, retryAfterMs: 5000 };
      await f.write(held, [{ name: "a", occurrence: 1, do: "failStep", attempt: 1, error }]);
      const [, record] = await f.history(held.run.runId);
      expect(record).toMatchObject({ type: "retrying", attempt: 1, error, dueAt: f.clock.now + 5000 });
    });

    it("sends a run to its next attempt", async () => {
      const f = fixture();
      const retryPolicy = {
        maximumAttempts: 2,
        initialIntervalMs: 1000,
        backoffCoefficient: 1,
        maximumIntervalMs: 0,
        nonRetryableErrors: [],
        intervalIncrementMs: 0,
        jitter: false,
      };
      const held = await f.running({ retryPolicy });
      const error: ErrorDetail = { code: "INTERNAL", message: "once more", nonRetryable: false };
      await f.write(held, [], { become: "failed", error });
      expect((await f.get(held.run.runId)).run).toMatchObject({
        status: "sleeping",
        attempt: 2,
        availableAt: f.clock.now + 1000,
      });
    });

    it("gives a run back at once, and pauses one with the reason", async () => {
      const f = fixture();
      const released = await f.running();
      await f.write(released, [completed("a")], { become: "released" });
      expect((await f.get(released.run.runId)).run).toMatchObject({
        status: "pending",
        availableAt: f.clock.now,
        crashes: 0,
      });
      const blocked = await f.running();
      await f.write(blocked, [], { become: "blocked", error: FAILURE });
      expect((await f.get(blocked.run.runId)).run).toMatchObject({ status: "paused", pauseError: FAILURE });
    });

    it("refuses another epoch, changes nothing, and tells the run as it is", async () => {
      const f = fixture();
      const held = await f.running();
      for (const epoch of [0, 2]) {
        const stale = { ...held, run: { ...held.run, epoch } };
        const write = f.plan(stale, [completed("a", json("stale"))], { become: "completed", output: json("stale") });
        const [outcome] = await f.store.runs.write([write]);
        expect(outcome).toMatchObject({ became: "refused", facts: { status: "running", epoch: 1, tail: [] } });
        if (outcome?.became === "refused") expect(explainRefusal(write, outcome.facts)).toBe("leaseLost");
      }
      expect(await f.history(held.run.runId)).toHaveLength(1);
      expect((await f.get(held.run.runId)).run.status).toBe("running");
    });

    it("refuses another number of records, whether too low or too high", async () => {
      const f = fixture();
      const held = await f.running();
      await f.write(held, [completed("a")]);
      for (const lastSeq of [1, 3]) {
        expect(await f.write({ ...held, lastSeq }, [completed("b")])).toMatchObject({ became: "refused" });
      }
      expect(await f.history(held.run.runId)).toHaveLength(2);
    });

    it("recognises a write that was applied and whose answer was lost", async () => {
      const f = fixture();
      const held = await f.running();
      const write = f.plan(held, [completed("a"), completed("b")], { become: "completed" });
      await f.store.runs.write([write]);
      const [again] = await f.store.runs.write([write]);
      if (again?.became !== "refused") throw new Error("written twice");
      expect(explainRefusal(write, again.facts)).toBe("applied");
      expect(await f.history(held.run.runId)).toHaveLength(4);
    });

    it("refuses every write once the run has ended, whatever its end", async () => {
      const f = fixture();
      for (const outcome of [{ become: "completed" }, { become: "failed", error: FAILURE }] as const) {
        const held = await f.running();
        await f.write(held, [], outcome);
        const before = await f.get(held.run.runId);
        const late = { ...held, lastSeq: held.lastSeq + 1 };
        expect(await f.write(late, [completed("late")])).toMatchObject({ became: "refused" });
        expect(await f.write(late, [], { become: "completed", output: json("late") })).toMatchObject({
          became: "refused",
        });
        expect(await f.get(held.run.runId)).toEqual(before);
      }
    });

    it("refuses a run that is not there", async () => {
      const f = fixture();
      const held = await f.running();
      const nowhere = { ...held, run: { ...held.run, runId: f.newId() as RunId } };
      expect(await f.write(nowhere, [completed("a")])).toEqual({ became: "refused", facts: undefined });
    });

    it("answers each write of a batch for itself", async () => {
      const f = fixture();
      const good = await f.running();
      const stale = await f.running();
      const other = await f.running();
      const outcomes = await f.store.runs.write([
        f.plan(good, [completed("a")], { become: "completed" }),
        f.plan({ ...stale, run: { ...stale.run, epoch: 9 } }, [completed("a")]),
        f.plan(other, [{ name: "nap", occurrence: 1, do: "startSleep", due: { afterMs: 7 } }], { become: "parked" }),
      ]);
      expect(outcomes).toMatchObject([
        { became: "written" },
        { became: "refused", facts: { epoch: 1 } },
        { became: "written", wakeAt: f.clock.now + 7 },
      ]);
      expect(await f.history(stale.run.runId)).toHaveLength(1);
    });

    it("lets one of two concurrent writers of the same record through", async () => {
      const f = fixture();
      const held = await f.running();
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) => f.write(held, [completed(`step-${index}`)])),
      );
      expect(outcomes.filter((outcome) => outcome.became === "written")).toHaveLength(1);
      expect(await f.history(held.run.runId)).toHaveLength(2);
    });

    it("lets the rest of a batch through when one of its writes meets another writer's record", async () => {
      const f = fixture();
      const contested = await f.running();
      const quiet = [await f.running(), await f.running(), await f.running()];
      const rounds = await Promise.all(
        quiet.map((held, index) =>
          f.store.runs.write([f.plan(contested, [completed(`step-${index}`)]), f.plan(held, [completed("a")])]),
        ),
      );
      expect(rounds.filter(([first]) => first?.became === "written")).toHaveLength(1);
      expect(rounds.every(([, second]) => second?.became === "written")).toBe(true);
    });

    it("writes a thousand runs in one batch", async () => {
      const f = fixture();
      const workerId = await f.register();
      await f.store.runs.start(Array.from({ length: 1000 }, () => f.newStart()));
      const { claimed } = await f.claim(workerId, 1000);
      const outcomes = await f.store.runs.write(
        claimed.map((held, index) => f.plan(held, [completed("a", json(index))], { become: "completed" })),
      );
      expect(outcomes.filter((outcome) => outcome.became === "written")).toHaveLength(1000);
    });
  });
}
