import type { Command, ErrorDetail, RunId } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, bytesOf, completed, eventOf, json } from "./harness.ts";

const FAILURE: ErrorDetail = { code: "INTERNAL", message: "broken", nonRetryable: true };
const WAITING = { become: "parked", forMessages: true } as const;

/** What others bring to a run: events, and how its children ended. */
export function describeInbox(fixture: () => Fixture): void {
  const send = (f: Fixture, runId: RunId, ...names: string[]) =>
    f.store.inbox.send(names.map((name) => ({ namespaceId: DEFAULT, runId, message: eventOf(name) })));
  const take = (position: number, change: Partial<Extract<Command, { do: "takeMessage" }>> = {}): Command => ({
    do: "takeMessage",
    kind: "event",
    name: "wait",
    occurrence: 1,
    position,
    failed: false,
    ...change,
  });

  describe("the inbox of a run", () => {
    it("keeps messages in order until they are taken, each once, and makes what was taken history", async () => {
      const f = fixture();
      const held = await f.running();
      const { runId } = held.run;
      await send(f, runId, "a", "b");
      await send(f, runId, "c");
      const reference = { namespaceId: DEFAULT, runId };
      const messages = await f.messages(runId);
      expect(messages.map(({ position }) => position)).toEqual([1, 2, 3]);
      expect(messages[1]).toMatchObject({ kind: "event", name: "b", messageId: "b" });
      expect(await f.write(held, [take(2)])).toMatchObject({ became: "written" });
      const both = [0, 1].map((after) => ({ ...reference, after }));
      const left = await f.store.inbox.read(both, 1e9);
      expect(left.map((page) => page.messages.map(({ position }) => position))).toEqual([[1, 3], [3]]);
      expect(bytesOf((await f.history(runId))[1]?.payload)).toEqual(bytesOf(json("b")));
      const later = { ...held, lastSeq: held.lastSeq + 1 };
      for (const gone of [2, 7]) expect(await f.write(later, [take(gone)])).toMatchObject({ became: "refused" });
      expect(await f.write(later, [take(1, { failed: true })])).toMatchObject({ became: "refused" });
      expect(await f.write(later, [take(1, { kind: "child" })])).toMatchObject({ became: "refused" });
    });

    it("takes a message of one id once, even after it was taken", async () => {
      const f = fixture();
      const held = await f.running();
      const { runId } = held.run;
      await send(f, runId, "same");
      await send(f, runId, "same", "other");
      await f.write(held, [take(1)]);
      await send(f, runId, "same");
      const messages = await f.messages(runId);
      expect(messages.map((message) => message.kind === "event" && message.name)).toEqual(["other"]);
    });

    it("wakes a run that waits for a message, and none that sleeps", async () => {
      const f = fixture();
      const [waiting, sleeping] = [await f.running(), await f.running()];
      await f.write(waiting, [], { ...WAITING, signals: 0 });
      await f.write(sleeping, [], { become: "parked", wakeAt: f.clock.now + 1e6, signals: 0 });
      expect((await f.get(waiting.run.runId)).run).toMatchObject({ status: "waiting" });
      expect(await send(f, waiting.run.runId, "a")).toMatchObject([{ status: "pending", workflowType: "greet" }]);
      expect(await send(f, sleeping.run.runId, "a")).toMatchObject([{ status: "sleeping" }]);
      const { claimed } = await f.claim(waiting.workerId);
      expect(claimed).toMatchObject([{ run: { runId: waiting.run.runId, signals: 1 } }]);
    });

    it("keeps a run from waiting that has a message it has not heard of", async () => {
      const f = fixture();
      const held = await f.running();
      await send(f, held.run.runId, "a");
      expect(await f.write(held, [], { ...WAITING, signals: 0 })).toMatchObject({ status: "pending" });
      const [again] = (await f.claim(held.workerId)).claimed;
      if (again === undefined) return expect.fail("the run was not ready");
      const wakeAt = f.clock.now + 50;
      expect(await f.write(again, [], { ...WAITING, wakeAt, signals: 1 })).toMatchObject({ status: "waiting", wakeAt });
    });

    it("loses none when a message and the wait for it meet", async () => {
      const f = fixture();
      for (let round = 0; round < 10; round++) {
        const held = await f.running();
        await Promise.all([f.write(held, [], { ...WAITING, signals: 0 }), send(f, held.run.runId, "a")]);
        expect((await f.get(held.run.runId)).run.status).toBe("pending");
        await f.operate(held.run.runId, { do: "end", status: "cancelled", error: FAILURE });
      }
    });

    it("numbers what many send at once without gaps", async () => {
      const f = fixture();
      const { run } = await f.running();
      const names = Array.from({ length: 20 }, (_, index) => `event-${index}`);
      await Promise.all(names.map((name) => send(f, run.runId, name)));
      const messages = await f.messages(run.runId);
      expect(messages.map(({ position }) => position)).toEqual(names.map((_, index) => index + 1));
    });

    it("is read page by page: at least one message, and as many as have room", async () => {
      const f = fixture();
      const { run, workerId } = await f.running();
      const big = new Uint8Array(1000);
      for (const messageId of ["a", "b", "c"]) {
        const message = eventOf("big", { messageId, payload: { data: big, metadata: {} } });
        await f.store.inbox.send([{ namespaceId: DEFAULT, runId: run.runId, message }]);
      }
      const read = async (after: number, maxBytes: number) => {
        const [page] = await f.store.inbox.read([{ namespaceId: DEFAULT, runId: run.runId, after }], maxBytes);
        return [page?.messages.map(({ position }) => position), page?.more];
      };
      expect(await read(0, 10)).toEqual([[1], true]);
      expect(await read(1, 10)).toEqual([[2], true]);
      expect(await read(2, 10)).toEqual([[3], false]);
      expect(await read(3, 10)).toEqual([[], false]);
      expect(await read(0, 2500)).toEqual([[1, 2], true]);
      expect(await read(0, 1e6)).toEqual([[1, 2, 3], false]);
      const heard = await f.store.inbox.hear(DEFAULT, [workerId], 2500);
      expect(heard).toMatchObject([{ signals: 3, more: true, messages: [{ position: 1 }, { position: 2 }] }]);
    });

    it("is told to whoever holds the run", async () => {
      const f = fixture();
      const { run, workerId } = await f.running();
      await send(f, run.runId, "a");
      expect(await f.hear(workerId)).toMatchObject([
        { runId: run.runId, signals: 1, messages: [{ name: "a", position: 1 }] },
      ]);
      await send(f, run.runId, "b");
      expect(await f.hear(workerId)).toMatchObject([{ signals: 2, messages: [{ name: "b", position: 2 }] }]);
      expect(await f.hear(workerId)).toEqual([]);
    });

    it("is none of a run that has ended or is not there, but remembers what came before", async () => {
      const f = fixture();
      const held = await f.running();
      await send(f, held.run.runId, "before");
      await f.write(held, [], { become: "completed" });
      expect(await f.store.inbox.knows({ namespaceId: DEFAULT, runId: held.run.runId }, "before")).toBe(true);
      expect(await f.store.inbox.knows({ namespaceId: DEFAULT, runId: held.run.runId }, "a")).toBe(false);
      expect(await send(f, held.run.runId, "a")).toEqual([undefined]);
      expect(await send(f, f.newId() as RunId, "a")).toEqual([undefined]);
    });
  });

  describe("a wait for an event", () => {
    it("ends without one when its time is over, and not before", async () => {
      const f = fixture();
      const held = await f.running();
      const wait = { name: "wait", occurrence: 1 };
      await f.write(held, [{ ...wait, do: "startEventWait", due: { afterMs: 100 } }]);
      const end: Command = { ...wait, do: "endWait", kind: "event", startedSeq: 2 };
      const later = { ...held, lastSeq: 2 };
      expect(await f.write(later, [end])).toMatchObject({ became: "refused" });
      f.clock.now += 100;
      expect(await f.write(later, [{ ...end, kind: "sleep" }])).toMatchObject({ became: "refused" });
      expect(await f.write(later, [end])).toMatchObject({ became: "written" });
    });
  });

  describe("a child", () => {
    async function family(f: Fixture, awaited = true) {
      const parent = await f.running();
      await f.write(parent, [], { ...WAITING, signals: 0 });
      const child = await f.running({ parent: { runId: parent.run.runId, step: "child", awaited } });
      return { parent: parent.run.runId, child };
    }

    it("tells its parent of its end, and makes it ready, in one go", async () => {
      const f = fixture();
      const { child, parent } = await family(f);
      expect(child.run.parent).toEqual({ runId: parent, step: "child", awaited: true });
      const outcome = await f.write(child, [], { become: "completed", output: json("out") });
      expect(outcome).toMatchObject({ became: "written", told: { runId: parent, status: "pending" } });
      const [message] = await f.messages(parent);
      expect(message).toMatchObject({ kind: "child", childRunId: child.run.runId });
      expect(bytesOf(message?.payload)).toEqual(bytesOf(json("out")));
    });

    it("tells of a failure with its error, which the parent takes as its own step's", async () => {
      const f = fixture();
      const { child, parent } = await family(f);
      await f.write(child, [completed("a")], { become: "failed", error: FAILURE });
      const [held] = (await f.claim(await f.register())).claimed;
      if (held === undefined) return expect.fail("the parent is not ready");
      const taken = take(1, { kind: "child", name: "child", failed: true });
      expect(await f.write(held, [taken])).toMatchObject({ became: "written" });
      expect((await f.history(parent)).at(-1)).toMatchObject({ kind: "child", type: "failed", error: FAILURE });
    });

    it("tells of an end from outside, too", async () => {
      const f = fixture();
      const { child, parent } = await family(f);
      const end = { do: "end", status: "cancelled", error: FAILURE } as const;
      expect(await f.operate(child.run.runId, end)).toBe(true);
      expect((await f.get(parent)).run.status).toBe("pending");
    });

    it("tells nobody of a retry by its own policy, nor of anything if nobody waits for it", async () => {
      const f = fixture();
      const { child, parent } = await family(f, false);
      await f.write(child, [], { become: "completed" });
      expect((await f.get(parent)).run.status).toBe("waiting");
    });

    it("is not begun for a parent that has ended", async () => {
      const f = fixture();
      const held = await f.running();
      await f.write(held, [], { become: "completed" });
      const parent = { runId: held.run.runId, step: "child", awaited: true };
      const [refused, detached] = await f.store.runs.start([
        f.newStart({ parent }),
        f.newStart({ parent: { ...parent, awaited: false } }),
      ]);
      expect(refused).toEqual({ became: "refused", because: "parentEnded" });
      expect(detached).toMatchObject({ became: "started" });
    });

    it("and its parent end together without harm", async () => {
      const f = fixture();
      for (let round = 0; round < 10; round++) {
        const parent = await f.running();
        const child = await f.running({ parent: { runId: parent.run.runId, step: "child", awaited: true } });
        const outcomes = await f.store.runs.write([
          f.plan(child, [], { become: "completed" }),
          f.plan(parent, [], { become: "completed" }),
        ]);
        expect(outcomes.map(({ became }) => became)).toEqual(["written", "written"]);
      }
    });
  });

  describe("going on as a new run", () => {
    it("ends this one and begins that one in one go, under the same parent", async () => {
      const f = fixture();
      const parent = await f.running();
      await f.write(parent, [], { ...WAITING, signals: 0 });
      const reference = { runId: parent.run.runId, step: "child", awaited: true };
      const held = await f.running({ parent: reference });
      const start = f.newStart({ input: json("more"), continuedFrom: held.run.runId, parent: reference });
      expect(await f.write(held, [], { become: "continued", start })).toMatchObject({ became: "written" });
      expect(await f.get(held.run.runId)).toMatchObject({ run: { status: "completed" }, continuedAs: start.runId });
      const next = await f.get(start.runId);
      expect(next.run).toMatchObject({ status: "pending", continuedFrom: held.run.runId, parent: reference });
      expect(bytesOf(next.input)).toEqual(bytesOf(json("more")));
      expect((await f.get(parent.run.runId)).run.status).toBe("waiting");
    });

    it("begins that one also where nothing new may start", async () => {
      const f = fixture();
      const held = await f.running();
      await f.store.namespaces.update(DEFAULT, { enabled: false });
      const start = f.newStart({ continuedFrom: held.run.runId });
      expect(await f.write(held, [], { become: "continued", start })).toMatchObject({ became: "written" });
      expect((await f.get(start.runId)).run).toMatchObject({ status: "pending", continuedFrom: held.run.runId });
    });
  });

  describe("progress", () => {
    it("is what was said last by whoever holds the run", async () => {
      const f = fixture();
      const held = await f.running();
      const say = (value: number) => ({ ...f.plan(held, []), progress: json(value) });
      await f.store.runs.write([say(1)]);
      await f.store.runs.write([say(2)]);
      await f.store.runs.write([{ ...say(3), epoch: held.run.epoch + 1 }]);
      expect(bytesOf((await f.get(held.run.runId)).progress)).toEqual(bytesOf(json(2)));
    });
  });
}
