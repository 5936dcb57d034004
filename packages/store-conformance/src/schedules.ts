import {
  type NamespaceId,
  type NextSlot,
  type Schedule,
  type ScheduleChange,
  type ScheduleFound,
  type Start,
  type Store,
  decideFires,
  newSchedule,
  nextOfInterval,
  pauseSchedule,
  planDue,
  resumeSchedule,
  updateSchedule,
} from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { DEFAULT, type Fixture, type StoreHarness, bytesOf, json } from "./harness.ts";

const MINUTE = 60_000;
const minutely: NextSlot = (after) => nextOfInterval(MINUTE, after);

/** Invariants Q1, Q2 and Q4: a slot has one run, which is there exactly if its schedule says so. */
export function describeSchedules(harness: StoreHarness, fixture: () => Fixture): void {
  describe("schedules", () => {
    const reference = (scheduleId: string, namespaceId = DEFAULT) => ({ namespaceId, scheduleId });

    function fresh(found: ScheduleFound, id: string, change: Partial<Schedule> = {}): ScheduleChange {
      const spec = {
        ...reference(id),
        taskQueue: "",
        workflowType: "greet",
        version: undefined,
        timing: { kind: "every", everyMs: MINUTE } as const,
        input: undefined,
        maxCatchup: 1,
        overlap: "allow" as const,
        enabled: true,
        declaredBy: undefined,
      };
      return { after: newSchedule({ ...spec, ...change }, minutely, found.now), starts: [] };
    }

    async function make(id: string, change: Partial<Schedule> = {}): Promise<Schedule> {
      const ref = reference(id, change.namespaceId);
      const { schedule } = await fixture().store.schedules.change(ref, (found) => fresh(found, id, change));
      if (schedule === undefined) throw new Error("the schedule is not there");
      return schedule;
    }

    /** Fires what is due of a schedule as it was read, as a server does. Answers with the runs that began. */
    async function fire(schedule: Schedule, store: Store = fixture().store): Promise<readonly Start[]> {
      const f = fixture();
      const plan = planDue(schedule, { next: minutely, now: f.clock.now, maxStarts: 200 });
      let starts: readonly Start[] = [];
      const { outcomes } = await store.schedules.change(schedule, (found) => {
        if (found.schedule?.revision !== schedule.revision) return undefined;
        const fires = decideFires(found.schedule, plan, found);
        starts = fires.start.map((slot) => f.newStart({ scheduleId: schedule.scheduleId, scheduledAt: slot }));
        return { after: fires.after, starts };
      });
      return starts.filter((_, index) => outcomes[index]?.became === "started");
    }

    it("are kept as they were given, whatever says when they fire", async () => {
      const f = fixture();
      const all: Partial<Schedule>[] = [
        { timing: { kind: "cron", expression: "0 6 * * *", timezone: "Europe/Paris" }, input: json({ a: "ä" }) },
        { timing: { kind: "every", everyMs: 1000 }, version: "2", taskQueue: "gpu", maxCatchup: 1000 },
        { timing: { kind: "at", at: f.clock.now + 5 }, overlap: "bufferOne", declaredBy: "greet", enabled: false },
      ];
      for (const [index, change] of all.entries()) {
        const made = await make(`s${index}`, change);
        const read = await f.store.schedules.get(made);
        expect({ ...read, input: bytesOf(read?.input) }).toEqual({ ...made, input: bytesOf(made.input) });
        expect(read).toMatchObject({ createdAt: f.clock.now, updatedAt: f.clock.now, revision: 1 });
      }
      expect(await f.store.schedules.get(reference("s9"))).toBeUndefined();
    });

    it("keep everything that a change says, and nothing else", async () => {
      const f = fixture();
      const made = await make("s", { input: json(1), declaredBy: "greet" });
      const { schedule } = await f.store.schedules.change(made, () => ({
        starts: [],
        after: {
          ...made,
          timing: { kind: "cron", expression: "@daily", timezone: "UTC" },
          input: undefined,
          enabled: true,
          nextFireAt: f.clock.now + 7,
          dueAt: f.clock.now + 6,
          watermark: f.clock.now + 5,
          bufferedAt: f.clock.now + 4,
          lastFiredAt: f.clock.now + 3,
          fired: 1,
          missed: 2,
          skipped: 3,
          revision: 9,
          problem: "p",
          version: "3",
          updatedAt: f.clock.now + 8,
        },
      }));
      expect(await f.store.schedules.get(made)).toEqual(schedule);
      await f.store.schedules.change(made, () => undefined);
      expect(await f.store.schedules.get(made)).toEqual(schedule);
    });

    it("see the namespace, the time and open runs", async () => {
      const f = fixture();
      const seen: Omit<ScheduleFound, "schedule">[] = [];
      const look = async (namespaceId: NamespaceId) =>
        f.store.schedules.change(reference("s", namespaceId), ({ hasOpenRun, namespaceEnabled, now }) => {
          seen.push({ hasOpenRun, namespaceEnabled, now });
          return undefined;
        });
      const [closed, nowhere] = ["closed" as NamespaceId, "nowhere" as NamespaceId];
      await f.store.namespaces.create(closed, "");
      await f.store.namespaces.update(closed, { enabled: false });
      await look(nowhere);
      await look(closed);
      await look(DEFAULT);
      const runId = await f.start({ scheduleId: "s" });
      await look(DEFAULT);
      await f.operate(runId, {
        do: "end",
        status: "cancelled",
        error: { code: "CANCELLED", message: "", nonRetryable: true },
      });
      await look(DEFAULT);
      expect(seen).toEqual(
        [
          { namespaceEnabled: undefined, hasOpenRun: false },
          { namespaceEnabled: false, hasOpenRun: false },
          { namespaceEnabled: true, hasOpenRun: false },
          { namespaceEnabled: true, hasOpenRun: true },
          { namespaceEnabled: true, hasOpenRun: false },
        ].map((each) => ({ ...each, now: f.clock.now })),
      );
    });

    it("are due in their order, until they are not, and tell when the next one is", async () => {
      const f = fixture();
      await make("b");
      f.clock.now += 1;
      await make("a");
      await make("off", { enabled: false });
      const start = f.clock.now - 1;
      expect(await f.store.schedules.due(10)).toEqual({ now: f.clock.now, due: [], nextAt: start + MINUTE });
      f.clock.now = start + MINUTE;
      const first = await f.store.schedules.due(10);
      expect(first.due.map(({ scheduleId }) => scheduleId).toSorted()).toEqual(["a", "b"]);
      expect(first.nextAt).toBeUndefined();
      expect((await f.store.schedules.due(1)).due).toHaveLength(1);
      for (const schedule of first.due) await fire(schedule);
      expect(await f.store.schedules.due(10)).toEqual({ now: f.clock.now, due: [], nextAt: start + 2 * MINUTE });
    });

    it("start a run for each slot, with the watermark in the same transaction", async () => {
      const f = fixture();
      const made = await make("s", { maxCatchup: 3 });
      const begin = f.clock.now;
      f.clock.now += 5 * MINUTE + 5;
      const starts = await fire(made);
      expect(starts.map(({ scheduledAt }) => scheduledAt)).toEqual([2, 3, 4, 5].map((n) => begin + n * MINUTE));
      for (const { runId, scheduledAt } of starts) {
        expect((await f.get(runId)).run).toMatchObject({ status: "pending", scheduleId: "s", scheduledAt });
        expect(await f.history(runId)).toHaveLength(1);
      }
      expect(await f.store.schedules.get(made)).toMatchObject({ fired: 4, missed: 1, watermark: begin + 5 * MINUTE });
    });

    it("fire a slot once, whoever reads the same and fires", async () => {
      const f = fixture();
      const made = await make("s");
      f.clock.now += MINUTE;
      const second = await harness.openSecond?.(f.store, () => f.clock.now);
      const stores = [f.store, second ?? f.store, f.store, second ?? f.store];
      const fired = await Promise.all(stores.map(async (store) => fire(made, store)));
      expect(fired.flat()).toHaveLength(1);
      expect(await f.store.schedules.get(made)).toMatchObject({ fired: 1, revision: 2 });
      expect(await f.store.runs.count({ namespaceId: DEFAULT, statuses: [] }, 10)).toBe(1);
      await second?.close();
    });

    it("never have two runs of one slot, whatever a schedule says", async () => {
      const f = fixture();
      const made = await make("s");
      f.clock.now += MINUTE;
      const [first] = await fire(made);
      const slot = first?.scheduledAt ?? 0;
      const [same] = await f.store.runs.start([f.newStart({ ...first })]);
      expect(same).toMatchObject({ became: "found", runId: first?.runId });
      // Another run for the same slot is refused, the same slot of another schedule is not.
      const [other] = await f.store.runs.start([f.newStart({ scheduleId: "s", scheduledAt: slot })]).catch(() => []);
      expect(other?.became).not.toBe("started");
      const [another] = await f.store.runs.start([f.newStart({ scheduleId: "t", scheduledAt: slot })]);
      expect(another).toMatchObject({ became: "started" });
      const triggered = await f.store.runs.start([f.newStart({ scheduleId: "s" }), f.newStart({ scheduleId: "s" })]);
      expect(triggered).toMatchObject([{ became: "started" }, { became: "started" }]);
    });

    it("stay as they are if a start is refused", async () => {
      const f = fixture();
      const made = await make("s");
      f.clock.now += MINUTE;
      await f.store.namespaces.update(DEFAULT, { enabled: false });
      expect(await fire(made)).toEqual([]);
      expect(await f.store.schedules.get(made)).toEqual(made);
      await f.store.namespaces.update(DEFAULT, { enabled: true });
      expect(await fire(made)).toHaveLength(1);
    });

    it("are not there if what decides about them fails", async () => {
      const f = fixture();
      const failing = f.store.schedules.change(reference("s"), () => {
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await f.store.schedules.get(reference("s"))).toBeUndefined();
    });

    it("are made once by two at once", async () => {
      const f = fixture();
      let made = 0;
      const create = async (store: Store) =>
        store.schedules.change(reference("s"), (found) => {
          if (found.schedule !== undefined) return undefined;
          made += 1;
          return fresh(found, "s", { declaredBy: `by ${made}` });
        });
      const second = await harness.openSecond?.(f.store, () => f.clock.now);
      const both = await Promise.all([create(f.store), create(second ?? f.store)]);
      expect(new Set(both.map(({ schedule }) => schedule?.declaredBy)).size).toBe(1);
      await second?.close();
    });

    it("keep a slot for later, and stop and go on", async () => {
      const f = fixture();
      const made = await make("s", { overlap: "bufferOne" });
      f.clock.now += MINUTE;
      const [run] = await fire(made);
      f.clock.now += MINUTE;
      const [due] = (await f.store.schedules.due(10)).due;
      expect(due && (await fire(due))).toEqual([]);
      const kept = await f.store.schedules.get(made);
      expect(kept).toMatchObject({ bufferedAt: f.clock.now, fired: 1, skipped: 0 });
      expect((await f.store.schedules.due(10)).nextAt).toBe(f.clock.now + 1000);
      const error = { code: "CANCELLED", message: "", nonRetryable: true } as const;
      if (run !== undefined) await f.operate(run.runId, { do: "end", status: "cancelled", error });
      f.clock.now += 1000;
      const [again] = (await f.store.schedules.due(10)).due;
      expect(again && (await fire(again))).toMatchObject([{ scheduledAt: kept?.bufferedAt }]);

      const change = async (decide: (schedule: Schedule, now: number) => Schedule) =>
        f.store.schedules.change(made, ({ now, schedule }) =>
          schedule === undefined ? undefined : { after: decide(schedule, now), starts: [] },
        );
      await change(pauseSchedule);
      f.clock.now += 10 * MINUTE;
      expect(await f.store.schedules.due(10)).toEqual({ now: f.clock.now, due: [] });
      const { schedule } = await change((each, now) => resumeSchedule(each, minutely, now));
      expect(schedule).toMatchObject({ watermark: f.clock.now, missed: 0, enabled: true });
      const timing = { kind: "every", everyMs: 5000 } as const;
      await change((each, now) =>
        updateSchedule(each, { ...each, timing }, (after) => nextOfInterval(5000, after), now),
      );
      expect((await f.store.schedules.get(made))?.nextFireAt).toBe(nextOfInterval(5000, f.clock.now));
    });

    it("are listed by name, page by page, and by workflow", async () => {
      const f = fixture();
      const other = "other" as NamespaceId;
      await f.store.namespaces.create(other, "");
      for (const id of ["b", "a-1", "a_1", "Z"]) await make(id, id === "b" ? { workflowType: "report" } : {});
      await make("a", { namespaceId: other });
      const ids = (found: readonly Schedule[]) => found.map(({ scheduleId }) => scheduleId);
      const first = await f.store.schedules.list({ namespaceId: DEFAULT }, { limit: 3 });
      expect(ids(first)).toEqual(["Z", "a-1", "a_1"]);
      expect(ids(await f.store.schedules.list({ namespaceId: DEFAULT }, { limit: 3, after: "a_1" }))).toEqual(["b"]);
      const ofReport = { namespaceId: DEFAULT, workflowType: "report" };
      expect(ids(await f.store.schedules.list(ofReport, { limit: 3 }))).toEqual(["b"]);
    });

    it("that stand in code are found by it, and removed with it", async () => {
      const f = fixture();
      for (const [id, declaredBy] of [
        ["a", "x"],
        ["b", "y"],
        ["c", undefined],
        ["d", "x"],
      ] as const) {
        await make(id, { declaredBy });
      }
      const found = await f.store.schedules.declared(DEFAULT, ["x", "z"]);
      expect(found.map(({ scheduleId }) => scheduleId)).toEqual(["a", "d"]);
      expect(await f.store.schedules.declared(DEFAULT, [])).toEqual([]);
      expect(await f.store.schedules.delete(reference("b"), "x")).toBe(false);
      expect(await f.store.schedules.delete(reference("a"), "x")).toBe(true);
      expect(await f.store.schedules.delete(reference("b"))).toBe(true);
      expect(await f.store.schedules.delete(reference("b"))).toBe(false);
    });

    it("that break an invariant are found", async () => {
      const f = fixture();
      const made = await make("s");
      const write = async (after: Schedule) => f.store.schedules.change(made, () => ({ after, starts: [] }));
      await write({ ...made, nextFireAt: made.watermark });
      expect(await f.store.violations()).toEqual([expect.stringContaining("Q4: schedule s")]);
      await write(made);
      const runId = await f.start({ scheduleId: "s", scheduledAt: made.watermark + 1 });
      expect(await f.store.violations()).toEqual([expect.stringContaining(`Q2: run ${runId}`)]);
      await write({ ...made, watermark: made.watermark + 1 });
      await expect(write({ ...made, dueAt: undefined })).rejects.toThrow();
      await expect(write({ ...made, enabled: false })).rejects.toThrow();
      await expect(write({ ...made, timing: { kind: "every", everyMs: 999 } })).rejects.toThrow();
    });

    it("leave their runs when they are deleted, and find them when they are made again", async () => {
      const f = fixture();
      const made = await make("s");
      f.clock.now += MINUTE;
      const [run] = await fire(made);
      expect(await f.store.schedules.delete(made)).toBe(true);
      expect(run && (await f.get(run.runId)).run.status).toBe("pending");
      let open: boolean | undefined;
      await f.store.schedules.change(made, (found) => {
        open = found.hasOpenRun;
        return fresh(found, "s");
      });
      expect(open).toBe(true);
    });
  });
}
