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
import { type ScheduleRow, scheduleColumns, toSchedule } from "@kagzi/core/rows";
import type { Database, Runner, Statement } from "./database.ts";
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
  const [found] = await runner.run<ScheduleRow>(lockStatement(schema), [namespaceId, scheduleId]);
  const schedule = found && toSchedule(found);
  const around = await lookAround(database, runner, reference);
  const decided = decide({ ...around, schedule });
  const { now } = around;
  if (decided === undefined) return { now, schedule, outcomes: [] };
  const { after, starts } = decided;
  let outcomes: readonly StartOutcome[] = [];
  if (starts.length > 0) {
    outcomes = await lookUpOthers(runner, schema, starts, await begin(database, runner, starts));
  }
  const row = scheduleColumns(after);
  const writing = schedule === undefined ? insertStatement : updateStatement;
  const written = await runner.run(writing(schema, Object.keys(row)), Object.values(row));
  return written.length === 1 ? { now, schedule: after, outcomes } : undefined;
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

/** Columns that hold points in time. */
const INSTANTS = new Set([
  "at",
  "watermark",
  "next_fire_at",
  "due_at",
  "buffered_at",
  "last_fired_at",
  "created_at",
  "updated_at",
]);

function values(names: readonly string[]): string {
  const parameters = names.map((name, index) =>
    INSTANTS.has(name) ? instant(`$${index + 1}::bigint`) : `$${index + 1}`,
  );
  return parameters.join(", ");
}

function insertStatement(schema: string, names: readonly string[]): Statement {
  return statement(
    "schedules_insert",
    `INSERT INTO ${schema}.schedules (${names.join(", ")}) VALUES (${values(names)})
     ON CONFLICT DO NOTHING RETURNING 1`,
  );
}

function updateStatement(schema: string, names: readonly string[]): Statement {
  return statement(
    "schedules_update",
    `UPDATE ${schema}.schedules SET (${names.join(", ")}) = ROW (${values(names)})
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
