import { KagziError } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, completed, json } from "./harness.ts";
import { FAILURE, RETRY } from "./operations.ts";

/** What people do to runs that have ended: retry, rerun and delete them, and say what new ones take. */
export function describeRestarts(fixture: () => Fixture): void {
  describe("retrying a failed run", () => {
    it("gives it another attempt with its history, and a deadline anew", async () => {
      const f = fixture();
      const held = await f.running({ timeoutMs: 1000 });
      const { runId } = held.run;
      await f.write(held, [completed("a")], { become: "failed", error: FAILURE });
      f.clock.now += 5000;
      expect(await f.operate(runId, RETRY)).toBe(true);
      expect((await f.get(runId)).run).toMatchObject({ status: "pending", attempt: 2, deadlineAt: f.clock.now + 1000 });
      const types = (await f.history(runId)).map(({ kind, type }) => `${kind} ${type}`);
      expect(types).toEqual(["run started", "function completed", "run failed", "run retrying"]);
      const [again] = (await f.claim(held.workerId)).claimed;
      if (again === undefined) return expect.fail("the run was not ready");
      expect(await f.write(again, [], { become: "completed" })).toMatchObject({ became: "written" });
    });

    it("is refused in every other state", async () => {
      const f = fixture();
      const ended = await f.running();
      await f.write(ended, [], { become: "completed" });
      for (const runId of [ended.run.runId, await f.start()]) {
        await expect(f.operate(runId, RETRY)).rejects.toThrow(KagziError);
        await expect(f.operate(runId, RETRY)).rejects.toMatchObject({ code: "PRECONDITION_FAILED" });
      }
    });
  });

  describe("running again from a step", () => {
    it("begins a new run with what had come to its end before that step", async () => {
      const f = fixture();
      const held = await f.running({ externalId: "original", input: json("in") });
      const nap = { do: "startSleep", name: "nap", occurrence: 1, due: { afterMs: 1000 } } as const;
      await f.write(held, [completed("a", json(1)), nap, completed("b"), completed("c")], { become: "completed" });
      const start = f.newStart({ input: json("in") });
      const source = { namespaceId: DEFAULT, runId: held.run.runId, beforeSeq: 5 };
      expect(await f.store.runs.rerun(start, source)).toMatchObject({ became: "started" });
      expect((await f.get(start.runId)).run).toMatchObject({ status: "pending", rerunOf: held.run.runId });
      const history = await f.history(start.runId);
      expect(history.map(({ epoch, name, seq }) => [seq, name, epoch])).toEqual([
        [1, "", 0],
        [2, "a", 0],
        [3, "b", 0],
      ]);
    });

    it("is no new run if the new run's id is another's", async () => {
      const f = fixture();
      const held = await f.running();
      const taken = await f.start({ externalId: "taken" });
      const start = f.newStart({ externalId: "taken" });
      const source = { namespaceId: DEFAULT, runId: held.run.runId, beforeSeq: 2 };
      expect(await f.store.runs.rerun(start, source)).toMatchObject({ became: "found", runId: taken });
    });
  });

  describe("deleting", () => {
    it("removes what has ended, with all that is known of it, and nothing else", async () => {
      const f = fixture();
      const held = await f.running({ externalId: "gone" });
      await f.write(held, [completed("a")], { become: "completed" });
      const open = await f.start({ externalId: "open" });
      const references = [held.run.runId, open].map((runId) => ({ namespaceId: DEFAULT, runId }));
      expect(await f.store.runs.delete(references)).toEqual([held.run.runId]);
      expect(await f.store.runs.get(references)).toMatchObject([undefined, { run: { runId: open } }]);
      expect(await f.history(held.run.runId)).toEqual([]);
      expect(await f.store.runs.findByExternalId(DEFAULT, "gone")).toBeUndefined();
      await f.start({ externalId: "gone" });
    });
  });

  describe("the version that new runs take", () => {
    it("is pinned until it is no more", async () => {
      const f = fixture();
      await f.register({ workflows: [{ workflowType: "pinned", version: "3" }] });
      await f.store.workers.setDefaultVersion(DEFAULT, "pinned", "2");
      await f.store.workers.setDefaultVersion(DEFAULT, "pinned", "1");
      expect(await f.store.workers.versions(DEFAULT, "pinned")).toEqual({ registered: ["3"], pinned: "1" });
      await f.store.workers.setDefaultVersion(DEFAULT, "pinned", undefined);
      expect(await f.store.workers.versions(DEFAULT, "pinned")).toEqual({ registered: ["3"] });
    });
  });
}
