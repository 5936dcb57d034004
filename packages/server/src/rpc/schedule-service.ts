import { create } from "@bufbuild/protobuf";
import { type Schedule, type Timing, checkName, checkNamespaceId, checkRunId } from "@kagzi/core";
import {
  type UpdateWorkflowScheduleRequest,
  type WorkflowSchedule,
  WorkflowScheduleSchema,
  type WorkflowScheduleService,
} from "@kagzi/proto";
import type { Engine } from "../engine/engine.ts";
import type { ScheduleUpdate } from "../engine/schedules.ts";
import { fromWirePage, given, givenTime, toTimestamp, toWirePage } from "./convert.ts";
import { OVERLAP, overlapOf, scheduleReference, specOf, timingOf } from "./schedule-request.ts";
import type { Service } from "./service.ts";

export function createScheduleService({ schedules }: Engine): Service<typeof WorkflowScheduleService> {
  return {
    async createWorkflowSchedule(request) {
      const { enabled = true } = request;
      const wanted = { ...scheduleReference(request), ...specOf(request), enabled };
      return { schedule: toWire(await schedules.create(wanted)) };
    },

    async getWorkflowSchedule(request) {
      return { schedule: toWire(await schedules.get(scheduleReference(request))) };
    },

    async listWorkflowSchedules({ namespaceId, page, workflowType }) {
      const filter = {
        namespaceId: checkNamespaceId(namespaceId),
        ...(workflowType !== undefined && { workflowType: checkName("the name of a workflow", workflowType) }),
      };
      const found = await schedules.list(filter, fromWirePage(page));
      return { schedules: found.items.map(toWire), page: toWirePage(found) };
    },

    async updateWorkflowSchedule(request) {
      const reference = scheduleReference(request);
      const { timing } = await schedules.get(reference);
      return { schedule: toWire(await schedules.update(reference, updateOf(request, timing))) };
    },

    async deleteWorkflowSchedule(request) {
      await schedules.delete(scheduleReference(request));
      return {};
    },

    async pauseWorkflowSchedule(request) {
      return { schedule: toWire(await schedules.pause(scheduleReference(request))) };
    },

    async resumeWorkflowSchedule(request) {
      return { schedule: toWire(await schedules.resume(scheduleReference(request))) };
    },

    async triggerWorkflowSchedule(request) {
      const runId = request.runId === undefined ? undefined : checkRunId(request.runId);
      return { runId: (await schedules.trigger(scheduleReference(request), runId)).runId };
    },

    async previewWorkflowSchedule(request) {
      const { count, scheduleId } = request;
      const times =
        scheduleId === ""
          ? await schedules.preview(timingOf(request), count)
          : await schedules.previewOf(scheduleReference(request), count);
      return { fireAt: times.map(toTimestamp) };
    },
  };
}

function updateOf(request: UpdateWorkflowScheduleRequest, before: Timing): ScheduleUpdate {
  const { at, cronExpr, enabled, everyMs, input, maxCatchup, overlap, taskQueue, timezone, version } = request;
  const isTimed = at !== undefined || cronExpr !== undefined || everyMs !== undefined || timezone !== undefined;
  const timing = isTimed ? timingOf(filledIn({ at, cronExpr, everyMs, timezone }, before)) : undefined;
  return {
    ...given("taskQueue", taskQueue),
    ...given("timing", timing),
    ...given("input", input),
    ...given("enabled", enabled),
    ...given("maxCatchup", maxCatchup),
    ...given("version", version),
    ...given("overlap", overlapOf(overlap)),
  };
}

/** The expression and its zone may be changed one without the other. */
function filledIn(timing: Parameters<typeof timingOf>[0], before: Timing): Parameters<typeof timingOf>[0] {
  const isCron = timing.at === undefined && timing.everyMs === undefined;
  if (!isCron || before.kind !== "cron") return timing;
  return { cronExpr: timing.cronExpr ?? before.expression, timezone: timing.timezone ?? before.timezone };
}

function toWire(schedule: Schedule): WorkflowSchedule {
  const { timing } = schedule;
  return create(WorkflowScheduleSchema, {
    scheduleId: schedule.scheduleId,
    namespaceId: schedule.namespaceId,
    taskQueue: schedule.taskQueue,
    workflowType: schedule.workflowType,
    version: schedule.version ?? "",
    ...(timing.kind === "cron" && { cronExpr: timing.expression, timezone: timing.timezone }),
    ...(timing.kind === "every" && { everyMs: BigInt(timing.everyMs) }),
    ...(timing.kind === "at" && { at: toTimestamp(timing.at) }),
    ...given("input", schedule.input),
    enabled: schedule.enabled,
    maxCatchup: schedule.maxCatchup,
    overlap: OVERLAP[schedule.overlap],
    ...(schedule.enabled && givenTime("nextFireAt", schedule.nextFireAt)),
    ...givenTime("lastFiredAt", schedule.lastFiredAt),
    ...givenTime("bufferedFireAt", schedule.bufferedAt),
    firedCount: BigInt(schedule.fired),
    missedCount: BigInt(schedule.missed),
    skippedCount: BigInt(schedule.skipped),
    ...given("declaredBy", schedule.declaredBy),
    ...given("problem", schedule.problem),
    createdAt: toTimestamp(schedule.createdAt),
    updatedAt: toTimestamp(schedule.updatedAt),
  });
}
