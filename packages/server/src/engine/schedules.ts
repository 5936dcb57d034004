import {
  type Instant,
  KagziError,
  LIMITS,
  type NamespaceId,
  type RunId,
  type Schedule,
  type ScheduleChange,
  type ScheduleFound,
  type ScheduleReference,
  type ScheduleSpec,
  type Timing,
  checkInteger,
  checkName,
  checkOptionalName,
  checkPayload,
  isSameSpec,
  newSchedule,
  notFound,
  pauseSchedule,
  quoteId,
  resumeSchedule,
  updateSchedule,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";
import { type StartAnswer, type Starts, noNamespace } from "./starts.ts";
import { slotsOf } from "./timing.ts";

/** How late a single time may be when it is asked for: clocks differ. */
const LATE_MS = 60_000;

/** A schedule that is to be made. */
export type NewSchedule = ScheduleSpec & ScheduleReference & { readonly enabled: boolean };

/** What is to be changed of a schedule; what is not named stays. */
export type ScheduleUpdate = {
  readonly [Key in keyof Omit<ScheduleSpec, "workflowType">]?: Exclude<ScheduleSpec[Key], undefined>;
} & { readonly enabled?: boolean };

/** Schedules: made, looked at, changed. What fires them is {@link ScheduleFires}. */
export class Schedules {
  readonly #context: EngineContext;
  readonly #starts: Starts;
  #onChange = () => {};

  constructor(context: EngineContext, parts: { readonly starts: Starts }) {
    this.#context = context;
    this.#starts = parts.starts;
  }

  /** Calls `listener` whenever something may be due sooner than it was. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Something may be due sooner than it was. */
  changed(): void {
    this.#onChange();
  }

  /**
   * Makes a schedule, or finds the very same one.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for the namespace; `CONFLICT` if another one has the id
   */
  async create(wanted: NewSchedule): Promise<Schedule> {
    const { namespaceId, scheduleId } = wanted;
    const spec = specOf(wanted);
    checkSpec(spec);
    const next = slotsOf(spec.timing);
    return this.#change({ namespaceId, scheduleId }, ({ now, schedule }) => {
      if (schedule === undefined) {
        checkNotPast(spec.timing, now);
        return onlyTo(newSchedule({ ...wanted, declaredBy: undefined }, next, now));
      }
      if (schedule.declaredBy === undefined && isSameSpec(schedule, spec)) return undefined;
      throw taken(schedule);
    });
  }

  /** @throws KagziError `NOT_FOUND` */
  async get(reference: ScheduleReference): Promise<Schedule> {
    const schedule = await this.#context.store.schedules.get(reference);
    if (schedule === undefined) throw missing(reference);
    return schedule;
  }

  /** By name. */
  async list(
    filter: { readonly namespaceId: NamespaceId; readonly workflowType?: string },
    page: PageRequest,
  ): Promise<Page<Schedule>> {
    const limit = pageSize(page);
    const after = page.token === "" ? {} : { after: checkName("a page token", page.token) };
    const found = await this.#context.store.schedules.list(filter, { limit: limit + 1, ...after });
    return pageOf(found, limit, ({ scheduleId }) => scheduleId);
  }

  /**
   * @throws KagziError `NOT_FOUND`, `INVALID_ARGUMENT`; `PRECONDITION_FAILED` for one that stands in the code of a workflow
   */
  async update(reference: ScheduleReference, { enabled, ...change }: ScheduleUpdate): Promise<Schedule> {
    return this.#changeExisting(reference, (schedule, now) => {
      if (schedule.declaredBy !== undefined) throw declared(schedule, schedule.declaredBy);
      const spec = { ...specOf(schedule), ...change };
      checkSpec(spec);
      if (change.timing !== undefined) checkNotPast(change.timing, now);
      const next = slotsOf(spec.timing);
      const updated = isSameSpec(schedule, spec) ? schedule : updateSchedule(schedule, spec, next, now);
      if (enabled === undefined || enabled === updated.enabled) return updated;
      return enabled ? resumeSchedule(updated, next, now) : pauseSchedule(updated, now);
    });
  }

  /** It neither fires nor accumulates. @throws KagziError `NOT_FOUND` */
  async pause(reference: ScheduleReference): Promise<Schedule> {
    return this.#changeExisting(reference, (schedule, now) =>
      schedule.enabled ? pauseSchedule(schedule, now) : schedule,
    );
  }

  /** It goes on from now. @throws KagziError `NOT_FOUND`; `INVALID_ARGUMENT` if its timing is known no more */
  async resume(reference: ScheduleReference): Promise<Schedule> {
    return this.#changeExisting(reference, (schedule, now) => resumeSchedule(schedule, slotsOf(schedule.timing), now));
  }

  /** Starts a run now, whatever the schedule says and whatever runs. Throws as a start does; `NOT_FOUND` */
  async trigger(reference: ScheduleReference, runId?: RunId): Promise<StartAnswer> {
    const schedule = await this.get(reference);
    return this.#starts.start({
      ...startOf(schedule),
      ...(runId !== undefined && { runId }),
    });
  }

  /** Its runs stay. @throws KagziError `NOT_FOUND` */
  async delete(reference: ScheduleReference): Promise<void> {
    if (!(await this.#context.store.schedules.delete(reference))) throw missing(reference);
  }

  /** The next times of a schedule that is there. @throws KagziError `NOT_FOUND`, `INVALID_ARGUMENT` */
  async previewOf(reference: ScheduleReference, count: number): Promise<readonly Instant[]> {
    const { timing } = await this.get(reference);
    return this.preview(timing, count);
  }

  /** The next times of a schedule that is not there. @throws KagziError `INVALID_ARGUMENT` */
  async preview(timing: Timing, count: number): Promise<readonly Instant[]> {
    checkInteger("count", count, 1, LIMITS.preview);
    const next = slotsOf(timing);
    const times: Instant[] = [];
    for (let at = next(await this.#context.store.now()); at !== undefined && times.length < count; at = next(at)) {
      times.push(at);
    }
    return times;
  }

  async #changeExisting(
    reference: ScheduleReference,
    decide: (schedule: Schedule, now: Instant) => Schedule,
  ): Promise<Schedule> {
    return this.#change(reference, ({ now, schedule }) => {
      if (schedule === undefined) throw missing(reference);
      const after = decide(schedule, now);
      return after === schedule ? undefined : onlyTo(after);
    });
  }

  async #change(
    reference: ScheduleReference,
    decide: (found: ScheduleFound) => ScheduleChange | undefined,
  ): Promise<Schedule> {
    const { schedule } = await this.#context.store.schedules.change(reference, (found) => {
      if (found.namespaceEnabled === undefined) throw noNamespace(reference.namespaceId);
      return decide(found);
    });
    if (schedule === undefined) throw missing(reference);
    this.#onChange();
    return schedule;
  }
}

/** A change that starts no run. */
export function onlyTo(after: Schedule): ScheduleChange {
  return { after, starts: [] };
}

/** The start of a run of a schedule. */
export function startOf({ input, namespaceId, scheduleId, taskQueue, version, workflowType }: Schedule) {
  return {
    namespaceId,
    taskQueue,
    workflowType,
    scheduleId,
    priority: 0,
    delayMs: 0,
    ...(version !== undefined && { version }),
    ...(input !== undefined && { input }),
  };
}

/** @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function checkSpec(spec: ScheduleSpec): void {
  checkName("the name of a workflow", spec.workflowType);
  checkOptionalName("a task queue", spec.taskQueue);
  if (spec.version !== undefined) checkName("a version", spec.version);
  checkInteger("max_catchup", spec.maxCatchup, 0, LIMITS.catchup);
  checkPayload(`the input of workflow ${quoteId(spec.workflowType)}`, spec.input);
  slotsOf(spec.timing);
}

/** What its maker says of a schedule, and nothing else. */
export function specOf(schedule: ScheduleSpec): ScheduleSpec {
  const { input, maxCatchup, overlap, taskQueue, timing, version, workflowType } = schedule;
  return { input, maxCatchup, overlap, taskQueue, timing, version, workflowType };
}

function checkNotPast(timing: Timing, now: Instant): void {
  if (timing.kind !== "at" || timing.at >= now - LATE_MS) return;
  const [at, today] = [timing.at, now].map((time) => new Date(time).toISOString());
  throw new KagziError(
    "INVALID_ARGUMENT",
    `"at" is ${at}, which has passed: it is ${today}; start the workflow instead`,
  );
}

function missing({ scheduleId }: ScheduleReference): KagziError {
  return notFound("schedule", scheduleId, "client.schedules.list() lists those that are there");
}

function taken({ declaredBy, scheduleId, workflowType }: Schedule): KagziError {
  const whose = declaredBy === undefined ? `one of workflow ${quoteId(workflowType)}` : inCode(declaredBy);
  return new KagziError(
    "CONFLICT",
    `there is another schedule ${quoteId(scheduleId)}, ${whose}: change that, or take another id`,
    about(scheduleId),
  );
}

function declared({ scheduleId }: Schedule, declaredBy: string): KagziError {
  return new KagziError(
    "PRECONDITION_FAILED",
    `schedule ${quoteId(scheduleId)} is ${inCode(declaredBy)}: change it there; it may be paused, resumed and triggered`,
    about(scheduleId),
  );
}

function inCode(workflowType: string): string {
  return `one that stands in the code of workflow ${quoteId(workflowType)}`;
}

function about(scheduleId: string) {
  return { subject: "schedule", subjectId: scheduleId };
}
