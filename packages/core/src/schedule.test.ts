import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NamespaceId } from "./ids.ts";
import {
  BUFFER_LOOK_MS,
  type NextSlot,
  ON_TIME_MS,
  type Schedule,
  type ScheduleSpec,
  type Timing,
  decideFires,
  isSameSpec,
  newSchedule,
  nextOfInterval,
  pauseSchedule,
  planDue,
  postponeSchedule,
  resumeSchedule,
  updateSchedule,
} from "./schedule.ts";

const NOW = Date.UTC(2030, 0, 1);
const MINUTE = 60_000;
const cron: Timing = { kind: "cron", expression: "* * * * *", timezone: "UTC" };
const minutely: NextSlot = (after) => nextOfInterval(MINUTE, after);
const never: NextSlot = () => undefined;
const only =
  (...slots: readonly number[]): NextSlot =>
  (after) =>
    slots.find((slot) => slot > after);

const SPEC: ScheduleSpec = {
  taskQueue: "",
  workflowType: "report",
  version: undefined,
  timing: cron,
  input: undefined,
  maxCatchup: 1,
  overlap: "skip",
};

function schedule(change: Partial<Schedule> = {}, next: NextSlot = minutely): Schedule {
  const home = { namespaceId: "default" as NamespaceId, scheduleId: "s", enabled: true, declaredBy: undefined };
  return { ...newSchedule({ ...SPEC, ...home }, next, NOW), ...change };
}

/** Slots by how many seconds ago they were. */
function ago(...seconds: readonly number[]): number[] {
  return seconds.map((each) => NOW - each * 1000);
}

describe("what is due", () => {
  const plan = (slots: readonly number[], maxCatchup: number, watermark = 0, maxStarts = 200) =>
    planDue({ timing: cron, watermark, maxCatchup }, { next: only(...slots), now: NOW, maxStarts });

  it("is nothing before the next slot", () => {
    expect(plan([NOW + 1], 1, 5)).toEqual({ fire: [], missed: 0, watermark: 5, nextFireAt: NOW + 1 });
    expect(plan([], 1, 5)).toEqual({ fire: [], missed: 0, watermark: 5, nextFireAt: undefined });
  });

  it("fires a slot that is at most a minute late, whatever the catch-up says", () => {
    expect(plan(ago(60, 59, 0), 0)).toMatchObject({ fire: ago(60, 59, 0), missed: 0, watermark: NOW });
    expect(plan([NOW - ON_TIME_MS - 1], 0)).toMatchObject({ fire: [], missed: 1, watermark: NOW - ON_TIME_MS - 1 });
  });

  it("makes up for the latest of those that are late", () => {
    expect(plan(ago(400, 300, 200, 10), 0)).toMatchObject({ fire: ago(10), missed: 3 });
    expect(plan(ago(400, 300, 200, 10), 1)).toMatchObject({ fire: ago(200, 10), missed: 2 });
    expect(plan(ago(400, 300, 200, 10), 9)).toMatchObject({ fire: ago(400, 300, 200, 10), missed: 0 });
  });

  it("fires no more than so many at once, and goes on from there", () => {
    const slots = ago(400, 300, 200, 10);
    const first = plan(slots, 3, 0, 2);
    expect(first).toEqual({ fire: ago(400, 300), missed: 0, watermark: NOW - 300_000, nextFireAt: NOW - 200_000 });
    expect(plan(slots, 3, first.watermark, 2)).toMatchObject({ fire: ago(200, 10), nextFireAt: undefined });
  });

  it("works a long outage off in chunks, each bounded, and finds the same slots as at once", () => {
    const year = 365 * 24 * 60;
    let state: Pick<Schedule, "watermark" | "nextFireAt"> = { watermark: NOW - year * MINUTE, nextFireAt: 0 };
    const fired: number[] = [];
    let missed = 0;
    let evaluated = 0;
    for (let passes = 0; state.nextFireAt !== undefined && state.nextFireAt <= NOW; passes++) {
      evaluated = 0;
      const counting: NextSlot = (after) => {
        evaluated += 1;
        return minutely(after);
      };
      const { watermark } = state;
      const next = planDue({ timing: cron, watermark, maxCatchup: 3 }, { next: counting, now: NOW, maxStarts: 200 });
      expect(evaluated).toBeLessThan(2020);
      expect(next.watermark).toBeGreaterThan(watermark);
      expect(passes).toBeLessThan(300);
      fired.push(...next.fire);
      missed += next.missed;
      state = next;
    }
    expect(fired).toEqual([4, 3, 2, 1, 0].map((minutes) => NOW - minutes * MINUTE));
    expect(missed + fired.length).toBe(year);
  });

  it("leaps over what an interval missed, and counts it", () => {
    const timing: Timing = { kind: "every", everyMs: 1000 };
    let calls = 0;
    const next: NextSlot = (after) => {
      calls += 1;
      return nextOfInterval(1000, after);
    };
    const watermark = NOW - 365 * 24 * 60 * MINUTE;
    const { fire, missed, nextFireAt } = planDue(
      { timing, watermark, maxCatchup: 2 },
      { next, now: NOW, maxStarts: 200 },
    );
    expect(fire).toHaveLength(63);
    expect(fire[0]).toBe(NOW - ON_TIME_MS - 2000);
    expect(missed + fire.length).toBe((NOW - watermark) / 1000);
    expect(nextFireAt).toBe(NOW + 1000);
    expect(calls).toBeLessThan(70);
  });

  it("is the same for an interval whether it leaps or visits every slot", () => {
    const numbers = fc.record({
      everyMs: fc.integer({ min: 1000, max: 200_000 }),
      maxCatchup: fc.integer({ min: 0, max: 5 }),
      behindMs: fc.integer({ min: 0, max: 3_000_000 }),
      offsetMs: fc.integer({ min: 0, max: 500_000 }),
    });
    fc.assert(
      fc.property(numbers, ({ behindMs, everyMs, maxCatchup, offsetMs }) => {
        const now = NOW + offsetMs;
        const watermark = now - behindMs;
        const how = { next: (after: number) => nextOfInterval(everyMs, after), now, maxStarts: 10_000 };
        const leaping = planDue({ timing: { kind: "every", everyMs }, watermark, maxCatchup }, how);
        const visiting = planDue({ timing: cron, watermark, maxCatchup }, how);
        // A chunk may end before all are visited.
        fc.pre(visiting.nextFireAt !== undefined && visiting.nextFireAt > now);
        expect(leaping).toEqual(visiting);
      }),
    );
  });

  it("does not depend on how often it is asked", () => {
    const behind = fc.record({
      steps: fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 30 }),
      maxCatchup: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(behind, ({ maxCatchup, steps }) => {
        // Whoever looks at least once a minute misses nothing: looking once or often gives each slot once.
        let watermark = NOW;
        let now = NOW;
        const fired: number[] = [];
        for (const step of steps) {
          now += Math.min(step, ON_TIME_MS);
          const done = planDue({ timing: cron, watermark, maxCatchup }, { next: minutely, now, maxStarts: 200 });
          expect(done.missed).toBe(0);
          fired.push(...done.fire);
          watermark = done.watermark;
        }
        const all = Array.from({ length: Math.floor(now / MINUTE) - NOW / MINUTE }, (_, n) => NOW + (n + 1) * MINUTE);
        expect(fired).toEqual(all);
      }),
    );
  });
});

describe("slots of an interval", () => {
  it("are counted from 1970, and come after", () => {
    const quarter = 15 * MINUTE;
    expect(nextOfInterval(quarter, NOW)).toBe(NOW + quarter);
    expect(nextOfInterval(quarter, NOW + 1)).toBe(NOW + quarter);
    expect(nextOfInterval(quarter, NOW - 1)).toBe(NOW);
    expect(nextOfInterval(quarter, -1)).toBe(0);
  });
});

describe("what fires", () => {
  const plan = (...fire: readonly number[]) => ({
    fire,
    missed: 2,
    watermark: fire.at(-1) ?? NOW,
    nextFireAt: NOW + MINUTE,
  });
  const free = { hasOpenRun: false, now: NOW };
  const busy = { hasOpenRun: true, now: NOW };

  it("starts a run for each slot where they may overlap", () => {
    const { after, start } = decideFires(schedule({ overlap: "allow" }), plan(1, 2, 3), busy);
    expect(start).toEqual([1, 2, 3]);
    expect(after).toMatchObject({ fired: 3, missed: 2, skipped: 0, lastFiredAt: 3, watermark: 3, revision: 2 });
    expect(after).toMatchObject({ nextFireAt: NOW + MINUTE, dueAt: NOW + MINUTE, updatedAt: NOW });
  });

  it("skips what comes while a run has not ended, be it one of the same pass", () => {
    expect(decideFires(schedule(), plan(1, 2, 3), free)).toMatchObject({ start: [1], after: { fired: 1, skipped: 2 } });
    const none = decideFires(schedule({ lastFiredAt: 7 }), plan(1, 2), busy);
    expect(none).toMatchObject({ start: [], after: { fired: 0, skipped: 2, lastFiredAt: 7 } });
  });

  it("keeps one slot where that is asked for, and starts it when the run has ended", () => {
    const keeping = schedule({ overlap: "bufferOne" });
    const first = decideFires(keeping, plan(1, 2, 3), free);
    expect(first).toMatchObject({ start: [1], after: { bufferedAt: 2, skipped: 1, dueAt: NOW + BUFFER_LOOK_MS } });
    const still = decideFires(first.after, plan(4), busy);
    expect(still).toMatchObject({ start: [], after: { bufferedAt: 2, skipped: 2 } });
    const ended = decideFires(still.after, plan(5), free);
    expect(ended).toMatchObject({ start: [2], after: { bufferedAt: 5, fired: 2, lastFiredAt: 2 } });
    const last = decideFires(ended.after, { ...plan(), nextFireAt: undefined }, free);
    expect(last).toMatchObject({ start: [5], after: { bufferedAt: undefined, dueAt: undefined } });
  });

  it("looks for the end of the run although no slot is left", () => {
    const over = { ...plan(1), nextFireAt: undefined };
    const { after } = decideFires(schedule({ overlap: "bufferOne" }), over, busy);
    expect(after).toMatchObject({ bufferedAt: 1, nextFireAt: undefined, dueAt: NOW + BUFFER_LOOK_MS });
  });

  it("makes a problem a thing of the past", () => {
    expect(decideFires(schedule({ problem: "x" }), plan(1), free).after.problem).toBeUndefined();
  });

  it("starts each slot at most once, in order, and accounts for all", () => {
    const cases = fc.record({
      overlap: fc.constantFrom("skip" as const, "allow" as const, "bufferOne" as const),
      passes: fc.array(fc.record({ slots: fc.integer({ min: 0, max: 4 }), hasOpenRun: fc.boolean() }), {
        maxLength: 20,
      }),
    });
    fc.assert(
      fc.property(cases, ({ overlap, passes }) => {
        let current = schedule({ overlap });
        const started: number[] = [];
        let slot = 0;
        for (const { hasOpenRun, slots } of passes) {
          const fire = Array.from({ length: slots }, () => ++slot);
          const done = decideFires(current, { ...plan(...fire), missed: 0 }, { hasOpenRun, now: NOW });
          started.push(...done.start);
          current = done.after;
        }
        expect(started).toEqual([...new Set(started)].toSorted((a, b) => a - b));
        const { bufferedAt, fired, skipped } = current;
        expect(fired).toBe(started.length);
        expect(fired + skipped + (bufferedAt === undefined ? 0 : 1)).toBe(slot);
      }),
    );
  });
});

describe("a schedule", () => {
  it("begins now", () => {
    expect(schedule()).toMatchObject({ watermark: NOW, nextFireAt: NOW + MINUTE, dueAt: NOW + MINUTE, revision: 1 });
    const off = newSchedule({ ...schedule(), enabled: false }, minutely, NOW);
    expect(off).toMatchObject({ enabled: false, nextFireAt: NOW + MINUTE, dueAt: undefined });
    expect(schedule({}, never)).toMatchObject({ nextFireAt: undefined, dueAt: undefined });
  });

  it("of a single time fires though that passes while it is made", () => {
    const at = NOW - 10;
    const made = newSchedule({ ...schedule(), timing: { kind: "at", at } }, only(at), NOW);
    expect(made).toMatchObject({ watermark: at - 1, nextFireAt: at, dueAt: at });
  });

  it("that is paused neither fires nor keeps what it would have fired", () => {
    const paused = pauseSchedule(schedule({ bufferedAt: 1, problem: "x" }), NOW + 5);
    expect(paused).toMatchObject({ enabled: false, dueAt: undefined, bufferedAt: undefined, skipped: 1 });
    expect(paused).toMatchObject({ problem: undefined, updatedAt: NOW + 5, revision: 2 });
    expect(pauseSchedule(schedule(), NOW, "it cannot be told")).toMatchObject({
      problem: "it cannot be told",
      skipped: 0,
    });
    const later = NOW + 10 * MINUTE + 1;
    const resumed = resumeSchedule(paused, minutely, later);
    expect(resumed).toMatchObject({ enabled: true, watermark: later, nextFireAt: NOW + 11 * MINUTE, missed: 0 });
    expect(resumeSchedule(resumed, minutely, later)).toBe(resumed);
  });

  it("that is changed keeps its place, but with another timing, which counts from now on", () => {
    const before = schedule({ watermark: 5, bufferedAt: 4 });
    const same = updateSchedule(before, { ...SPEC, maxCatchup: 9 }, minutely, NOW + 1);
    expect(same).toMatchObject({ maxCatchup: 9, watermark: 5, bufferedAt: 4, revision: 2 });
    const timing: Timing = { kind: "every", everyMs: 1000 };
    const other = updateSchedule(before, { ...SPEC, timing }, (after) => after + 1000, NOW + 1);
    expect(other).toMatchObject({ timing, watermark: NOW + 1, nextFireAt: NOW + 1001, bufferedAt: undefined });
  });

  it("is left alone for a while, with what went wrong", () => {
    const left = postponeSchedule(schedule(), NOW + 5, "x");
    expect(left).toMatchObject({ dueAt: NOW + 5, problem: "x", revision: 2, nextFireAt: NOW + MINUTE });
    expect(postponeSchedule(left, NOW + 9)).toMatchObject({ dueAt: NOW + 9, problem: "x" });
  });
});

describe("two descriptions of a schedule", () => {
  const bytes = (...data: readonly number[]) => ({ data: new Uint8Array(data), metadata: {} });
  const printed = (print: string, ...data: readonly number[]) => ({
    data: new Uint8Array(data),
    metadata: { "kagzi-fingerprint": print },
  });

  it("are the same where all is the same", () => {
    expect(isSameSpec(SPEC, { ...SPEC, timing: { ...cron } })).toBe(true);
    expect(isSameSpec({ ...SPEC, input: bytes(1, 2) }, { ...SPEC, input: bytes(1, 2) })).toBe(true);
    // Encrypted, the same input has other bytes each time.
    expect(isSameSpec({ ...SPEC, input: printed("a", 1) }, { ...SPEC, input: printed("a", 2) })).toBe(true);
    for (const timing of [{ kind: "every", everyMs: 5 } as const, { kind: "at", at: 5 } as const]) {
      expect(isSameSpec({ ...SPEC, timing }, { ...SPEC, timing: { ...timing } })).toBe(true);
    }
  });

  it.each<[Partial<ScheduleSpec>]>([
    [{ taskQueue: "q" }],
    [{ workflowType: "x" }],
    [{ version: "2" }],
    [{ maxCatchup: 2 }],
    [{ overlap: "allow" }],
    [{ timing: { kind: "every", everyMs: 60_000 } }],
    [{ timing: { ...cron, timezone: "Europe/Paris" } }],
    [{ timing: { ...cron, expression: "@daily" } }],
    [{ input: bytes() }],
  ])("are not where one has %o", (change) => {
    expect(isSameSpec(SPEC, { ...SPEC, ...change })).toBe(false);
    expect(isSameSpec({ ...SPEC, ...change }, SPEC)).toBe(false);
  });

  it("are not where the inputs differ", () => {
    const one = { ...SPEC, input: bytes(1) };
    for (const input of [bytes(2), bytes(1, 2), printed("a", 1)])
      expect(isSameSpec(one, { ...SPEC, input })).toBe(false);
  });
});
