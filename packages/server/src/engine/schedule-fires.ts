import { createHash } from "node:crypto";
import {
  type DuePlan,
  type Instant,
  LIMITS,
  type RunId,
  type Schedule,
  type ScheduleChange,
  type ScheduleFound,
  type Start,
  decideFires,
  errorCodeOf,
  pauseSchedule,
  payloadBytes,
  planDue,
  postponeSchedule,
  storableText,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { errorField } from "./log.ts";
import { onlyTo, startOf } from "./schedules.ts";
import type { Starts } from "./starts.ts";
import { slotsOf } from "./timing.ts";

/** Schedules of one look at most. */
const BATCH = 100;
/** Schedules that are fired at once: each takes a connection, and others need some, too. */
const AT_ONCE = 4;
/** Runs that one schedule starts in one transaction at most, and the bytes of their inputs, about. */
const MAX_STARTS = 200;
const MAX_BYTES = 64 * 1024 * 1024;
/** A schedule of a disabled namespace is looked at again after so many polls. */
const DISABLED_POLLS = 10;
/** One that could not fire is tried again after two polls, then four and so on, and after this at most. */
const LONGEST_BACKOFF_MS = 60_000;

/** Fires the schedules that are due. Any number of servers may do so at once: each slot has one run. */
export class ScheduleFires {
  readonly #context: EngineContext;
  readonly #starts: Starts;
  /** How often in a row a schedule could not fire here. */
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();

  constructor(context: EngineContext, parts: { readonly starts: Starts }) {
    this.#context = context;
    this.#starts = parts.starts;
  }

  /** Fires what is due. Answers with how long it is until something else will be. */
  async pass(): Promise<number | undefined> {
    const { clock, store } = this.#context;
    const { due, nextAt, now } = await store.schedules.due(BATCH);
    clock.observe(now);
    const left = this.#shuffled(due);
    const became: (Pick<Schedule, "dueAt"> | undefined)[] = [];
    const fireRest = async () => {
      for (let schedule = left.pop(); schedule !== undefined; schedule = left.pop()) {
        became.push(await this.#fireIfPossible(schedule, now));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fireRest));
    if (due.length === BATCH && became.some((after) => after !== undefined)) return 0;
    const next = [nextAt, ...became.map((after) => after?.dueAt)].filter((at) => at !== undefined);
    return next.length === 0 ? undefined : Math.max(0, Math.min(...next) - now);
  }

  /** Servers that find the same schedules due begin with others of them, and so seldom wait for each other. */
  #shuffled(due: readonly Schedule[]): Schedule[] {
    const from = Math.floor(this.#context.env.random() * due.length);
    return [...due.slice(from), ...due.slice(0, from)];
  }

  /** As it is now; `undefined` if it could not fire. That one cannot does not keep others from it. */
  async #fireIfPossible(schedule: Schedule, now: Instant): Promise<Pick<Schedule, "dueAt"> | undefined> {
    const key = `${schedule.namespaceId}/${schedule.scheduleId}`;
    const { env, log } = this.#context;
    const before = this.#failures.get(key);
    // That it is put off may be what cannot be written.
    if (before !== undefined && env.now() < before.until) return undefined;
    try {
      const after = await this.#fire(schedule, now);
      this.#failures.delete(key);
      return after ?? { dueAt: undefined };
    } catch (error) {
      const count = (before?.count ?? 0) + 1;
      const waitMs = this.#inPolls(2 ** count);
      this.#failures.set(key, { count, until: env.now() + waitMs });
      log.warn("a schedule could not fire and will be tried again", {
        scheduleId: schedule.scheduleId,
        error: errorField(error),
      });
      await this.#postpone(schedule, waitMs, messageOf(error)).catch(() => {});
      return undefined;
    }
  }

  async #fire(schedule: Schedule, now: Instant): Promise<Schedule | undefined> {
    const plan = this.#plan(schedule, now);
    if (typeof plan === "string") return this.#disable(schedule, plan);
    const template = await this.#starts.prepare(startOf(schedule));
    let starts: readonly Start[] = [];
    let fired: Schedule | undefined;
    const { outcomes, schedule: after } = await this.#changeIfSame(schedule, (found) => {
      if (found.namespaceEnabled !== true) return onlyTo(postponed(found, this.#inPolls(DISABLED_POLLS)));
      const fires = decideFires(schedule, plan, found);
      starts = fires.start.map((slot) => ({ ...template, runId: runIdOf(schedule, slot), scheduledAt: slot }));
      fired = fires.after;
      return { after: fired, starts };
    });
    const refused = outcomes.find((outcome) => outcome.became === "refused");
    if (refused !== undefined) return this.#postpone(schedule, this.#inPolls(DISABLED_POLLS));
    for (const [index, start] of starts.entries()) if (outcomes[index]?.became === "started") this.#starts.tell(start);
    if (fired !== undefined) this.#tellMissed(schedule, fired, now);
    return after;
  }

  /** Once for an outage, when it is worked off: nobody looks at a counter that nothing points to. */
  #tellMissed(before: Schedule, { missed, nextFireAt, scheduleId }: Schedule, now: Instant): void {
    if (missed === before.missed || (nextFireAt !== undefined && nextFireAt <= now)) return;
    this.#context.log.warn("fires of a schedule were missed and are not made up for", {
      scheduleId,
      missedInAll: missed,
    });
  }

  /** Or why its slots cannot be told. */
  #plan(schedule: Schedule, now: Instant): DuePlan | string {
    try {
      const next = slotsOf(schedule.timing);
      const maxStarts = Math.max(1, Math.min(MAX_STARTS, Math.floor(MAX_BYTES / (payloadBytes(schedule.input) + 1))));
      return planDue(schedule, { next, now, maxStarts });
    } catch (error) {
      return messageOf(error);
    }
  }

  /** No try can help. */
  async #disable(schedule: Schedule, problem: string): Promise<Schedule | undefined> {
    this.#context.log.error("a schedule was stopped, its times cannot be told", {
      scheduleId: schedule.scheduleId,
      problem,
    });
    const changed = await this.#changeIfSame(schedule, ({ now }) => onlyTo(pauseSchedule(schedule, now, problem)));
    return changed.schedule;
  }

  async #postpone(schedule: Schedule, waitMs: number, problem?: string): Promise<Schedule | undefined> {
    const changed = await this.#changeIfSame(schedule, (found) => onlyTo(postponed(found, waitMs, problem)));
    return changed.schedule;
  }

  #inPolls(polls: number): number {
    return Math.min(polls * this.#context.config.pollMs, LONGEST_BACKOFF_MS);
  }

  /** What was planned for a schedule that is another one by now is dropped: another server was first, or somebody changed it. */
  #changeIfSame(
    schedule: Schedule,
    decide: (found: ScheduleFound & { readonly schedule: Schedule }) => ScheduleChange,
  ) {
    return this.#context.store.schedules.change(schedule, (found) =>
      found.schedule?.revision === schedule.revision && found.schedule.createdAt === schedule.createdAt
        ? decide({ ...found, schedule: found.schedule })
        : undefined,
    );
  }
}

function postponed(
  { now, schedule }: { readonly now: Instant; readonly schedule: Schedule },
  waitMs: number,
  problem?: string,
): Schedule {
  return postponeSchedule(schedule, now + waitMs, problem);
}

/** The run of a slot: asked for twice it is the same one. It sorts where its slot was. */
function runIdOf({ namespaceId, scheduleId }: Schedule, slot: Instant): RunId {
  const hash = createHash("sha256").update(`${namespaceId}\0${scheduleId}\0${slot}`).digest("hex");
  const time = slot.toString(16).padStart(12, "0");
  const variant = (0x8 | (Number.parseInt(hash.slice(3, 4), 16) & 0x3)).toString(16);
  const uuid = `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
  return uuid as RunId;
}

function messageOf(error: unknown): string {
  if (errorCodeOf(error) === "UNAVAILABLE") return "the store does not answer";
  return storableText(error instanceof Error ? error.message : String(error), LIMITS.errorTextChars);
}
