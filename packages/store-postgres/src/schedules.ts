import type {
  NamespaceId,
  Instant,
  Schedule,
  ScheduleChange,
  ScheduleFound,
  ScheduleReference,
  Scheduled,
  StartOutcome,
} from "@kagzi/core";
import { type ScheduleRow, metadataColumn, toSchedule } from "@kagzi/core/rows";
import type { Database, Runner, Statement, Value } from "./database.ts";
import { begin, lookUpOthers } from "./runs-start.ts";
import { CLOCK, instant, statement } from "./sql.ts";

/** Makes a schedule or changes one, as `decide` says, with the runs that it starts. */
export async function changeSchedule(
  database: Database,
  reference: ScheduleReference,
  decide: (found: ScheduleFound) => ScheduleChange | undefined,
): Promise<Scheduled> {
  for (;;) {
    const changed = await database.transaction((runner) => change(database, runner, reference, decide), isDone);
    if (changed !== undefined) return changed;
  }
}

function isDone(changed: Scheduled | undefined): boolean {
  return changed !== undefined && changed.outcomes.every((outcome) => outcome.became !== "refused");
}

/** `undefined` if somebody else has just made a schedule of this name. */
async function change(
  database: Database,
  runner: Runner,
  reference: ScheduleReference,
  decide: (found: ScheduleFound) => ScheduleChange | undefined,
): Promise<Scheduled | undefined> {
  const { schema } = database;
  const { namespaceId, scheduleId } = reference;
  const [row] = await runner.run<ScheduleRow>(lockStatement(schema), [namespaceId, scheduleId]);
  const schedule = row && toSchedule(row);
  const around = await lookAround(database, runner, reference);
  const decided = decide({ ...around, schedule });
  const { now } = around;
  if (decided === undefined) return { now, schedule, outcomes: [] };
  const { after, starts } = decided;
  let outcomes: readonly StartOutcome[] = [];
  if (starts.length > 0) {
    outcomes = await lookUpOthers(runner, schema, starts, await begin(database, runner, starts));
  }
  const written = schedule === undefined ? insertStatement(schema) : updateStatement(schema);
  const rows = await runner.run(written, columns(after));
  return rows.length === 1 ? { now, schedule: after, outcomes } : undefined;
}

function lockStatement(schema: string): Statement {
  return statement(
    "schedules_lock",
    `SELECT s.* FROM ${schema}.schedules s WHERE s.namespace_id = $1 AND s.schedule_id = $2 FOR UPDATE`,
  );
}

// A statement of its own, after the lock: of what was done by whoever had the lock before, it must see everything.
async function lookAround(
  database: Database,
  runner: Runner,
  { namespaceId, scheduleId }: ScheduleReference,
): Promise<Omit<ScheduleFound, "schedule">> {
  const { schema } = database;
  const [row] = await runner.run<{ now: Instant; enabled: boolean | null; has_open_run: boolean }>(
    statement(
      "schedules_look_around",
      `WITH ${CLOCK}
       SELECT now, (SELECT n.enabled FROM ${schema}.namespaces n WHERE n.namespace_id = $2) AS enabled,
         EXISTS (SELECT FROM ${schema}.runs r
           WHERE r.namespace_id = $2 AND r.schedule_id = $3 AND r.finished_at IS NULL) AS has_open_run
       FROM clock`,
    ),
    [database.now(), namespaceId, scheduleId],
  );
  return { now: row?.now ?? 0, namespaceEnabled: row?.enabled ?? undefined, hasOpenRun: row?.has_open_run ?? false };
}

const COLUMNS = [
  "namespace_id",
  "schedule_id",
  "task_queue",
  "workflow_type",
  "version",
  "cron",
  "timezone",
  "every_ms",
  "at",
  "input",
  "input_metadata",
  "enabled",
  "max_catchup",
  "overlap",
  "next_fire_at",
  "due_at",
  "watermark",
  "buffered_at",
  "last_fired_at",
  "fired",
  "missed",
  "skipped",
  "revision",
  "declared_by",
  "problem",
  "created_at",
  "updated_at",
];

const INSTANTS = new Set(["at", "next_fire_at", "due_at", "watermark", "buffered_at", "last_fired_at"]);

function columns(schedule: Schedule): Value[] {
  const { input, timing } = schedule;
  return [
    schedule.namespaceId,
    schedule.scheduleId,
    schedule.taskQueue,
    schedule.workflowType,
    schedule.version ?? null,
    timing.kind === "cron" ? timing.expression : null,
    timing.kind === "cron" ? timing.timezone : null,
    timing.kind === "every" ? timing.everyMs : null,
    timing.kind === "at" ? timing.at : null,
    input?.data ?? null,
    metadataColumn(input),
    schedule.enabled,
    schedule.maxCatchup,
    schedule.overlap,
    schedule.nextFireAt ?? null,
    schedule.dueAt ?? null,
    schedule.watermark,
    schedule.bufferedAt ?? null,
    schedule.lastFiredAt ?? null,
    schedule.fired,
    schedule.missed,
    schedule.skipped,
    schedule.revision,
    schedule.declaredBy ?? null,
    schedule.problem ?? null,
    schedule.createdAt,
    schedule.updatedAt,
  ];
}

const VALUES = COLUMNS.map((column, index) =>
  INSTANTS.has(column) || column.endsWith("ed_at") ? instant(`$${index + 1}::bigint`) : `$${index + 1}`,
);

function insertStatement(schema: string): Statement {
  return statement(
    "schedules_insert",
    `INSERT INTO ${schema}.schedules (${COLUMNS.join(", ")}) VALUES (${VALUES.join(", ")})
     ON CONFLICT DO NOTHING RETURNING 1`,
  );
}

function updateStatement(schema: string): Statement {
  return statement(
    "schedules_update",
    `UPDATE ${schema}.schedules SET (${COLUMNS.join(", ")}) = ROW (${VALUES.join(", ")})
     WHERE namespace_id = $1 AND schedule_id = $2 RETURNING 1`,
  );
}

/** Schedules that are to be looked at by now, and when the next one is. */
export async function dueSchedules(
  database: Database,
  limit: number,
): Promise<{ readonly now: Instant; readonly due: readonly Schedule[]; readonly nextAt?: Instant }> {
  const { schema } = database;
  const [next] = await database.run<{ now: Instant; next_at: Instant | null }>(
    statement(
      "schedules_next",
      `WITH ${CLOCK}
       SELECT now, (SELECT s.due_at FROM ${schema}.schedules s
         WHERE s.due_at IS NOT NULL AND s.due_at > (SELECT now FROM clock) ORDER BY s.due_at LIMIT 1) AS next_at
       FROM clock`,
    ),
    [database.now()],
  );
  const now = next?.now ?? 0;
  const rows = await database.run<ScheduleRow>(
    statement(
      "schedules_due",
      `SELECT s.* FROM ${schema}.schedules s
       WHERE s.due_at IS NOT NULL AND s.due_at <= ${instant("$1::bigint")} ORDER BY s.due_at LIMIT $2`,
    ),
    [now, limit],
  );
  const nextAt = next?.next_at ?? null;
  return { now, due: rows.map(toSchedule), ...(nextAt !== null && { nextAt }) };
}

export async function getSchedule(
  database: Database,
  { namespaceId, scheduleId }: ScheduleReference,
): Promise<Schedule | undefined> {
  const [row] = await database.run<ScheduleRow>(
    statement(
      "schedules_get",
      `SELECT * FROM ${database.schema}.schedules WHERE namespace_id = $1 AND schedule_id = $2`,
    ),
    [namespaceId, scheduleId],
  );
  return row && toSchedule(row);
}

/** Schedules of a namespace by name. */
export async function listSchedules(
  database: Database,
  filter: { readonly namespaceId: NamespaceId; readonly workflowType?: string },
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly Schedule[]> {
  const { namespaceId, workflowType } = filter;
  const ofWorkflow = workflowType === undefined ? "" : "AND workflow_type = $4";
  const rows = await database.run<ScheduleRow>(
    statement(
      workflowType === undefined ? "schedules_list" : "schedules_list_of_workflow",
      `SELECT * FROM ${database.schema}.schedules
       WHERE namespace_id = $1 AND schedule_id > $2 ${ofWorkflow} ORDER BY schedule_id LIMIT $3`,
    ),
    [namespaceId, page.after ?? "", page.limit, ...(workflowType === undefined ? [] : [workflowType])],
  );
  return rows.map(toSchedule);
}

/** Schedules that stand in the code of these workflows. */
export async function declaredSchedules(
  database: Database,
  namespaceId: NamespaceId,
  workflowTypes: readonly string[],
): Promise<readonly Schedule[]> {
  const rows = await database.run<ScheduleRow>(
    statement(
      "schedules_declared",
      `SELECT * FROM ${database.schema}.schedules
       WHERE namespace_id = $1 AND declared_by IS NOT NULL AND declared_by = ANY($2::text[]) ORDER BY schedule_id`,
    ),
    [namespaceId, workflowTypes],
  );
  return rows.map(toSchedule);
}

/** Removes a schedule; with `declaredBy` only if that is where it stands. Its runs stay. */
export async function deleteSchedule(
  database: Database,
  { namespaceId, scheduleId }: ScheduleReference,
  declaredBy?: string,
): Promise<boolean> {
  const rows = await database.run(
    statement(
      "schedules_delete",
      `DELETE FROM ${database.schema}.schedules
       WHERE namespace_id = $1 AND schedule_id = $2 AND ($3::text IS NULL OR declared_by = $3) RETURNING 1`,
    ),
    [namespaceId, scheduleId, declaredBy ?? null],
  );
  return rows.length === 1;
}
