import type { NewRecord, Operated, Run, RunChange, RunReference, Touched } from "@kagzi/core";
import { isTerminal, messageOfEnd } from "@kagzi/core";
import { type RunRow, jsonColumn, runColumns, toRun } from "@kagzi/core/rows";
import type { Database, Runner, Statement } from "./database.ts";
import { isUniqueViolation } from "./errors.ts";
import { changeWaits } from "./event-waits.ts";
import { sendMessages } from "./inbox.ts";
import { CLOCK, span, statement } from "./sql.ts";

/** Changes a run as `decide` says, whoever holds it: the state is the fence that stops its worker. */
export async function operateOnRun(
  database: Database,
  run: RunReference,
  decide: (run: Run) => RunChange | undefined,
): Promise<Operated | undefined> {
  for (;;) {
    try {
      return await database.transaction((runner) => operate(database, runner, run, decide));
    } catch (error) {
      // The run's worker has just recorded something at the same place; the next try counts it.
      if (!isUniqueViolation(error)) throw error;
    }
  }
}

async function operate(
  database: Database,
  runner: Runner,
  reference: RunReference,
  decide: (run: Run) => RunChange | undefined,
): Promise<Operated | undefined> {
  const found = await lockWithParent(database, runner, reference);
  if (found === undefined) return undefined;
  const { now, run: before } = found;
  const change = decide(before);
  if (change === undefined) return { before, after: before, now };
  // One time for all of it, whatever the clock says by the second statement.
  const at = new Date(now).toISOString();
  const after = await applyChange(database, runner, { run: before, change, at });
  if (change.record !== undefined) await addRecord(database, runner, { run: reference, record: change.record, at });
  // After the record: a wait that the run's worker has just begun is seen by now, or cannot begin any more.
  await changeWaits(database, runner, before, change);
  const told = await tellParent(database, runner, after, change);
  return { before, after, now, ...(told !== undefined && { told }) };
}

/** The parent's row is locked too, in the order of the keys, if it is to be told. */
async function lockWithParent(
  database: Database,
  runner: Runner,
  { namespaceId, runId }: RunReference,
): Promise<{ readonly now: number; readonly run: Run } | undefined> {
  const rows = await runner.run<RunRow & { now: number }>(
    statement(
      "runs_operate_lock",
      `WITH ${CLOCK}
       SELECT ${runColumns("r")}, (SELECT now FROM clock) AS now FROM ${database.schema}.runs r
       WHERE r.namespace_id = $2 AND r.run_id IN ($3, (
         SELECT p.parent_run_id FROM ${database.schema}.runs p
         WHERE p.namespace_id = $2 AND p.run_id = $3 AND p.awaited))
       ORDER BY r.run_id FOR UPDATE`,
    ),
    [database.now(), namespaceId, runId],
  );
  const row = rows.find((each) => each.run_id === runId);
  return row && { now: row.now, run: toRun(row) };
}

async function applyChange(
  database: Database,
  runner: Runner,
  { at, change, run }: { readonly run: Run; readonly change: RunChange; readonly at: string },
): Promise<Run> {
  const { deadline } = change;
  const rows = await runner.run<RunRow>(changeStatement(database.schema), [
    at,
    run.namespaceId,
    run.runId,
    change.status,
    change.ready === true,
    change.attempt,
    jsonColumn(change.pauseError),
    jsonColumn(change.cancelError),
    change.signal ? 1 : 0,
    change.closing,
    change.disowned === true,
    deadline === undefined ? "keep" : deadline.anew ? "anew" : "sooner",
    deadline?.withinMs ?? null,
    isTerminal(change.status),
    change.keepsTime === true,
  ]);
  return rows.map(toRun).at(0) ?? run;
}

function changeStatement(schema: string): Statement {
  return statement(
    "runs_operate",
    `WITH ${CLOCK}
     UPDATE ${schema}.runs r SET
       status = $4,
       available_at = CASE WHEN $5::boolean THEN greatest(now, CASE WHEN $15::boolean THEN r.ready_at END)
         WHEN r.status = $4 THEN r.available_at END,
       ready_at = CASE WHEN $4 = 'paused' AND r.status = 'pending' THEN r.available_at END,
       -- Where it is ready anew it is put into its line anew.
       lane = CASE WHEN NOT $5::boolean AND r.status = $4 THEN r.lane END,
       claimed_at = CASE WHEN $4 = 'running' THEN r.claimed_at END,
       crashes = CASE WHEN $4 = 'running' THEN r.crashes ELSE 0 END,
       attempt = $6,
       pause_error = $7,
       cancel_error = $8,
       signals = r.signals + $9::int,
       closing = r.closing OR $10,
       awaited = r.awaited AND NOT $11::boolean,
       deadline_at = CASE $12 WHEN 'keep' THEN r.deadline_at
         WHEN 'anew' THEN now + ${span("$13::bigint")} ELSE least(r.deadline_at, now + ${span("$13::bigint")}) END,
       finished_at = CASE WHEN $14::boolean THEN greatest(now, r.created_at, r.started_at) END
     FROM clock WHERE r.namespace_id = $2 AND r.run_id = $3
     RETURNING ${runColumns("r")}`,
  );
}

async function addRecord(
  database: Database,
  runner: Runner,
  { at, record, run }: { readonly run: RunReference; readonly record: NewRecord; readonly at: string },
): Promise<void> {
  await runner.run(
    statement(
      "runs_operate_record",
      `WITH ${CLOCK}
       INSERT INTO ${database.schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, due_at, error)
       SELECT $2, $3, (SELECT coalesce(max(h.seq), 0) + 1 FROM ${database.schema}.history h
                       WHERE h.namespace_id = $2 AND h.run_id = $3),
         0, 'run', $4, '', 1, $5::int, now, now, CASE WHEN $4 = 'retrying' THEN now END, $6
       FROM clock`,
    ),
    [at, run.namespaceId, run.runId, record.type, record.attempt, jsonColumn(record.error)],
  );
}

async function tellParent(
  database: Database,
  runner: Runner,
  { namespaceId, parent, runId }: Run,
  change: RunChange,
): Promise<Touched | undefined> {
  if (parent?.awaited !== true || !isTerminal(change.status)) return undefined;
  const message = messageOfEnd({ namespaceId, runId }, parent, { error: change.record?.error });
  const [told] = await sendMessages(database, runner, [message]);
  return told;
}
