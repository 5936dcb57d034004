import type {
  Instant,
  NamespaceId,
  Schedule,
  ScheduleChange,
  ScheduleFound,
  ScheduleReference,
  Scheduled,
} from "@kagzi/core";
import { type ScheduleRow, scheduleColumns, toSchedule } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { beginRun } from "./runs-start.ts";

/** Makes a schedule or changes one, as `decide` says, with the runs that it starts. */
export function changeSchedule(
  database: Database,
  reference: ScheduleReference,
  decide: (found: ScheduleFound) => ScheduleChange | undefined,
): Scheduled {
  return database.transaction(() => change(database, reference, decide), isDone);
}

function isDone({ outcomes }: Scheduled): boolean {
  return outcomes.every((outcome) => outcome.became !== "refused");
}

function change(
  database: Database,
  reference: ScheduleReference,
  decide: (found: ScheduleFound) => ScheduleChange | undefined,
): Scheduled {
  const schedule = getSchedule(database, reference);
  const around = lookAround(database, reference);
  const decided = decide({ ...around, schedule });
  const { now } = around;
  if (decided === undefined) return { now, schedule, outcomes: [] };
  const { after, starts } = decided;
  const outcomes = starts.map((start) => beginRun(database, start));
  write(database, after);
  return { now, schedule: after, outcomes };
}

function lookAround(
  database: Database,
  { namespaceId, scheduleId }: ScheduleReference,
): Omit<ScheduleFound, "schedule"> {
  const [namespace] = database.all<{ enabled: number }>("SELECT enabled FROM namespaces WHERE namespace_id = ?", [
    namespaceId,
  ]);
  const open = database.all(
    "SELECT 1 FROM runs WHERE namespace_id = ? AND schedule_id = ? AND finished_at IS NULL LIMIT 1",
    [namespaceId, scheduleId],
  );
  const namespaceEnabled = namespace && namespace.enabled === 1;
  return { now: database.now(), namespaceEnabled, hasOpenRun: open.length === 1 };
}

function write(database: Database, schedule: Schedule): void {
  const columns = Object.entries(scheduleColumns(schedule));
  const names = columns.map(([name]) => name).join(", ");
  database.change(
    `INSERT OR REPLACE INTO schedules (${names}) VALUES (${columns.map(() => "?").join(", ")})`,
    columns.map(([, value]) => (typeof value === "boolean" ? Number(value) : value)),
  );
}

/** Schedules that are to be looked at by now, and when the next one is. */
export function dueSchedules(
  database: Database,
  limit: number,
): { readonly now: Instant; readonly due: readonly Schedule[]; readonly nextAt?: Instant } {
  const now = database.now();
  const [next] = database.all<{ due_at: Instant }>(
    "SELECT due_at FROM schedules WHERE due_at IS NOT NULL AND due_at > ? ORDER BY due_at LIMIT 1",
    [now],
  );
  const rows = database.all<ScheduleRow>(
    "SELECT * FROM schedules WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?",
    [now, limit],
  );
  return { now, due: rows.map(toSchedule), ...(next !== undefined && { nextAt: next.due_at }) };
}

export function getSchedule(database: Database, { namespaceId, scheduleId }: ScheduleReference): Schedule | undefined {
  const [row] = database.all<ScheduleRow>("SELECT * FROM schedules WHERE namespace_id = ? AND schedule_id = ?", [
    namespaceId,
    scheduleId,
  ]);
  return row && toSchedule(row);
}

/** Schedules of a namespace by name. */
export function listSchedules(
  database: Database,
  filter: { readonly namespaceId: NamespaceId; readonly workflowType?: string },
  page: { readonly after?: string; readonly limit: number },
): readonly Schedule[] {
  const { namespaceId, workflowType } = filter;
  const ofWorkflow = workflowType === undefined ? "" : "AND workflow_type = ?4";
  const rows = database.all<ScheduleRow>(
    `SELECT * FROM schedules WHERE namespace_id = ?1 AND schedule_id > ?2 ${ofWorkflow} ORDER BY schedule_id LIMIT ?3`,
    [namespaceId, page.after ?? "", page.limit, ...(workflowType === undefined ? [] : [workflowType])],
  );
  return rows.map(toSchedule);
}

/** Schedules that stand in the code of these workflows. */
export function declaredSchedules(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
): readonly Schedule[] {
  const rows = database.all<ScheduleRow>(
    `SELECT * FROM schedules WHERE namespace_id = ? AND declared_by IS NOT NULL
       AND declared_by IN (SELECT value FROM json_each(?)) ORDER BY schedule_id`,
    [namespaceId, JSON.stringify(workflowTypes)],
  );
  return rows.map(toSchedule);
}

/** Removes a schedule; with `declaredBy` only if that is where it stands. Its runs stay. */
export function deleteSchedule(
  database: Database,
  { namespaceId, scheduleId }: ScheduleReference,
  declaredBy?: string,
): boolean {
  const deleted = database.change(
    "DELETE FROM schedules WHERE namespace_id = ?1 AND schedule_id = ?2 AND (?3 IS NULL OR declared_by = ?3)",
    [namespaceId, scheduleId, declaredBy ?? null],
  );
  return deleted === 1;
}
