import {
  type Command,
  type NamespaceId,
  type NewEvent,
  type RunId,
  type SendOutcome,
  type Start,
  type Store,
  LIMITS,
} from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, type StoreHarness, bytesOf, completed, eventOf, json } from "./harness.ts";

const FAILURE = { code: "INTERNAL", message: "broken", nonRetryable: true } as const;
const WAITING = { become: "parked", forMessages: true } as const;

type Held = Awaited<ReturnType<Fixture["running"]>>;

/** Events that are sent to a namespace: whom they start, and to whom they are brought. */
export function describeEvents(harness: StoreHarness, fixture: () => Fixture): void {
  const newEvent = (f: Fixture, change: Partial<NewEvent> = {}): NewEvent => {
    const eventUid = f.newId();
    return { namespaceId: DEFAULT, eventUid, eventId: eventUid, name: "e", payload: json(1), ...change };
  };
  const send = async (f: Fixture, change: Partial<NewEvent> = {}, starts: readonly Start[] = []) => {
    const event = newEvent(f, change);
    expect(await f.store.events.send(event, starts)).toMatchObject({ became: "sent" });
    return event;
  };
  const wait = (
    change: { readonly name?: string; readonly occurrence?: number; readonly key?: string } = {},
  ): Command => ({
    do: "startEventWait",
    name: "e",
    occurrence: 1,
    ...change,
  });
  const take = (position: number, change: Partial<Extract<Command, { do: "takeMessage" }>> = {}): Command => ({
    do: "takeMessage",
    kind: "event",
    name: "e",
    occurrence: 1,
    position,
    failed: false,
    ...change,
  });
  /** A run that waits. It had heard of nothing yet. */
  const waiting = async (f: Fixture, ...waits: readonly Command[]): Promise<Held> => {
    const held = await f.running();
    const commands = waits.length === 0 ? [wait()] : waits;
    expect(await f.write(held, commands, { ...WAITING, signals: 0 })).toMatchObject({ status: "waiting" });
    return held;
  };
  const runningMany = async (f: Fixture, count: number): Promise<Held[]> => {
    const all: Held[] = [];
    while (all.length < count) all.push(await f.running());
    return all;
  };
  const waitingMany = async (
    f: Fixture,
    count: number,
    waitsOf = (_n: number): Command[] => [wait()],
  ): Promise<Held[]> => {
    const all: Held[] = [];
    while (all.length < count) all.push(await waiting(f, ...waitsOf(all.length)));
    return all;
  };
  /** Goes on until nothing is left. Answers with the runs that were brought something. */
  const route = async (store: Store, limit = 100): Promise<readonly RunId[]> => {
    const touched: RunId[] = [];
    for (let passes = 0; ; passes++) {
      const routed = await store.events.route(limit);
      touched.push(...routed.touched.map(({ runId }) => runId));
      if (routed.left === "nothing") return touched;
      if (passes > 1000) expect.fail("there is always something left");
    }
  };
  const idsIn = async (f: Fixture, runId: RunId) =>
    (await f.messages(runId)).map((message) => message.kind === "event" && message.messageId);

  describe("subscriptions", () => {
    const workflows = (on: readonly string[], version = "1") => [{ workflowType: "greet", version, on }];
    const of = async (f: Fixture, name: string) =>
      (await f.store.events.subscriptions(DEFAULT, name)).map((each) => `${each.workflowType}@${each.version}`);

    it("are those of the last registration of each version, of its namespace alone", async () => {
      const f = fixture();
      await f.register({ workflows: workflows(["a", "b"]) });
      await f.register({ workflows: workflows(["b"], "2"), taskQueue: "q" });
      expect([await of(f, "a"), await of(f, "b"), await of(f, "c")]).toEqual([["greet@1"], ["greet@1", "greet@2"], []]);
      await f.register({ workflows: workflows(["b", "c"]), taskQueue: "other" });
      expect([await of(f, "a"), await of(f, "b"), await of(f, "c")]).toEqual([[], ["greet@1", "greet@2"], ["greet@1"]]);
      expect(await f.store.events.subscriptions(DEFAULT, "b")).toMatchObject([
        { taskQueue: "other" },
        { taskQueue: "q" },
      ]);
      await f.register();
      expect(await of(f, "c")).toEqual([]);
    });

    it("are kept by many workers that register at once", async () => {
      const f = fixture();
      await Promise.all(Array.from({ length: 8 }, () => f.register({ workflows: workflows(["b", "a", "c"]) })));
      expect(await of(f, "a")).toEqual(["greet@1"]);
    });
  });

  describe("an event", () => {
    it("starts its runs with it, and says so of them", async () => {
      const f = fixture();
      const starts = [f.newStart({ input: json("in") }), f.newStart()].map((start) => ({ ...start, eventId: "e1" }));
      const event = await send(f, { eventId: "e1" }, starts);
      for (const { runId } of starts)
        expect((await f.get(runId)).run).toMatchObject({ status: "pending", eventId: "e1" });
      expect(bytesOf((await f.get(starts[0]?.runId ?? ("" as RunId))).input)).toEqual(bytesOf(json("in")));
      const [shown] = await f.store.events.list({ namespaceId: DEFAULT }, { limit: 10 });
      const started = starts.map(({ runId }) => runId);
      expect(shown).toMatchObject({ ...event, payload: expect.anything(), started, takenBy: [], takenCount: 0 });
      expect(shown?.sentAt).toBe(f.clock.now);
    });

    it("is one for each id of a namespace: what comes later changes nothing and starts nothing", async () => {
      const f = fixture();
      await f.store.namespaces.create("other" as typeof DEFAULT, "");
      const first = await send(f, { eventId: "same" }, [f.newStart()]);
      const late = f.newStart();
      const second = newEvent(f, { eventId: "same", name: "other" });
      const found = await f.store.events.send(second, [late]);
      expect(found).toMatchObject({ became: "found", eventUid: first.eventUid, started: [expect.any(String)] });
      expect(await f.store.runs.get([late])).toEqual([undefined]);
      await send(f, { eventId: "same", namespaceId: "other" as typeof DEFAULT });
      expect(await f.store.events.list({ namespaceId: DEFAULT }, { limit: 10 })).toMatchObject([{ name: "e" }]);
    });

    it("is sent once by many who send it at once", async () => {
      const f = fixture();
      const outcomes: SendOutcome[] = await Promise.all(
        Array.from({ length: 8 }, () => f.store.events.send(newEvent(f, { eventId: "same" }), [f.newStart()])),
      );
      expect(outcomes.filter(({ became }) => became === "sent")).toHaveLength(1);
      const started = new Set(outcomes.flatMap((outcome) => (outcome.became === "found" ? outcome.started : [])));
      expect(started.size).toBe(1);
      expect(await f.store.runs.list({ namespaceId: DEFAULT, statuses: [] }, { limit: 10 })).toHaveLength(1);
    });

    it("is refused in a namespace that is not there or disabled, and starts nothing", async () => {
      const f = fixture();
      const closed = "closed" as typeof DEFAULT;
      await f.store.namespaces.create(closed, "");
      await f.store.namespaces.update(closed, { enabled: false });
      const start = f.newStart({ namespaceId: closed });
      const refused = await f.store.events.send(newEvent(f, { namespaceId: closed }), [start]);
      expect(refused).toEqual({ became: "refused", because: "namespaceDisabled" });
      expect(await f.store.runs.get([start])).toEqual([undefined]);
      const lost = await f.store.events.send(newEvent(f, { namespaceId: "lost" as typeof DEFAULT }), []);
      expect(lost).toEqual({ became: "refused", because: "noNamespace" });
    });

    it("is listed by its name and its time, the newest first, page by page", async () => {
      const f = fixture();
      const sent: NewEvent[] = [];
      for (let n = 0; n < 6; n++) {
        f.clock.now += n % 2;
        sent.push(await send(f, { name: n % 2 === 0 ? "even" : "odd" }));
      }
      const ids = sent.map(({ eventUid }) => eventUid).toReversed();
      const filter = { namespaceId: DEFAULT };
      const all = await f.store.events.list(filter, { limit: 10 });
      expect(all.map(({ eventUid }) => eventUid)).toEqual(ids);
      const before = all[2];
      if (before === undefined) return expect.fail("there are six");
      const rest = await f.store.events.list(filter, { before, limit: 2 });
      expect(rest.map(({ eventUid }) => eventUid)).toEqual(ids.slice(3, 5));
      expect(await f.store.events.list({ ...filter, name: "odd" }, { before, limit: 9 })).toHaveLength(1);
      expect(await f.store.events.count({ ...filter, name: "odd" }, 2)).toBe(2);
      expect(await f.store.events.list({ ...filter, sentAfter: f.clock.now - 1 }, { limit: 9 })).toHaveLength(1);
      expect(await f.store.events.list({ ...filter, sentBefore: f.clock.now }, { limit: 9 })).toHaveLength(5);
    });
  });

  describe("a wait for an event", () => {
    it("is brought one that was sent before it began", async () => {
      const f = fixture();
      const held = await f.running();
      const event = await send(f);
      expect(await route(f.store)).toEqual([]);
      await f.write(held, [wait()], { ...WAITING, signals: 0 });
      expect(await route(f.store)).toEqual([held.run.runId]);
      expect(await f.messages(held.run.runId)).toMatchObject([{ name: "e", messageId: event.eventUid, position: 1 }]);
      expect((await f.get(held.run.runId)).run).toMatchObject({ status: "pending", signals: 1 });
    });

    it("is brought one that is sent after it began, and no second one", async () => {
      const f = fixture();
      const held = await waiting(f);
      expect(await route(f.store)).toEqual([]);
      const event = await send(f, { payload: json({ a: 1 }) });
      await send(f);
      expect(await route(f.store)).toEqual([held.run.runId]);
      expect(await route(f.store)).toEqual([]);
      expect(await idsIn(f, held.run.runId)).toEqual([event.eventUid]);
      expect(bytesOf((await f.messages(held.run.runId))[0]?.payload)).toEqual(bytesOf(json({ a: 1 })));
    });

    it("is found whoever commits first, when nobody has looked in between", async () => {
      const f = fixture();
      const runs: RunId[] = [];
      for (let n = 0; n < 10; n++) {
        const held = await f.running();
        const name = `e${n}`;
        runs.push(held.run.runId);
        await Promise.all([
          f.write(held, [wait({ name })], { ...WAITING, signals: 0 }),
          send(f, { name }),
          ...(n % 2 === 0 ? [f.store.events.route(10)] : []),
        ]);
      }
      await route(f.store);
      for (const runId of runs) expect(await idsIn(f, runId)).toHaveLength(1);
    });

    it("is not brought what was sent before its run began, nor what began it, nor what is another namespace's", async () => {
      const f = fixture();
      await send(f);
      f.clock.now += 1;
      const workerId = await f.register();
      await send(f, { eventId: "begins" }, [{ ...f.newStart(), eventId: "begins" }]);
      const [held] = (await f.claim(workerId)).claimed;
      if (held === undefined) return expect.fail("the run was not started");
      await f.store.namespaces.create("other" as typeof DEFAULT, "");
      await send(f, { namespaceId: "other" as typeof DEFAULT });
      await f.write(held, [wait()], { ...WAITING, signals: 0 });
      expect(await route(f.store)).toEqual([]);
      await send(f);
      expect(await route(f.store)).toEqual([held.run.runId]);
    });

    it("takes events of its key, or of any", async () => {
      const f = fixture();
      const [a, any] = [await waiting(f, wait({ key: "a" })), await waiting(f)];
      await send(f, { key: "b" });
      expect(await route(f.store)).toEqual([any.run.runId]);
      await send(f, { name: "other", key: "a" });
      await send(f);
      expect(await route(f.store)).toEqual([]);
      const mine = await send(f, { key: "a" });
      expect(await route(f.store)).toEqual([a.run.runId]);
      expect(await idsIn(f, a.run.runId)).toEqual([mine.eventUid]);
    });

    it("that follows another one is brought the next event, in the order in which they were sent", async () => {
      const f = fixture();
      const held = await f.running();
      const sent: string[] = [];
      for (let n = 0; n < 3; n++) sent.push((await send(f)).eventUid);
      const taken: unknown[] = [];
      for (let occurrence = 1; occurrence <= 3; occurrence++) {
        const at = { ...held, lastSeq: held.lastSeq + 2 * (occurrence - 1) };
        expect(await f.write(at, [wait({ occurrence })])).toMatchObject({ became: "written" });
        await route(f.store);
        taken.push(...(await idsIn(f, held.run.runId)));
        const next = { ...at, lastSeq: at.lastSeq + 1 };
        expect(await f.write(next, [take(occurrence, { occurrence })])).toMatchObject({ became: "written" });
      }
      expect(taken).toEqual(sent);
      const [last] = await f.store.events.list({ namespaceId: DEFAULT }, { limit: 1 });
      expect(last).toMatchObject({ takenBy: [held.run.runId], takenCount: 1 });
    });

    it("that loses its event to another wait of its run is brought the next one", async () => {
      const f = fixture();
      for (const occurrence of [1, 2]) {
        f.clock.now += 1;
        const held = await waiting(f, wait(), wait({ occurrence: 2, key: "k" }));
        await send(f, { key: "k" });
        const second = await send(f, { key: "k" });
        // One of the two is looked at, whichever that is.
        expect((await f.store.events.route(1)).touched).toHaveLength(1);
        const [again] = (await f.claim(held.workerId)).claimed;
        if (again === undefined) return expect.fail("the run was brought nothing");
        await f.write(again, [take(1, { occurrence })], { ...WAITING, signals: 1 });
        expect(await route(f.store)).toEqual([held.run.runId]);
        expect(await idsIn(f, held.run.runId)).toEqual([second.eventUid]);
        await f.operate(held.run.runId, { do: "end", status: "cancelled", error: FAILURE });
      }
    });

    it("that is over takes nothing more: by its time, given up, with its run", async () => {
      const f = fixture();
      const held = await f.running();
      const timed: Command = { ...wait(), do: "startEventWait", due: { afterMs: 5 } };
      await f.write(held, [timed, wait({ occurrence: 2 })]);
      f.clock.now += 5;
      const over: Command = { do: "endWait", kind: "event", name: "e", occurrence: 1, startedSeq: 2 };
      const givenUp: Command = { do: "cancelStep", kind: "event", name: "e", occurrence: 2, error: FAILURE };
      const at = { ...held, lastSeq: 3 };
      expect(await f.write(at, [over, givenUp, wait({ occurrence: 3 })])).toMatchObject({ became: "written" });
      await f.write({ ...held, lastSeq: 6 }, [wait({ occurrence: 4 })], { become: "completed" });
      const ended = await waiting(f);
      await f.operate(ended.run.runId, { do: "end", status: "cancelled", error: FAILURE });
      await send(f);
      expect(await route(f.store)).toEqual([]);
    });

    it("goes on when its run has failed and is retried", async () => {
      const f = fixture();
      const held = await f.running();
      await f.write(held, [wait(), completed("a")], { become: "failed", error: FAILURE });
      const ended = await waiting(f);
      await f.operate(ended.run.runId, { do: "end", status: "failed", error: FAILURE });
      await send(f);
      expect(await route(f.store)).toEqual([]);
      for (const { run } of [held, ended]) await f.operate(run.runId, { do: "retry" });
      expect(new Set(await route(f.store))).toEqual(new Set([held.run.runId, ended.run.runId]));
    });

    it("is forgotten with its run, and none is taken over by one that goes on or is run again", async () => {
      const f = fixture();
      const held = await f.running();
      const start = f.newStart({ continuedFrom: held.run.runId });
      await f.write(held, [wait()], { become: "continued", start });
      const failed = await f.running();
      await f.write(failed, [wait()], { become: "failed", error: FAILURE });
      const again = f.newStart();
      const source = { namespaceId: DEFAULT, runId: failed.run.runId, beforeSeq: 3 };
      expect(await f.store.runs.rerun(again, source)).toMatchObject({ became: "started" });
      await f.store.runs.delete([{ namespaceId: DEFAULT, runId: failed.run.runId }]);
      await send(f);
      expect(await route(f.store)).toEqual([]);
    });

    it("is brought nothing while it is refused: its row comes and goes with its record", async () => {
      const f = fixture();
      const held = await f.running();
      expect(await f.write({ ...held, lastSeq: 5 }, [wait()])).toMatchObject({ became: "refused" });
      await send(f);
      expect(await route(f.store)).toEqual([]);
    });
  });

  describe("bringing events", () => {
    it("is matched by keys that the waits of a run are known by", async () => {
      const f = fixture();
      const held = await waiting(f, wait({ key: "a" }), wait({ occurrence: 2 }), wait({ name: "d", key: "b" }));
      expect(await f.store.events.keys(held.run)).toEqual([
        { name: "d", occurrence: 1, key: "b" },
        { name: "e", occurrence: 1, key: "a" },
      ]);
      expect(await f.store.events.keys({ ...held.run, namespaceId: "other" as NamespaceId })).toEqual([]);
    });

    it("reaches every run that waits, in as many passes as it takes, whether or not it waits for more", async () => {
      const f = fixture();
      const held = await waitingMany(f, 12, (n) => (n % 2 === 0 ? [wait()] : [wait(), wait({ occurrence: 2 })]));
      await send(f);
      const touched = await route(f.store, 3);
      expect(touched).toHaveLength(held.length);
      for (const { run } of held) expect(await idsIn(f, run.runId)).toHaveLength(1);
      await send(f);
      expect(await route(f.store, 3)).toHaveLength(held.length / 2);
    });

    it("goes beside what is sent to one run, and counts on", async () => {
      const f = fixture();
      const held = await waiting(f);
      const { runId } = held.run;
      await f.store.inbox.send([{ namespaceId: DEFAULT, runId, message: eventOf("e") }]);
      await send(f);
      await route(f.store);
      expect((await f.messages(runId)).map(({ position }) => position)).toEqual([1, 2]);
      expect((await f.get(runId)).run.signals).toBe(2);
    });

    it("of two servers at once brings each wait one event", async () => {
      const f = fixture();
      const second = (await harness.openSecond?.(f.store, () => f.clock.now)) ?? f.store;
      try {
        const held = await waitingMany(f, 20);
        for (let n = 0; n < 3; n++) await send(f);
        for (let n = 0; n < 5; n++) await Promise.all([f.store.events.route(7), second.events.route(7)]);
        await route(f.store);
        for (const { run } of held) expect(await idsIn(f, run.runId)).toHaveLength(1);
      } finally {
        if (second !== f.store) await second.close();
      }
    });

    it("meets workers that take, end and begin waits, and loses nothing", async () => {
      const f = fixture();
      const held = await runningMany(f, 6);
      await Promise.all([
        ...held.map((each) => f.write(each, [wait()], { ...WAITING, signals: 0 })),
        ...Array.from({ length: 3 }, () => send(f)),
        ...Array.from({ length: 4 }, () => f.store.events.route(2)),
      ]);
      await route(f.store);
      for (const { run } of held) expect((await f.get(run.runId)).run.status).toBe("pending");
    });
  });

  describe("old events", () => {
    it("are deleted some at a time, but for those that are still to be brought", async () => {
      const f = fixture();
      for (let n = 0; n < 5; n++) await send(f);
      expect(await f.store.events.expire(0, 10)).toBe(0);
      await route(f.store);
      f.clock.now += 1000;
      await send(f);
      await route(f.store);
      expect(await f.store.events.expire(1000, 10)).toBe(0);
      expect(await f.store.events.expire(999, 3)).toBe(3);
      expect(await f.store.events.expire(999, 3)).toBe(2);
      expect(await f.store.events.list({ namespaceId: DEFAULT }, { limit: LIMITS.pageSize })).toHaveLength(1);
    });
  });
}
