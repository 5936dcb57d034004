import type { NamespaceId } from "./ids.ts";
import { metadataColumn, toPayload } from "./payload-columns.ts";
import type { Overlap, Schedule, Timing } from "./schedule.ts";
import type { Instant } from "./time.ts";

/** A row of `schedules`. */
export interface ScheduleRow {
  readonly namespace_id: NamespaceId;
  readonly schedule_id: string;
  readonly task_queue: string;
  readonly workflow_type: string;
  readonly version: string | null;
  readonly cron: string | null;
  readonly timezone: string | null;
  readonly every_ms: number | null;
  readonly at: Instant | null;
  readonly input: Uint8Array | null;
  readonly input_metadata: string | null;
  /** SQLite has no booleans and answers with 0 or 1. */
  readonly enabled: boolean | number;
  readonly max_catchup: number;
  readonly overlap: Overlap;
  readonly next_fire_at: Instant | null;
  readonly due_at: Instant | null;
  readonly watermark: Instant;
  readonly buffered_at: Instant | null;
  readonly last_fired_at: Instant | null;
  readonly fired: number;
  readonly missed: number;
  readonly skipped: number;
  readonly revision: number;
  readonly declared_by: string | null;
  readonly problem: string | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

/** What a column of a schedule may hold, before a store makes its own of it. */
export type ScheduleValue = string | number | boolean | Uint8Array | null;

/** The columns of {@link ScheduleRow} with their values, in one order. */
export function scheduleColumns(schedule: Schedule): Readonly<Record<keyof ScheduleRow, ScheduleValue>> {
  const { input, timing } = schedule;
  return {
    namespace_id: schedule.namespaceId,
    schedule_id: schedule.scheduleId,
    task_queue: schedule.taskQueue,
    workflow_type: schedule.workflowType,
    version: schedule.version ?? null,
    cron: timing.kind === "cron" ? timing.expression : null,
    timezone: timing.kind === "cron" ? timing.timezone : null,
    every_ms: timing.kind === "every" ? timing.everyMs : null,
    at: timing.kind === "at" ? timing.at : null,
    input: input?.data ?? null,
    input_metadata: metadataColumn(input),
    enabled: schedule.enabled,
    max_catchup: schedule.maxCatchup,
    overlap: schedule.overlap,
    next_fire_at: schedule.nextFireAt ?? null,
    due_at: schedule.dueAt ?? null,
    watermark: schedule.watermark,
    buffered_at: schedule.bufferedAt ?? null,
    last_fired_at: schedule.lastFiredAt ?? null,
    fired: schedule.fired,
    missed: schedule.missed,
    skipped: schedule.skipped,
    revision: schedule.revision,
    declared_by: schedule.declaredBy ?? null,
    problem: schedule.problem ?? null,
    created_at: schedule.createdAt,
    updated_at: schedule.updatedAt,
  };
}

export function toSchedule(row: ScheduleRow): Schedule {
  return {
    namespaceId: row.namespace_id,
    scheduleId: row.schedule_id,
    taskQueue: row.task_queue,
    workflowType: row.workflow_type,
    version: row.version ?? undefined,
    timing: toTiming(row),
    input: toPayload(row.input, row.input_metadata),
    enabled: Boolean(row.enabled),
    maxCatchup: row.max_catchup,
    overlap: row.overlap,
    nextFireAt: row.next_fire_at ?? undefined,
    dueAt: row.due_at ?? undefined,
    watermark: row.watermark,
    bufferedAt: row.buffered_at ?? undefined,
    lastFiredAt: row.last_fired_at ?? undefined,
    fired: row.fired,
    missed: row.missed,
    skipped: row.skipped,
    revision: row.revision,
    declaredBy: row.declared_by ?? undefined,
    problem: row.problem ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toTiming({ at, cron, every_ms: everyMs, timezone }: ScheduleRow): Timing {
  if (cron !== null) return { kind: "cron", expression: cron, timezone: timezone ?? "UTC" };
  return everyMs === null ? { kind: "at", at: at ?? 0 } : { kind: "every", everyMs };
}
