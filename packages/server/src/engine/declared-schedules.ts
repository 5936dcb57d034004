import {
  LIMITS,
  type NamespaceId,
  type Schedule,
  type ScheduleSpec,
  type WorkflowVersion,
  KagziError,
  checkInteger,
  checkName,
  isSameSpec,
  newSchedule,
  quoteId,
  resumeSchedule,
  updateSchedule,
} from "@kagzi/core";
import type { Catalog } from "./catalog.ts";
import type { EngineContext } from "./engine.ts";
import { type Schedules, checkSpec, onlyTo } from "./schedules.ts";
import { slotsOf } from "./timing.ts";

/** A schedule that stands in the code of a workflow. */
export type DeclaredSchedule = Omit<ScheduleSpec, "taskQueue" | "version" | "workflowType"> &
  Pick<Schedule, "scheduleId">;

/** The schedules that stand in the code of one version of a workflow. */
export interface Declaration extends WorkflowVersion {
  readonly schedules: readonly DeclaredSchedule[];
}

/** Whose code it is. */
interface Home {
  readonly namespaceId: NamespaceId;
  readonly taskQueue: string;
}

/** Keeps schedules in step with the code of workflows, when workers register. */
export class DeclaredSchedules {
  readonly #context: EngineContext;
  readonly #catalog: Catalog;
  readonly #schedules: Schedules;

  constructor(context: EngineContext, parts: { readonly catalog: Catalog; readonly schedules: Schedules }) {
    this.#context = context;
    this.#catalog = parts.catalog;
    this.#schedules = parts.schedules;
  }

  /**
   * Makes, changes and removes schedules so that they are those of the code that new runs take. What has not changed
   * stays as it is, whether somebody paused it or not. Answers with what was left alone, one sentence each.
   */
  async apply(home: Home, declarations: readonly Declaration[]): Promise<readonly string[]> {
    const types = [...new Set(declarations.map(({ workflowType }) => workflowType))];
    const before = await this.#context.store.schedules.declared(home.namespaceId, types);
    const warnings: string[] = [];
    for (const workflowType of types) {
      const own = declarations.filter((each) => each.workflowType === workflowType);
      const there = before.filter(({ declaredBy }) => declaredBy === workflowType);
      if (there.length === 0 && own.every(({ schedules }) => schedules.length === 0)) continue;
      const version = await this.#catalog.version(home.namespaceId, workflowType);
      const current = own.find((each) => each.version === version);
      if (current !== undefined) warnings.push(...(await this.#applyOne(home, current, there)));
    }
    for (const warning of warnings) this.#context.log.warn(warning, { namespaceId: home.namespaceId });
    return warnings;
  }

  async #applyOne(home: Home, { schedules, workflowType }: Declaration, there: readonly Schedule[]) {
    const warnings: string[] = [];
    for (const { scheduleId, ...rest } of schedules) {
      const spec = { ...rest, workflowType, taskQueue: home.taskQueue, version: undefined };
      if (!(await this.#put(home.namespaceId, scheduleId, spec))) warnings.push(leftAlone(scheduleId, workflowType));
    }
    const wanted = new Set(schedules.map(({ scheduleId }) => scheduleId));
    for (const gone of there) {
      if (!wanted.has(gone.scheduleId)) await this.#context.store.schedules.delete(gone, workflowType);
    }
    this.#schedules.changed();
    return warnings;
  }

  /** `false` if the id belongs to a schedule that is not of this workflow's code. */
  async #put(namespaceId: NamespaceId, scheduleId: string, spec: ScheduleSpec): Promise<boolean> {
    const { workflowType } = spec;
    const next = slotsOf(spec.timing);
    const done = await this.#context.store.schedules.change({ namespaceId, scheduleId }, ({ now, schedule }) => {
      if (schedule === undefined) {
        const fresh = { ...spec, namespaceId, scheduleId, enabled: true, declaredBy: workflowType };
        return onlyTo(newSchedule(fresh, next, now));
      }
      if (schedule.declaredBy !== workflowType || isSameSpec(schedule, spec)) return undefined;
      const updated = updateSchedule(schedule, spec, next, now);
      // One that was stopped because its times could not be told has others now.
      return onlyTo(schedule.problem === undefined ? updated : resumeSchedule(updated, next, now));
    });
    return done.schedule?.declaredBy === workflowType;
  }
}

/** @throws KagziError `INVALID_ARGUMENT` for schedules that cannot be */
export function checkDeclarations(declarations: readonly Declaration[]): void {
  for (const { schedules, workflowType } of declarations) {
    checkInteger(
      `the number of schedules of ${quoteId(workflowType)}`,
      schedules.length,
      0,
      LIMITS.schedulesPerWorkflow,
    );
    const ids = new Set<string>();
    for (const { scheduleId, ...spec } of schedules) {
      checkName("the id of a schedule", scheduleId);
      if (ids.has(scheduleId)) throw twice(scheduleId, workflowType);
      ids.add(scheduleId);
      checkSpec({ ...spec, workflowType, taskQueue: "", version: undefined });
    }
  }
}

function twice(scheduleId: string, workflowType: string): KagziError {
  const message = `workflow ${quoteId(workflowType)} has two schedules ${quoteId(scheduleId)}: give one another id`;
  return new KagziError("INVALID_ARGUMENT", message, { subject: "schedule", subjectId: scheduleId });
}

function leftAlone(scheduleId: string, workflowType: string): string {
  return (
    `schedule ${quoteId(scheduleId)} of the code of workflow ${quoteId(workflowType)} was not applied: ` +
    "a schedule that was made by hand, or by another workflow, has this id; delete that one, or take another id"
  );
}
