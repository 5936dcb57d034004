import { toJson } from "@bufbuild/protobuf";
import { ScheduleOverlap, type WorkflowSchedule, WorkflowScheduleSchema } from "@kagzi/proto";
import { type ListView, type Output, type RecordView, timeCell } from "./output.ts";
import { payloadText } from "./payloads.ts";
import type { Session } from "./session.ts";
import type { Cell } from "./table.ts";
import { dateOf, spanText } from "./times.ts";

const OVERLAP: Readonly<Record<ScheduleOverlap, string>> = {
  [ScheduleOverlap.UNSPECIFIED]: "skip",
  [ScheduleOverlap.SKIP]: "skip",
  [ScheduleOverlap.ALLOW]: "allow",
  [ScheduleOverlap.BUFFER_ONE]: "buffer-one",
};

/** @throws KagziError `NOT_FOUND` */
export async function getSchedule(session: Session, scheduleId: string): Promise<WorkflowSchedule> {
  const { ask, connection, namespaceId } = session;
  const request = { namespaceId, scheduleId };
  const { schedule } = await ask((options) => connection.schedules.getWorkflowSchedule(request, options));
  if (schedule === undefined) throw new Error(`the server's answer says nothing of schedule ${scheduleId}`);
  return schedule;
}

function state({ enabled, nextFireAt }: WorkflowSchedule): Cell {
  if (!enabled) return { text: "‖ paused", plain: "paused", colour: "yellow" };
  if (nextFireAt === undefined) return { text: "✓ over", plain: "over", colour: "dim" };
  return { text: "● enabled", plain: "enabled", colour: "green" };
}

/** When it fires, in words. */
function timing({ at, cronExpr, everyMs, timezone }: WorkflowSchedule): string {
  if (everyMs !== undefined) return `every ${spanText(Number(everyMs))}`;
  if (at !== undefined) return `at ${dateOf(at)?.toISOString() ?? ""}`;
  return `${cronExpr} ${timezone === "" ? "UTC" : timezone}`;
}

export function schedulesView(output: Output): ListView<WorkflowSchedule> {
  return {
    columns: [
      { title: "STATE", cell: state },
      { title: "SCHEDULE", cell: ({ scheduleId }) => scheduleId, narrow: "cut" },
      { title: "WORKFLOW", cell: ({ workflowType }) => workflowType, narrow: "cut" },
      { title: "WHEN", cell: timing, narrow: 3 },
      { title: "NEXT", cell: ({ nextFireAt }) => timeCell(output, dateOf(nextFireAt)) },
      { title: "LAST", cell: ({ lastFiredAt }) => timeCell(output, dateOf(lastFiredAt)), narrow: 4 },
      { title: "PROBLEM", cell: ({ problem }) => problem, narrow: "cut" },
    ],
    json: (schedule) => toJson(WorkflowScheduleSchema, schedule),
    id: ({ scheduleId }) => scheduleId,
    none: "no schedules; kagzi schedule create makes one",
  };
}

/** A schedule, and when it fires next. */
export function scheduleRecord(
  output: Output,
  schedule: WorkflowSchedule,
): RecordView & { readonly nextFireAt: Date | undefined } {
  const { firedCount, missedCount, skippedCount } = schedule;
  const time = (at: WorkflowSchedule["nextFireAt"]) => timeCell(output, dateOf(at));
  return {
    fields: [
      ["schedule", schedule.scheduleId],
      ["state", state(schedule)],
      ["workflow", schedule.version === "" ? schedule.workflowType : `${schedule.workflowType}@${schedule.version}`],
      ["when", timing(schedule)],
      ["next", time(schedule.nextFireAt)],
      ["last", time(schedule.lastFiredAt)],
      ["waiting", time(schedule.bufferedFireAt)],
      ["overlap", OVERLAP[schedule.overlap] ?? "skip"],
      ["max catch-up", String(schedule.maxCatchup)],
      ["fires", `${firedCount} started a run, ${missedCount} missed, ${skippedCount} skipped`],
      ["in the code of", schedule.declaredBy],
      ["problem", schedule.problem],
      ["input", payloadText(schedule.input)],
      ["created", time(schedule.createdAt)],
      ["updated", time(schedule.updatedAt)],
    ],
    json: toJson(WorkflowScheduleSchema, schedule),
    id: schedule.scheduleId,
    nextFireAt: dateOf(schedule.nextFireAt),
  };
}
