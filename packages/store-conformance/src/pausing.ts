import type { NamespaceId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, completed } from "./harness.ts";
import { BLOCKED, CANCEL, END, PAUSE, REASON, RESUME } from "./operations.ts";

/** Pausing, by people and because the code does not match. */
export function describePausing(fixture: () => Fixture): void {
  describe("pausing", () => {
    it("stops a run that waits, and resuming makes it ready", async () => {
      const f = fixture();
      const sleeping = await f.running();
      await f.write(sleeping, [], { become: "parked", wakeAt: f.clock.now + 1e6, signals: 0 });
      for (const runId of [await f.start(), sleeping.run.runId]) {
        expect(await f.operate(runId, PAUSE)).toBe(true);
        expect(await f.operate(runId, PAUSE)).toBe(false);
        expect((await f.get(runId)).run).toMatchObject({ status: "paused", pauseError: REASON });
        expect((await f.claim(await f.register())).claimed).toEqual([]);
        expect(await f.operate(runId, RESUME)).toBe(true);
        expect(await f.operate(runId, RESUME)).toBe(false);
        expect((await f.get(runId)).run).toMatchObject({ status: "pending", availableAt: f.clock.now });
        await f.operate(runId, END);
      }
    });

    it("lets whoever holds a run finish what it does, and stops it where it would go back or wait", async () => {
      const f = fixture();
      for (const outcome of [{ become: "released" }, { become: "parked", wakeAt: 1, signals: 1 }] as const) {
        const held = await f.running();
        const { runId } = held.run;
        await f.operate(runId, PAUSE);
        expect((await f.get(runId)).run).toMatchObject({ status: "running", pauseError: REASON });
        expect(await f.hear(held.workerId)).toMatchObject([{ runId, pauseError: REASON }]);
        expect(await f.write(held, [completed("a")], outcome)).toMatchObject({ became: "written", status: "paused" });
        await f.operate(runId, RESUME);
        const [again] = (await f.claim(held.workerId)).claimed;
        expect(again).toMatchObject({ lastSeq: 2, run: { runId } });
        await f.operate(runId, END);
      }
    });

    it("is no end: a run that comes to its end first has ended", async () => {
      const f = fixture();
      const held = await f.running();
      await f.operate(held.run.runId, PAUSE);
      await f.write(held, [], { become: "completed" });
      expect((await f.get(held.run.runId)).run.status).toBe("completed");
    });

    it("stops a run whose worker is lost, deregisters or gives it back", async () => {
      const f = fixture();
      const [lost, gone, given] = [await f.running(), await f.running(), await f.running()];
      for (const { run } of [lost, gone, given]) await f.operate(run.runId, PAUSE);
      await f.store.workers.deregister(DEFAULT, gone.workerId);
      await f.store.workers.release(DEFAULT, [given.run]);
      f.clock.now += LEASE_MS + 1;
      await f.takeBack(await f.store.workers.lapsed(10));
      for (const { run } of [lost, gone, given]) {
        expect((await f.get(run.runId)).run).toMatchObject({ status: "paused", pauseError: REASON });
      }
    });

    it("gives way to cancelling", async () => {
      const f = fixture();
      const held = await f.running();
      await f.operate(held.run.runId, PAUSE);
      await f.operate(held.run.runId, CANCEL);
      await f.write(held, [], { become: "released" });
      const { run } = await f.get(held.run.runId);
      expect(run).toMatchObject({ status: "pending", cancelError: REASON });
      expect(run.pauseError).toBeUndefined();
    });
  });

  describe("a run that is paused before its time", () => {
    it("goes on at its time when it is resumed before, and at once when it is resumed later", async () => {
      const f = fixture();
      const delayed = { delayMs: 5000 };
      const [early, late, gone] = [await f.start(delayed), await f.start(delayed), await f.start(delayed)];
      const availableAt = f.clock.now + 5000;
      for (const runId of [early, late, gone]) await f.operate(runId, PAUSE);
      f.clock.now += 1000;
      expect(await f.operate(early, RESUME)).toBe(true);
      expect((await f.get(early)).run).toMatchObject({ status: "pending", availableAt });
      f.clock.now += 9000;
      await f.operate(late, RESUME);
      expect((await f.get(late)).run).toMatchObject({ status: "pending", availableAt: f.clock.now });
      await f.operate(gone, END);
      expect((await f.get(gone)).run.status).toBe("cancelled");
    });
  });

  describe("a run that does not match its code", () => {
    it("gets another try from workers that have its workflow in its version, and from nobody else", async () => {
      const f = fixture();
      const held = await f.running();
      const byHand = await f.start();
      await f.operate(byHand, PAUSE);
      await f.write(held, [], { become: "blocked", error: BLOCKED });
      expect(await f.store.runs.unblock(DEFAULT, [{ workflowType: "greet", version: "2" }])).toBe(0);
      expect(await f.store.runs.unblock("other" as NamespaceId, [{ workflowType: "greet", version: "1" }])).toBe(0);
      expect(await f.store.runs.unblock(DEFAULT, [{ workflowType: "greet", version: "1" }])).toBeGreaterThan(0);
      expect((await f.get(held.run.runId)).run.status).toBe("pending");
      expect((await f.get(byHand)).run.status).toBe("paused");
    });
  });
}
