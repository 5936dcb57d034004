import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { WorkflowSchedule } from "@kagzi/proto";
import { call } from "../calls.ts";
import { KagziError } from "../error.ts";
import { checkName } from "../names.ts";
import type { Payloads } from "../payload/codec.ts";
import {
  type ScheduleOverlapPolicy,
  type ScheduleRules,
  type ScheduleTiming,
  fromWireOverlap,
  wireRules,
  wireTiming,
} from "../schedule.ts";
import { type Workflow, checkInput } from "../workflow.ts";
import { RunHandle } from "./run-handle.ts";
import type { PageOptions } from "./runs.ts";
import type { ClientScope } from "./scope.ts";
import { nameOf } from "./start-request.ts";

/** A schedule that is to be made. */
export type NewSchedule<Input> = ScheduleTiming &
  ScheduleRules & {
    readonly workflow: string | Workflow<Input, unknown>;
    /** Of each run. */
    readonly input?: NoInfer<Input>;
    /** Of the runs; default: each takes the version that new runs take. */
    readonly version?: string;
    /** Default true. */
    readonly enabled?: boolean;
  };

/** What is to be changed of a schedule; what is absent stays. */
export type ScheduleChange = Partial<ScheduleTiming> &
  ScheduleRules & {
    readonly input?: unknown;
    readonly version?: string;
    readonly enabled?: boolean;
  };

/** Everything that is known of a schedule. */
export interface ScheduleInfo {
  readonly id: string;
  readonly namespace: string;
  readonly workflow: string;
  readonly version?: string;
  readonly cron?: string;
  readonly timezone?: string;
  /** In milliseconds. */
  readonly every?: number;
  readonly at?: Date;
  readonly input?: unknown;
  readonly enabled: boolean;
  readonly maxCatchup: number;
  readonly overlap: ScheduleOverlapPolicy;
  /** Absent while it is paused, and where there is none any more. */
  readonly nextFireAt?: Date;
  readonly lastFiredAt?: Date;
  /** The fire that waits for the run before it to end. */
  readonly bufferedFireAt?: Date;
  /** Fires that started a run, that were missed and not made up for, and that were skipped because a run had not ended. */
  readonly fired: number;
  readonly missed: number;
  readonly skipped: number;
  /** The workflow in whose code it stands. */
  readonly declaredBy?: string;
  /** What last went wrong. */
  readonly problem?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface SchedulePage {
  readonly items: readonly ScheduleInfo[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

/** Schedules by name: all of them by `for await`, or page by page. */
export interface ScheduleList extends AsyncIterable<ScheduleInfo> {
  page(options?: Pick<PageOptions, "after" | "size">): Promise<SchedulePage>;
}

/** The schedules of a namespace. */
export class SchedulesClient {
  readonly #scope: ClientScope;

  constructor(scope: ClientScope) {
    this.#scope = scope;
  }

  /**
   * Makes a schedule, or finds the very same one.
   * @throws KagziError `INVALID_ARGUMENT` for a timing or an input that makes no sense, `PAYLOAD_TOO_LARGE`, `NOT_FOUND` (the
   * namespace), `CONFLICT` (another schedule has the id)
   */
  async create<Input = unknown>(id: string, schedule: NewSchedule<Input>): Promise<ScheduleInfo> {
    const { enabled, version, workflow } = schedule;
    const what = `schedule ${JSON.stringify(id)}`;
    const workflowType = nameOf(workflow);
    const checked = typeof workflow === "string" ? schedule.input : await checkInput(workflow, schedule.input);
    const { connection, payloads, runtime } = this.#scope;
    const input = payloads.encode(checked, "input", `the input of workflow ${JSON.stringify(workflowType)}`);
    const request = {
      ...this.#reference(id),
      ...wireTiming(schedule, what),
      ...wireRules(schedule, what),
      workflowType,
      ...(input !== undefined && { input }),
      ...(version !== undefined && { version: checkName("a version", version) }),
      ...(enabled !== undefined && { enabled }),
    };
    const answer = await call({ runtime }, (options) => connection.schedules.createWorkflowSchedule(request, options));
    return this.#info(answer.schedule);
  }

  /** @throws KagziError `NOT_FOUND` */
  async get(id: string): Promise<ScheduleInfo> {
    const { connection, runtime } = this.#scope;
    const request = this.#reference(id);
    const answer = await call({ runtime }, (options) => connection.schedules.getWorkflowSchedule(request, options));
    return this.#info(answer.schedule);
  }

  /** Nothing is asked before the first item or page is. */
  list(filter: { readonly workflow?: string } = {}): ScheduleList {
    const page = (options: Pick<PageOptions, "after" | "size"> = {}) => this.#page(filter, options);
    return {
      page,
      async *[Symbol.asyncIterator]() {
        for (let after: string | undefined = ""; after !== undefined;) {
          const found: SchedulePage = await page({ after });
          yield* found.items;
          after = found.next;
        }
      },
    };
  }

  /**
   * Changes a schedule. With another timing it counts from now on.
   * @throws KagziError `NOT_FOUND`, `INVALID_ARGUMENT`; `PRECONDITION_FAILED` for one that stands in the code of a workflow
   */
  async update(id: string, change: ScheduleChange): Promise<ScheduleInfo> {
    const { at, cron, enabled, every, timezone, version } = change;
    const what = `schedule ${JSON.stringify(id)}`;
    const { connection, payloads, runtime } = this.#scope;
    const input = "input" in change ? payloads.encode(change.input, "input") : undefined;
    const isTimed = at !== undefined || cron !== undefined || every !== undefined;
    const request = {
      ...this.#reference(id),
      ...(isTimed ? wireTiming(change, what) : timezone !== undefined && { timezone }),
      ...wireRules(change, what),
      ...(input !== undefined && { input }),
      ...(version !== undefined && { version: checkName("a version", version) }),
      ...(enabled !== undefined && { enabled }),
    };
    const answer = await call({ runtime }, (options) => connection.schedules.updateWorkflowSchedule(request, options));
    return this.#info(answer.schedule);
  }

  /** It neither fires nor accumulates what it would have fired. @throws KagziError `NOT_FOUND` */
  async pause(id: string): Promise<ScheduleInfo> {
    const { connection, runtime } = this.#scope;
    const request = this.#reference(id);
    const answer = await call({ runtime }, (options) => connection.schedules.pauseWorkflowSchedule(request, options));
    return this.#info(answer.schedule);
  }

  /** It goes on from now: what it would have fired meanwhile is not made up for. @throws KagziError `NOT_FOUND` */
  async resume(id: string): Promise<ScheduleInfo> {
    const { connection, runtime } = this.#scope;
    const request = this.#reference(id);
    const answer = await call({ runtime }, (options) => connection.schedules.resumeWorkflowSchedule(request, options));
    return this.#info(answer.schedule);
  }

  /** Starts a run now, whatever the schedule says and whatever runs. @throws KagziError `NOT_FOUND` */
  async trigger(id: string): Promise<RunHandle<unknown>> {
    const { connection, runtime } = this.#scope;
    // The id is made here, so that a call whose answer is lost can be made again and stays one run.
    const request = { ...this.#reference(id), runId: this.#scope.newId() };
    const answer = await call({ runtime }, (options) => connection.schedules.triggerWorkflowSchedule(request, options));
    return new RunHandle(this.#scope, { id: answer.runId, alreadyExists: false });
  }

  /** Its runs stay. @throws KagziError `NOT_FOUND` */
  async delete(id: string): Promise<void> {
    const { connection, runtime } = this.#scope;
    const request = this.#reference(id);
    // Made once: a second try could not tell what it had deleted itself from what was not there.
    const settings = { runtime, patienceMs: 0 };
    await call(settings, (options) => connection.schedules.deleteWorkflowSchedule(request, options));
  }

  /**
   * The next times, at most `count` (1 to 100), of a schedule that is there or of one that may be made.
   * @throws KagziError `NOT_FOUND`, `INVALID_ARGUMENT`
   */
  async preview(idOrTiming: string | ScheduleTiming, count = 10): Promise<readonly Date[]> {
    const { connection, namespace, runtime } = this.#scope;
    const about =
      typeof idOrTiming === "string"
        ? this.#reference(idOrTiming)
        : { namespaceId: namespace, ...wireTiming(idOrTiming, "what is previewed") };
    const request = { ...about, count };
    const answer = await call({ runtime }, (options) => connection.schedules.previewWorkflowSchedule(request, options));
    return answer.fireAt.map(timestampDate);
  }

  async #page(
    filter: { readonly workflow?: string },
    options: Pick<PageOptions, "after" | "size">,
  ): Promise<SchedulePage> {
    const { connection, namespace, payloads, runtime } = this.#scope;
    const request = {
      namespaceId: namespace,
      page: { pageSize: options.size ?? 0, pageToken: options.after ?? "" },
      ...(filter.workflow !== undefined && { workflowType: checkName("the name of a workflow", filter.workflow) }),
    };
    const answer = await call({ runtime }, (callOptions) =>
      connection.schedules.listWorkflowSchedules(request, callOptions),
    );
    return {
      items: answer.schedules.map((schedule) => toScheduleInfo(schedule, payloads)),
      ...(answer.page?.hasMore === true && { next: answer.page.nextPageToken }),
    };
  }

  #reference(id: string) {
    return { namespaceId: this.#scope.namespace, scheduleId: checkName("the id of a schedule", id) };
  }

  #info(schedule: WorkflowSchedule | undefined): ScheduleInfo {
    if (schedule === undefined) throw new KagziError("INTERNAL", "the server's answer holds no schedule");
    return toScheduleInfo(schedule, this.#scope.payloads);
  }
}

function toScheduleInfo(schedule: WorkflowSchedule, payloads: Payloads): ScheduleInfo {
  const { cronExpr, declaredBy, everyMs, problem, version } = schedule;
  return {
    id: schedule.scheduleId,
    namespace: schedule.namespaceId,
    workflow: schedule.workflowType,
    ...(version !== "" && { version }),
    ...(cronExpr !== "" && { cron: cronExpr, timezone: schedule.timezone }),
    ...(everyMs !== undefined && { every: Number(everyMs) }),
    ...givenDate("at", schedule.at),
    ...(schedule.input !== undefined && { input: payloads.decode(schedule.input) }),
    enabled: schedule.enabled,
    maxCatchup: schedule.maxCatchup,
    overlap: fromWireOverlap(schedule.overlap),
    ...givenDate("nextFireAt", schedule.nextFireAt),
    ...givenDate("lastFiredAt", schedule.lastFiredAt),
    ...givenDate("bufferedFireAt", schedule.bufferedFireAt),
    fired: Number(schedule.firedCount),
    missed: Number(schedule.missedCount),
    skipped: Number(schedule.skippedCount),
    ...(declaredBy !== undefined && { declaredBy }),
    ...(problem !== undefined && { problem }),
    createdAt: schedule.createdAt === undefined ? new Date(0) : timestampDate(schedule.createdAt),
    updatedAt: schedule.updatedAt === undefined ? new Date(0) : timestampDate(schedule.updatedAt),
  };
}

function givenDate<Key extends string>(key: Key, at: Timestamp | undefined): { [K in Key]?: Date } {
  return at === undefined ? {} : ({ [key]: timestampDate(at) } as { [K in Key]: Date });
}
