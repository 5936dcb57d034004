import {
  KagziError,
  type NamespaceId,
  type RunId,
  type RunReference,
  type Start,
  type StartOutcome,
  laneOf,
} from "@kagzi/core";
import { jsonColumn, metadataColumn } from "@kagzi/core/rows";
import type { Database, Runner, Statement, Value } from "./database.ts";
import { upsertLanes } from "./lanes.ts";
import { CLOCK, PayloadColumn, cut, instant, span, sparse, statement } from "./sql.ts";

/** Starts runs that have nothing to do with each other: one statement, and a second one only if some were there before. */
export async function startRuns(database: Database, starts: readonly Start[]): Promise<readonly StartOutcome[]> {
  const began = await begin(database, database, starts);
  return lookUpOthers(database, database.schema, starts, began);
}

/** Starts all runs that are new, or none if one is refused or was there with another fingerprint. */
export async function startRunsTogether(
  database: Database,
  starts: readonly Start[],
): Promise<readonly StartOutcome[]> {
  return database.transaction(
    async (runner) => {
      const began = await begin(database, runner, starts);
      return lookUpOthers(runner, database.schema, starts, began);
    },
    (outcomes) => outcomes.every((outcome, index) => isAccepted(outcome, starts[index])),
  );
}

function isAccepted(outcome: StartOutcome, start: Start | undefined): boolean {
  // The run itself was begun before: by an earlier try, or by an earlier start of the same batch.
  if (outcome.became === "found" && outcome.runId === start?.runId) return true;
  if (outcome.became === "found") return outcome.fingerprint === start?.key?.fingerprint;
  return outcome.became === "started";
}

export type Began = ReadonlyMap<string, StartOutcome>;

/** Begins the starts that can begin, each with the first record of its history. */
export async function begin(database: Database, runner: Runner, starts: readonly Start[]): Promise<Began> {
  const beginning = beginStatement(database.schema, {
    ofParents: starts.some((start) => start.parent?.awaited === true),
    limited: starts.some((start) => start.limitKey !== undefined),
  });
  const rows = await runner.run<{ namespace_id: NamespaceId; run_id: RunId; now: number; claimed: boolean }>(
    beginning,
    [database.now(), ...startColumns(firstOfEach(starts))],
  );
  return new Map(rows.map((row) => [nameOf(row), { became: "started", now: row.now, claimed: row.claimed }]));
}

/** A start that is made again while it is under way may be in one batch with itself. */
function firstOfEach(starts: readonly Start[]): readonly Start[] {
  const firsts = new Map<string, Start>();
  for (const start of starts) {
    const name = startName(start);
    if (!firsts.has(name)) firsts.set(name, start);
  }
  return firsts.size === starts.length ? starts : [...firsts.values()];
}

/** Runs of two namespaces may have the same id. */
function nameOf(run: { readonly namespace_id: NamespaceId; readonly run_id: RunId }): string {
  return startName({ namespaceId: run.namespace_id, runId: run.run_id });
}

/** By what a start is found among those that began. */
export function startName({ namespaceId, runId }: RunReference): string {
  return `${namespaceId}/${runId}`;
}

function startColumns(starts: readonly Start[]): Value[] {
  const parts: Uint8Array[] = [];
  const inputs = new PayloadColumn(parts);
  starts.reduce((offset, start) => inputs.push(start.input, offset), 0);
  return [
    starts.map((start) => start.namespaceId),
    starts.map((start) => start.runId),
    sparse(starts.map((start) => start.key?.externalId ?? null)),
    sparse(starts.map((start) => start.key?.fingerprint ?? null)),
    starts.map((start) => start.taskQueue),
    starts.map((start) => start.workflowType),
    starts.map((start) => start.version),
    starts.map((start) => start.priority),
    sparse(starts.map((start) => jsonColumn(start.retryPolicy))),
    starts.map((start) => start.delayMs),
    sparse(starts.map((start) => start.timeoutMs ?? null)),
    sparse(starts.map((start) => start.startTimeoutMs ?? null)),
    sparse(starts.map((start) => start.parent?.runId ?? null)),
    sparse(starts.map((start) => start.parent?.step ?? null)),
    starts.map((start) => start.parent?.awaited ?? false),
    sparse(starts.map((start) => start.parent?.startedAs ?? null)),
    sparse(starts.map((start) => start.continuedFrom ?? null)),
    sparse(starts.map((start) => start.claimedBy ?? null)),
    sparse(inputs.offsets),
    sparse(inputs.lengths),
    sparse(starts.map((start) => metadataColumn(start.input))),
    Buffer.concat(parts),
    sparse(starts.map((start) => start.limitKey ?? null)),
    sparse(starts.map((start) => start.throttleKey ?? null)),
    sparse(starts.map((start) => laneOfStart(start) ?? null)),
    sparse(starts.map((start) => start.eventId ?? null)),
    sparse(starts.map((start) => start.scheduleId ?? null)),
    sparse(starts.map((start) => start.scheduledAt ?? null)),
  ];
}

/** The line that a new run is put into; one that begins later is put into it then. */
function laneOfStart(start: Start): string | undefined {
  const { delayMs, limitKey } = start;
  return limitKey === undefined || delayMs > 0 ? undefined : laneOf({ ...start, limitKey }, false);
}

// One statement and so one transaction: the key, the run and the first record of its history stand or fall together.
// A start whose key is taken drops out at `keyed`; ON CONFLICT waits for a start that holds the key and has not
// committed, so of two at once the second always finds the first. A run that another start has begun since this one
// looked is not passed over: its key is taken already, so all is undone and made again. A parent that is waited on shares
// its row's lock with its children's starts: its end from outside comes before them, and refuses them, or after them, and
// finds them.
function beginStatement(
  schema: string,
  { limited, ofParents }: { readonly limited: boolean; readonly ofParents: boolean },
): Statement {
  const living = `
     living AS MATERIALIZED (
       SELECT p.namespace_id, p.run_id FROM ${schema}.runs p
       WHERE (p.namespace_id, p.run_id) IN (SELECT s.namespace_id, s.parent_run_id FROM start s WHERE s.awaited)
         AND p.finished_at IS NULL
       ORDER BY p.namespace_id, p.run_id FOR SHARE
     ),`;
  const lined = `
     beginning AS (
       SELECT f.*, f.throttle_key AS lane_throttle FROM fresh f
       WHERE (f.namespace_id, f.run_id) IN (SELECT namespace_id, run_id FROM begun)
     ),
     lined AS (${upsertLanes(schema, "beginning")}
     ),`;
  const hasParent = "AND (NOT s.awaited OR (s.namespace_id, s.parent_run_id) IN (SELECT * FROM living))";
  return statement(
    `runs_start${ofParents ? "_of_parents" : ""}${limited ? "_limited" : ""}`,
    `WITH ${CLOCK},
     start AS (
       SELECT * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                            $9::smallint[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
                            $14::uuid[], $15::text[], $16::boolean[], $17::uuid[], $18::uuid[], $19::uuid[],
                            $20::int[], $21::int[], $22::text[], $24::text[], $25::text[], $26::text[], $27::text[],
                            $28::text[], $29::bigint[])
         AS s(namespace_id, run_id, external_id, fingerprint, task_queue, workflow_type, version,
              priority, retry_policy, delay_ms, timeout_ms, start_timeout_ms, parent_run_id, parent_step, awaited,
              started_as, continued_from, offered_to, input_offset, input_length, input_metadata, limit_key,
              throttle_key, lane, event_id, schedule_id, scheduled_at)
     ),${ofParents ? living : ""}
     allowed AS (
       -- A worker that was not heard of in time has no lease to put a run under.
       SELECT s.*, w.worker_id AS claimed_by FROM clock, start s
       LEFT JOIN ${schema}.workers w
         ON w.namespace_id = s.namespace_id AND w.worker_id = s.offered_to AND w.lease_expires_at >= (SELECT now FROM clock)
         -- Who has limits waits for its turn, even where its starter did not know of them yet.
         AND NOT EXISTS (SELECT FROM ${schema}.workflow_limits l
           WHERE l.namespace_id = s.namespace_id AND l.workflow_type = s.workflow_type)
       -- What a run that is there needs in order to come to its end begins in a disabled namespace, too.
       WHERE (SELECT n.enabled OR s.awaited OR s.continued_from IS NOT NULL
              FROM ${schema}.namespaces n WHERE n.namespace_id = s.namespace_id)
         ${ofParents ? hasParent : ""}
         -- Not what is there, begun by another start: this one begins nothing, and its key would lead nowhere.
         AND (SELECT r.run_id FROM ${schema}.runs r WHERE r.namespace_id = s.namespace_id AND r.run_id = s.run_id) IS NULL
     ),
     keyed AS (
       INSERT INTO ${schema}.run_keys (namespace_id, external_id, run_id, fingerprint)
       SELECT a.namespace_id, a.external_id, a.run_id, a.fingerprint FROM allowed a
       WHERE a.external_id IS NOT NULL
       ORDER BY a.namespace_id, a.external_id
       ON CONFLICT DO NOTHING RETURNING namespace_id, run_id
     ),
     fresh AS MATERIALIZED (
       SELECT * FROM allowed
       WHERE external_id IS NULL OR (namespace_id, run_id) IN (SELECT namespace_id, run_id FROM keyed)
     ),
     begun AS (
       INSERT INTO ${schema}.runs (namespace_id, run_id, external_id, task_queue, workflow_type, version, status,
         priority, attempt, epoch, crashes, retry_policy, worker_id, available_at, claimed_at, claimed_seq,
         created_at, started_at, deadline_at, timeout_ms, parent_run_id, parent_step, awaited, started_as, continued_from,
         limit_key, throttle_key, lane, event_id, schedule_id, scheduled_at)
       SELECT namespace_id, run_id, external_id, task_queue, workflow_type, version,
         CASE WHEN claimed_by IS NULL THEN 'pending' ELSE 'running' END,
         priority, 1, CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END, CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END,
         retry_policy, claimed_by,
         CASE WHEN claimed_by IS NULL THEN now + ${span("delay_ms")} END,
         CASE WHEN claimed_by IS NOT NULL THEN now END, 1,
         now, CASE WHEN claimed_by IS NOT NULL THEN now END,
         now + CASE WHEN claimed_by IS NULL THEN ${span("(delay_ms + start_timeout_ms)")} ELSE ${span("timeout_ms")} END,
         timeout_ms, parent_run_id, parent_step, awaited, started_as, continued_from, limit_key, throttle_key, lane,
         event_id, schedule_id, ${instant("scheduled_at")}
       FROM fresh, clock
       ON CONFLICT (namespace_id, schedule_id, scheduled_at) WHERE scheduled_at IS NOT NULL DO NOTHING
       RETURNING namespace_id, run_id, claimed_at IS NOT NULL AS claimed
     ),${limited ? lined : ""}
     recorded AS (
       INSERT INTO ${schema}.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
         recorded_at, observed_at, payload, payload_metadata)
       SELECT namespace_id, run_id, 1, 0, 'run', 'started', '', 1, 1, now, now,
         ${cut("$23::bytea", "input_offset", "input_length")}, input_metadata
       FROM fresh, clock
       WHERE run_id IS NULL OR (namespace_id, run_id) IN (SELECT namespace_id, run_id FROM begun)
     )
     SELECT namespace_id, run_id, now, claimed FROM begun, clock`,
  );
}

/** Adds what is known of the starts that did not begin: the run that has their id or their key, or what is wrong with the namespace. */
export async function lookUpOthers(
  runner: Runner,
  schema: string,
  starts: readonly Start[],
  began: Began,
): Promise<readonly StartOutcome[]> {
  const others = starts.filter((start) => !began.has(startName(start)));
  const found = others.length === 0 ? [] : await lookUp(runner, schema, others);
  const told = new Set<string>();
  let other = 0;
  return starts.map((start) => {
    const name = startName(start);
    const outcome = began.get(name);
    if (outcome === undefined) return found[other++] ?? NO_NAMESPACE;
    if (told.has(name)) return foundOwn(start);
    told.add(name);
    return outcome;
  });
}

const NO_NAMESPACE: StartOutcome = { became: "refused", because: "noNamespace" };

/** The run itself, begun by an earlier try whose answer was lost. */
function foundOwn(start: Start): StartOutcome {
  return { became: "found", runId: start.runId, fingerprint: start.key?.fingerprint ?? "" };
}

/** In the order of the starts; `undefined` where there is no such namespace. */
async function lookUp(
  runner: Runner,
  schema: string,
  starts: readonly Start[],
): Promise<readonly (StartOutcome | undefined)[]> {
  const rows = await runner.run<{
    number: number;
    enabled: boolean;
    is_own: boolean;
    key_run_id: RunId | null;
    fingerprint: string | null;
  }>(lookUpStatement(schema), [
    starts.map((start) => start.namespaceId),
    starts.map((start) => start.runId),
    starts.map((start) => start.key?.externalId ?? null),
  ]);
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  return starts.map((start, index): StartOutcome | undefined => {
    const row = byNumber.get(index + 1);
    if (row === undefined) return undefined;
    if (row.is_own) return foundOwn(start);
    if (row.key_run_id !== null) return { became: "found", runId: row.key_run_id, fingerprint: row.fingerprint ?? "" };
    // What is awaited does not ask whether the namespace is enabled.
    const { continuedFrom, parent, runId, scheduledAt } = start;
    if (parent?.awaited === true) return { became: "refused", because: "parentEnded" };
    if (!row.enabled && continuedFrom === undefined) return { became: "refused", because: "namespaceDisabled" };
    // The slot of a schedule may have its run under another id.
    if (scheduledAt !== undefined) return { became: "refused", because: "parentEnded" };
    throw goneMeanwhile(runId);
  });
}

/** What kept it from beginning was there a moment ago: the next call begins it. */
function goneMeanwhile(runId: RunId): KagziError {
  const message = `run ${runId}, or the one with its external id, was deleted while it was started: make the call again`;
  return new KagziError("UNAVAILABLE", message, { subject: "run", subjectId: runId });
}

function lookUpStatement(schema: string): Statement {
  return statement(
    "runs_start_lookup",
    `SELECT s.number, n.enabled, r.run_id IS NOT NULL AS is_own, k.run_id AS key_run_id, k.fingerprint
     FROM unnest($1::text[], $2::uuid[], $3::text[]) WITH ORDINALITY AS s(namespace_id, run_id, external_id, number)
     JOIN ${schema}.namespaces n USING (namespace_id)
     LEFT JOIN ${schema}.run_keys k ON k.namespace_id = s.namespace_id AND k.external_id = s.external_id
     LEFT JOIN ${schema}.runs r ON r.namespace_id = s.namespace_id AND r.run_id = s.run_id`,
  );
}
