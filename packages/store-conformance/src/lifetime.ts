import type { Hint, Store } from "@kagzi/core";
import { describe, expect, it, vi } from "vitest";
import { DEFAULT, type Fixture, type StoreHarness } from "./harness.ts";

/** Invariants U2 and W7, and what a store does at the ends of its life. */
export function describeLifetime(harness: StoreHarness, fixture: () => Fixture): void {
  describe("a store", () => {
    it("tells the time of its clock", async () => {
      const f = fixture();
      expect(await f.store.now()).toBe(f.clock.now);
    });

    it("migrates a schema that is up to date without touching it", async () => {
      const f = fixture();
      const runId = await f.start();
      expect(await f.store.migrate()).toBe(await f.store.migrate());
      expect((await f.get(runId)).run.status).toBe("pending");
    });

    it("tells which version its schema has, and which it could have", async () => {
      const { newest, version } = await fixture().store.schemaState();
      expect(version).toBe(newest);
      expect(newest).toBe(await fixture().store.migrate());
    });

    it("says so once it is closed", async () => {
      const store = await harness.open(() => 1);
      await store.close();
      await store.close();
      await expect(store.now().then(() => store.namespaces.list({ limit: 1 }))).rejects.toMatchObject({
        detail: { code: "UNAVAILABLE" },
      });
    });
  });

  const openSecond = harness.openSecond?.bind(harness);
  if (openSecond === undefined) return;

  describe("two servers on one database", () => {
    it("see each other's work at once", async () => {
      const f = fixture();
      const second = await openSecond(f.store, () => f.clock.now);
      const runId = await f.start();
      expect(await second.runs.get([{ namespaceId: DEFAULT, runId }])).toMatchObject([{ run: { runId } }]);
      await second.close();
    });

    it("send each other hints, and none to themselves", async () => {
      const f = fixture();
      const second = await openSecond(f.store, () => f.clock.now);
      const [own, others] = [listen(f.store), listen(second)];
      const atFirst = harness.isDeaf === true ? [] : [undefined];
      // Who listens is told that something may have been missed.
      await vi.waitFor(() => expect([own, others]).toEqual([atFirst, [undefined]]));
      const hints = Array.from({ length: 20 }, (): Hint => ({ about: "ended", runId: f.newId() as never }));
      await f.store.hints.send(hints);
      await vi.waitFor(() => expect(others).toEqual([undefined, ...hints]));
      expect(own).toEqual(atFirst);
      await second.close();
    });
  });
}

function listen(store: Store): (Hint | undefined)[] {
  const heard: (Hint | undefined)[] = [];
  store.hints.listen((hint) => heard.push(hint));
  return heard;
}
