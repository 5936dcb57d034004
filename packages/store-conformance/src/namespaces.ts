import type { ClaimedRun, NamespaceId, RunId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, LEASE_MS, STATS } from "./harness.ts";

export function describeNamespaces(fixture: () => Fixture): void {
  describe("namespaces", () => {
    const a = "a" as NamespaceId;

    it("begin with the default one", async () => {
      const f = fixture();
      expect(await f.store.namespaces.list({ limit: 10 })).toMatchObject([{ namespaceId: DEFAULT, enabled: true }]);
    });

    it("are created once", async () => {
      const f = fixture();
      const created = {
        namespaceId: a,
        description: "ä",
        enabled: true,
        createdAt: f.clock.now,
        updatedAt: f.clock.now,
      };
      expect(await f.store.namespaces.create(a, "ä")).toEqual(created);
      expect(await f.store.namespaces.create(a, "again")).toBeUndefined();
      expect(await f.store.namespaces.get(a)).toEqual(created);
      expect(await f.store.namespaces.get("b" as NamespaceId)).toBeUndefined();
    });

    it("change in what is given", async () => {
      const f = fixture();
      await f.store.namespaces.create(a, "first");
      f.clock.now += 5;
      expect(await f.store.namespaces.update(a, { enabled: false })).toMatchObject({
        description: "first",
        enabled: false,
        updatedAt: f.clock.now,
      });
      expect(await f.store.namespaces.update(a, { description: "" })).toMatchObject({
        description: "",
        enabled: false,
      });
      expect(await f.store.namespaces.update("b" as NamespaceId, { enabled: true })).toBeUndefined();
    });

    it("are listed by name, page by page", async () => {
      const f = fixture();
      for (const name of ["zz", "b.1", "a-2", "a_1"]) await f.store.namespaces.create(name as NamespaceId, "");
      const first = await f.store.namespaces.list({ limit: 3 });
      const after = first.at(-1)?.namespaceId;
      const second = await f.store.namespaces.list({ limit: 3, ...(after && { after }) });
      expect([...first, ...second].map((each) => each.namespaceId)).toEqual(["a-2", "a_1", "b.1", "default", "zz"]);
    });

    it("hold runs of one id apart that start at once", async () => {
      const f = fixture();
      await f.store.namespaces.create(a, "");
      const runId = await f.start();
      await f.start({ externalId: "key", namespaceId: a });
      const [there, fresh] = [f.newStart({ runId }), f.newStart({ runId, namespaceId: a })];
      expect(await f.store.runs.start([there, fresh])).toMatchObject([{ became: "found" }, { became: "started" }]);
      const other = f.newId() as RunId;
      const taken = f.newStart({ runId: other, namespaceId: a, externalId: "key" });
      const free = f.newStart({ runId: other, externalId: "key" });
      expect(await f.store.runs.start([taken, free])).toMatchObject([{ became: "found" }, { became: "started" }]);
      expect(await f.store.runs.get([{ namespaceId: a, runId: other }])).toEqual([undefined]);
    });

    it("hold runs of one id apart that are written to, or are taken back, at once", async () => {
      const f = fixture();
      await f.store.namespaces.create(a, "");
      const [mine, theirs] = [await f.register(), await f.register({ namespaceId: a })];
      const runId = await f.start();
      await f.start({ runId, namespaceId: a });
      const { claimed } = await f.claim(mine);
      const { claimed: others } = await f.claim(theirs, 1, { namespaceId: a });
      const [one, two] = [...claimed, ...others] as [ClaimedRun, ClaimedRun];
      const sleep = (afterMs: number) => ({ name: "s", occurrence: 1, do: "startSleep", due: { afterMs } }) as const;
      const written = await f.store.runs.write([f.plan(one, [sleep(1000)]), f.plan(two, [sleep(2000)])]);
      expect(written).toMatchObject([
        { dueAt: new Map([[2, f.clock.now + 1000]]) },
        { dueAt: new Map([[2, f.clock.now + 2000]]) },
      ]);
      f.clock.now += LEASE_MS + 1;
      const lapsed = await f.store.workers.lapsed(10);
      expect(lapsed).toHaveLength(2);
      await f.store.workers.heartbeat({ namespaceId: a, workerId: theirs }, LEASE_MS, STATS);
      const back = lapsed.map((lease) => ({ lease, takeover: { become: "pending", afterMs: 0, crashes: 1 } as const }));
      expect(await f.store.workers.takeOver(back)).toEqual([runId]);
      expect((await f.get(runId)).run.status).toBe("pending");
      expect((await f.get(runId, a)).run.status).toBe("running");
    });
  });
}
