import type { Backlog, NamespaceId, RunFilter, RunId, RunStatus } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, bytesOf, eventOf, completed, json } from "./harness.ts";

/** Invariants D1 and T1: what went in comes out, and nothing crosses from one namespace to another. */
export function describeReads(fixture: () => Fixture): void {
  describe("reading runs", () => {
    it("knows nothing of a run in another namespace", async () => {
      const f = fixture();
      const other = "other" as NamespaceId;
      await f.store.namespaces.create(other, "");
      const runId = await f.start({ externalId: "order-1" });
      expect(await f.store.runs.get([{ namespaceId: other, runId }])).toEqual([undefined]);
      expect(await f.store.runs.findByExternalId(other, "order-1")).toBeUndefined();
      expect(await f.store.runs.list({ namespaceId: other, statuses: [] }, { limit: 10 })).toEqual([]);
      const [page] = await f.store.history.read([{ namespaceId: other, runId, afterSeq: 0 }], 1000);
      expect(page).toEqual({ records: [], more: false });
      const reference = { namespaceId: other, runId };
      expect(await f.store.runs.operate(reference, () => expect.fail("a run of another namespace"))).toBeUndefined();
      expect(await f.store.runs.delete([reference])).toEqual([]);
      expect(await f.store.runs.children(reference, 10)).toEqual([]);
      expect(await f.store.inbox.send([{ ...reference, message: eventOf("e") }])).toEqual([undefined]);
    });

    it("reads several at once, in the order asked for", async () => {
      const f = fixture();
      const [a, b] = [await f.start({ input: json("a") }), await f.start({ input: json("b") })];
      const ids = [b, f.newId() as RunId, a, b];
      const details = await f.store.runs.get(ids.map((runId) => ({ namespaceId: DEFAULT, runId })));
      expect(details.map((detail) => detail?.run.runId)).toEqual([b, undefined, a, b]);
      expect(bytesOf(details[2]?.input)).toEqual(bytesOf(json("a")));
    });

    it("tells which runs have ended or are not there", async () => {
      const f = fixture();
      const over = await f.running();
      await f.write(over, [], { become: "completed" });
      const open = await f.start();
      const gone = f.newId() as RunId;
      const runs = [over.run.runId, open, gone].map((runId) => ({ namespaceId: DEFAULT, runId }));
      expect((await f.store.runs.ended(runs)).toSorted()).toEqual([over.run.runId, gone].toSorted());
      expect(await f.store.runs.ended([])).toEqual([]);
    });

    it("shows the last records of a history, in order, without what they carry", async () => {
      const f = fixture();
      const held = await f.running({ input: json("in") });
      await f.write(held, [completed("a", json(1)), completed("b", json(2))]);
      const all = await f.store.history.latest(held.run, 10);
      expect(all.map(({ name, seq }) => [seq, name])).toEqual([
        [1, ""],
        [2, "a"],
        [3, "b"],
      ]);
      expect(all.some(({ payload }) => payload !== undefined)).toBe(false);
      expect((await f.store.history.latest(held.run, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
      const other = { namespaceId: "other" as NamespaceId, runId: held.run.runId };
      expect(await f.store.history.latest(other, 10)).toEqual([]);
    });

    it("counts the runs that are to be taken before one: by priority, then by time, of its own kind", async () => {
      const f = fixture();
      const before = [await f.start({ priority: 5 }), await f.start({ priority: 5 })];
      f.clock.now += 10;
      before.push(await f.start());
      f.clock.now += 10;
      const runId = await f.start();
      f.clock.now += 10;
      await f.start();
      await f.start({ priority: -1 });
      await f.start({ priority: 9, delayMs: 1000 });
      await f.start({ priority: 9, workflowType: "other" });
      await f.start({ priority: 9, version: "2" });
      await f.start({ priority: 9, taskQueue: "other" });
      const { run } = await f.get(runId);
      expect(await f.store.runs.ahead(run, 10)).toBe(before.length);
      expect(await f.store.runs.ahead(run, 2)).toBe(2);
      f.clock.now += 1000;
      expect(await f.store.runs.ahead(run, 10)).toBe(before.length + 1);
    });

    it("lists runs newest first, page by page", async () => {
      const f = fixture();
      const ids: RunId[] = [];
      for (let n = 0; n < 5; n++) ids.push(await f.start());
      const filter = { namespaceId: DEFAULT, statuses: [] };
      const first = await f.store.runs.list(filter, { limit: 3 });
      const last = first.at(-1);
      const second = await f.store.runs.list(filter, { limit: 3, ...(last && { before: last.runId }) });
      expect([...first, ...second].map((run) => run.runId)).toEqual(ids.toReversed());
    });

    it("lists and counts by status, workflow and time of creation", async () => {
      const f = fixture();
      const begin = f.clock.now;
      const over = await f.running();
      await f.write(over, [], { become: "completed" });
      const held = await f.running();
      f.clock.now += 1000;
      const part = await f.start({ workflowType: "part" });
      const find = async (filter: Omit<RunFilter, "namespaceId" | "statuses">, ...statuses: RunStatus[]) => {
        const full = { namespaceId: DEFAULT, statuses, ...filter };
        const runs = await f.store.runs.list(full, { limit: 10 });
        expect(await f.store.runs.count(full, 10)).toBe(runs.length);
        return runs.map((run) => run.runId);
      };
      expect(await find({}, "completed")).toEqual([over.run.runId]);
      expect(await find({}, "running", "pending")).toEqual([part, held.run.runId]);
      expect(await find({}, "running", "completed")).toEqual([held.run.runId, over.run.runId]);
      expect(await find({ workflowType: "part" })).toEqual([part]);
      expect(await find({ workflowType: "part" }, "running")).toEqual([]);
      expect(await find({ createdAfter: begin })).toEqual([part]);
      expect(await find({ createdBefore: begin + 1 })).toEqual([held.run.runId, over.run.runId]);
      expect(await f.store.runs.count({ namespaceId: DEFAULT, statuses: [] }, 2)).toBe(2);
    });
  });

  describe("the backlog", () => {
    it("counts the runs that have not ended, and tells since when they wait", async () => {
      const f = fixture();
      const other = "other" as NamespaceId;
      await f.store.namespaces.create(other, "");
      await f.write(await f.running(), [], { become: "completed" });
      await f.running();
      await f.start();
      f.clock.now += 2500;
      await f.start();
      await f.start({ workflowType: "later", delayMs: 60_000 });
      const backlog = await f.store.runs.backlog([DEFAULT, other], 10);
      const about = { namespaceId: DEFAULT, workflowType: "greet" };
      expect(backlog.toSorted((a, b) => compare(nameOf(a), nameOf(b)))).toEqual([
        { ...about, status: "pending", count: 2, ready: 2, oldestReadyMs: 2500 },
        { ...about, status: "running", count: 1, ready: 0, oldestReadyMs: 0 },
        { ...about, workflowType: "later", status: "pending", count: 1, ready: 0, oldestReadyMs: 0 },
      ]);
      expect(await f.store.runs.backlog([other], 10)).toEqual([]);
    });

    it("counts no further than it is asked to, the oldest first", async () => {
      const f = fixture();
      for (const workflowType of ["a", "a", "b"]) await f.start({ workflowType });
      const counts = await f.store.runs.backlog([DEFAULT], 2);
      expect(counts.map(({ count, workflowType }) => [workflowType, count])).toEqual([["a", 2]]);
    });
  });

  describe("reading histories", () => {
    it("reads several at once, each from its own place", async () => {
      const f = fixture();
      const a = await f.running();
      const b = await f.running();
      await f.write(a, [completed("one"), completed("two")]);
      const pages = await f.store.history.read(
        [
          { namespaceId: DEFAULT, runId: a.run.runId, afterSeq: 2 },
          { namespaceId: DEFAULT, runId: f.newId() as RunId, afterSeq: 0 },
          { namespaceId: DEFAULT, runId: b.run.runId, afterSeq: 0 },
        ],
        1000,
      );
      expect(pages.map(({ records, more }) => [records.map((record) => record.seq), more])).toEqual([
        [[3], false],
        [[], false],
        [[1], false],
      ]);
    });

    it("ends a page by bytes, with at least one record, and says that there is more", async () => {
      const f = fixture();
      const held = await f.running();
      const large = json("x".repeat(3000));
      await f.write(held, [completed("a", large), completed("b", large), completed("c", large)]);
      const read = async (afterSeq: number, maxBytes: number) => {
        const [page] = await f.store.history.read(
          [{ namespaceId: DEFAULT, runId: held.run.runId, afterSeq }],
          maxBytes,
        );
        return [page?.records.map((record) => record.seq), page?.more];
      };
      expect(await read(1, 10)).toEqual([[2], true]);
      expect(await read(3, 10)).toEqual([[4], false]);
      expect(await read(0, 1e6)).toEqual([[1, 2, 3, 4], false]);
    });

    it("reads a long history in pages without a gap", async () => {
      const f = fixture();
      const held = await f.running();
      const commands = Array.from({ length: 2500 }, (_, index) => completed("loop", undefined, index + 1));
      await f.write(held, commands);
      let afterSeq = 0;
      const seqs: number[] = [];
      for (let more = true; more;) {
        const [page] = await f.store.history.read([{ namespaceId: DEFAULT, runId: held.run.runId, afterSeq }], 1e9);
        seqs.push(...(page?.records.map((record) => record.seq) ?? []));
        afterSeq = seqs.at(-1) ?? 0;
        more = page?.more ?? false;
      }
      expect(seqs).toEqual(Array.from({ length: 2501 }, (_, index) => index + 1));
    });

    it("gives payloads back byte for byte, with their metadata", async () => {
      const f = fixture();
      const payloads = [
        { data: new Uint8Array(0), metadata: {} },
        {
          data: Uint8Array.from({ length: 256 }, (_, byte) => byte),
          metadata: { "content-type": "x/y", encoding: "ä" },
        },
        {
          data: new TextEncoder().encode('"\\u0000\\ud800\u{1F600}"'),
          metadata: { "content-type": "application/json" },
        },
        { data: new Uint8Array(1024 * 1024).fill(7), metadata: { "content-type": "application/octet-stream" } },
      ];
      const held = await f.running();
      await f.write(
        held,
        payloads.map((payload, index) => completed("p", payload, index + 1)),
      );
      const records = (await f.history(held.run.runId)).slice(1);
      for (const [index, payload] of payloads.entries()) {
        const read = records[index]?.payload;
        expect(Buffer.compare(Buffer.from(read?.data ?? []), Buffer.from(payload.data))).toBe(0);
        expect(read?.metadata).toEqual(payload.metadata);
      }
    });

    it("keeps names and errors in any script", async () => {
      const f = fixture();
      const held = await f.running();
      const name = "prüfe 注文 🚚 'quoted' \"double\" \\ {braces},NULL";
      const error = {
        code: "INTERNAL",
        message: name,
        nonRetryable: true,
        name: "Fehler",
        metadata: { [name]: name },
      } as const;
      await f.write(held, [{ name, occurrence: 1, do: "failStep", attempt: 1, error }]);
      expect((await f.history(held.run.runId))[1]).toMatchObject({ name, error });
    });
  });
}

function nameOf({ status, workflowType }: Backlog): string {
  return `${workflowType} ${status}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
