import type { NamespaceId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { Instant } from "./time.ts";

/** When a schedule fires. Intervals are counted from 1970-01-01T00:00:00Z. */
export type Timing =
  | { readonly kind: "cron"; readonly expression: string; readonly timezone: string }
  | { readonly kind: "every"; readonly everyMs: number }
  | { readonly kind: "at"; readonly at: Instant };

/** What happens to a fire while a run of the same schedule has not ended. */
export type Overlap = "skip" | "allow" | "bufferOne";

/** What its maker says of a schedule. */
export interface ScheduleSpec {
  readonly taskQueue: string;
  readonly workflowType: string;
  /** Of the runs; without one each takes the version that new runs take. */
  readonly version: string | undefined;
  readonly timing: Timing;
  readonly input: Payload | undefined;
  /** How many missed fires are made up for, the latest of them. */
  readonly maxCatchup: number;
  readonly overlap: Overlap;
}

/** A rule that starts runs at times. */
export interface Schedule extends ScheduleSpec {
  readonly namespaceId: NamespaceId;
  readonly scheduleId: string;
  readonly enabled: boolean;
  /** The first slot after the watermark; there is none any more without one. */
  readonly nextFireAt: Instant | undefined;
  /** When the scheduler looks at it next: at the next fire, or sooner or later where there is a reason. */
  readonly dueAt: Instant | undefined;
  /** All slots up to here are decided. */
  readonly watermark: Instant;
  /** The slot that waits for the run before it to end. */
  readonly bufferedAt: Instant | undefined;
  /** The slot of the last run. */
  readonly lastFiredAt: Instant | undefined;
  readonly fired: number;
  readonly missed: number;
  readonly skipped: number;
  /** Rises by one with each change: what was planned for another one is dropped. */
  readonly revision: number;
  /** The workflow in whose code it stands; without one it was made by a call. */
  readonly declaredBy: string | undefined;
  /** What last went wrong. */
  readonly problem: string | undefined;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** In the place of an input that a worker is to make: this content type and no bytes; and the step that remembers it. */
export const SCHEDULE_INPUT = { contentType: "application/vnd.kagzi.schedule-input", step: "schedule input" } as const;

/** Which schedule is meant. */
export type ScheduleReference = Pick<Schedule, "namespaceId" | "scheduleId">;

/** The first slot after a time; `undefined` if there is none. */
export type NextSlot = (after: Instant) => Instant | undefined;

/** A slot that is at most this late is on time: it fires whatever the catch-up says. A restart is not a miss. */
export const ON_TIME_MS = 60_000;
/** How often it is looked whether the run has ended that a buffered slot waits for. */
export const BUFFER_LOOK_MS = 1000;
/** Slots that are evaluated at once beyond those that may fire. */
const CHUNK = 2000;

/** The slots that are due, and where the schedule stands after them. */
export interface DuePlan {
  /** In their order. */
  readonly fire: readonly Instant[];
  /** How many were too late, and are not made up for. */
  readonly missed: number;
  readonly watermark: Instant;
  readonly nextFireAt: Instant | undefined;
}

/**
 * Decides which slots up to now fire: those that are on time, and the latest `maxCatchup` of those that are late. A long
 * outage is worked off in chunks: then the plan leaves a next slot that is due as well. At most `maxStarts` fire at once.
 */
export function planDue(
  schedule: Pick<Schedule, "timing" | "watermark" | "maxCatchup">,
  { maxStarts, next, now }: { readonly next: NextSlot; readonly now: Instant; readonly maxStarts: number },
): DuePlan {
  const { maxCatchup } = schedule;
  const begin = leap(schedule, now);
  const late: Instant[] = [];
  const onTime: Instant[] = [];
  let { missed, watermark } = begin;
  let slot = next(watermark);
  const end = missed + CHUNK;
  for (; slot !== undefined && slot <= now; slot = next(slot)) {
    if (slot >= now - ON_TIME_MS) onTime.push(slot);
    else late.push(slot);
    if (late.length <= maxCatchup) continue;
    watermark = Math.max(watermark, ...late.splice(0, 1));
    missed += 1;
    // The rest is for the next pass; which of the late ones are the latest is not known yet.
    if (missed === end) return { fire: [], missed, watermark, nextFireAt: next(watermark) };
  }
  const due = [...late, ...onTime];
  const fire = due.slice(0, maxStarts);
  return { fire, missed, watermark: fire.at(-1) ?? watermark, nextFireAt: due[maxStarts] ?? slot };
}

/** Late slots of an interval that cannot fire are counted and not visited. */
function leap({ maxCatchup, timing, watermark }: Parameters<typeof planDue>[0], now: Instant) {
  if (timing.kind !== "every") return { missed: 0, watermark };
  const { everyMs } = timing;
  const lastLate = Math.ceil((now - ON_TIME_MS) / everyMs) - 1;
  const missed = Math.max(0, lastLate - Math.floor(watermark / everyMs) - maxCatchup);
  return missed === 0 ? { missed, watermark } : { missed, watermark: (lastLate - maxCatchup) * everyMs };
}

/** The first slot of an interval after a time. */
export function nextOfInterval(everyMs: number, after: Instant): Instant {
  return (Math.floor(after / everyMs) + 1) * everyMs;
}

/** What a pass does to a schedule. */
export interface Fires {
  /** For which slots a run starts. */
  readonly start: readonly Instant[];
  readonly after: Schedule;
}

/** Decides which of the slots that fire start a run, given whether one has not ended. */
export function decideFires(
  schedule: Schedule,
  plan: DuePlan,
  { hasOpenRun, now }: { readonly hasOpenRun: boolean; readonly now: Instant },
): Fires {
  const start: Instant[] = [];
  let { bufferedAt, skipped } = schedule;
  const mayStart = () => schedule.overlap === "allow" || (!hasOpenRun && start.length === 0);
  if (bufferedAt !== undefined && mayStart()) {
    start.push(bufferedAt);
    bufferedAt = undefined;
  }
  for (const slot of plan.fire) {
    if (mayStart()) start.push(slot);
    else if (schedule.overlap === "bufferOne" && bufferedAt === undefined) bufferedAt = slot;
    else skipped += 1;
  }
  const after = {
    ...schedule,
    watermark: plan.watermark,
    nextFireAt: plan.nextFireAt,
    bufferedAt,
    skipped,
    fired: schedule.fired + start.length,
    missed: schedule.missed + plan.missed,
    lastFiredAt: start.at(-1) ?? schedule.lastFiredAt,
    problem: undefined,
  };
  return { start, after: changed(after, now) };
}

/** A new schedule, which begins now. */
export function newSchedule(
  spec: ScheduleSpec & ScheduleReference & Pick<Schedule, "declaredBy" | "enabled">,
  next: NextSlot,
  now: Instant,
): Schedule {
  const fresh = {
    ...spec,
    nextFireAt: undefined,
    dueAt: undefined,
    watermark: now,
    bufferedAt: undefined,
    lastFiredAt: undefined,
    fired: 0,
    missed: 0,
    skipped: 0,
    revision: 0,
    problem: undefined,
    createdAt: now,
    updatedAt: now,
  };
  return begun(fresh, next, now);
}

/** The schedule counts from now on: what was not decided before is not made up for. */
function begun(schedule: Schedule, next: NextSlot, now: Instant): Schedule {
  const { timing } = schedule;
  // One that is for now, by a clock a little behind, has not passed by the time it is made.
  const watermark = timing.kind === "at" ? Math.min(now, timing.at - 1) : now;
  return changed(
    { ...schedule, watermark, nextFireAt: next(watermark), bufferedAt: undefined, problem: undefined },
    now,
  );
}

/** Stops a schedule: it neither fires nor accumulates. A slot that waited is skipped. */
export function pauseSchedule(schedule: Schedule, now: Instant, problem?: string): Schedule {
  const skipped = schedule.skipped + (schedule.bufferedAt === undefined ? 0 : 1);
  return changed({ ...schedule, enabled: false, bufferedAt: undefined, skipped, problem }, now);
}

/** Lets a schedule that was stopped go on, from now. A single time that has passed meanwhile stays passed. */
export function resumeSchedule(schedule: Schedule, next: NextSlot, now: Instant): Schedule {
  if (schedule.enabled) return schedule;
  const resumed = { ...schedule, enabled: true, watermark: now, nextFireAt: next(now), problem: undefined };
  return changed(resumed, now);
}

/** Changes what its maker says of it. With another timing it counts from now on. */
export function updateSchedule(schedule: Schedule, spec: ScheduleSpec, next: NextSlot, now: Instant): Schedule {
  const updated = { ...schedule, ...spec };
  return isSameTiming(schedule.timing, spec.timing) ? changed(updated, now) : begun(updated, next, now);
}

/** Leaves a schedule alone for a while, because of a problem or without one. */
export function postponeSchedule(schedule: Schedule, until: Instant, problem?: string): Schedule {
  return { ...schedule, dueAt: until, problem: problem ?? schedule.problem, revision: schedule.revision + 1 };
}

function changed(schedule: Schedule, now: Instant): Schedule {
  return { ...schedule, dueAt: dueAt(schedule, now), revision: schedule.revision + 1, updatedAt: now };
}

function dueAt({ bufferedAt, enabled, nextFireAt }: Schedule, now: Instant): Instant | undefined {
  if (!enabled) return undefined;
  return bufferedAt === undefined ? nextFireAt : Math.min(now + BUFFER_LOOK_MS, nextFireAt ?? Number.POSITIVE_INFINITY);
}

/** Whether two descriptions are of the same schedule. */
export function isSameSpec(one: ScheduleSpec, other: ScheduleSpec): boolean {
  return (
    one.taskQueue === other.taskQueue &&
    one.workflowType === other.workflowType &&
    one.version === other.version &&
    one.maxCatchup === other.maxCatchup &&
    one.overlap === other.overlap &&
    isSameTiming(one.timing, other.timing) &&
    isSamePayload(one.input, other.input)
  );
}

function isSameTiming(one: Timing, other: Timing): boolean {
  return textOf(one) === textOf(other);
}

function textOf(timing: Timing): string {
  switch (timing.kind) {
    case "cron":
      return `${timing.timezone} ${timing.expression}`;
    case "every":
      return `every ${timing.everyMs}`;
    default:
      return `at ${timing.at}`;
  }
}

function isSamePayload(one: Payload | undefined, other: Payload | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  // Bytes that are encrypted differ each time; then the client says by what to know them.
  const [print, otherPrint] = [one, other].map((payload) => payload.metadata["kagzi-fingerprint"]);
  if (print !== undefined || otherPrint !== undefined) return print === otherPrint;
  return one.data.length === other.data.length && one.data.every((byte, at) => byte === other.data[at]);
}
