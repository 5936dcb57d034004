import { type RunId, type Start, type StartOutcome, laneOf } from "@kagzi/core";
import { jsonColumn, metadataColumn } from "@kagzi/core/rows";
import type { Database } from "./database.ts";
import { putIntoLane } from "./lanes.ts";
import { isWorkerHeardOf } from "./leases.ts";
import { hasLimits } from "./limits.ts";

/** Starts runs that have nothing to do with each other, in one transaction. */
export function startRuns(database: Database, starts: readonly Start[]): readonly StartOutcome[] {
  return database.transaction(() => starts.map((start) => beginRun(database, start)));
}

/** Starts all runs that are new, or none if one is refused or was there with another fingerprint. */
export function startRunsTogether(database: Database, starts: readonly Start[]): readonly StartOutcome[] {
  return database.transaction(
    () => starts.map((start) => beginRun(database, start)),
    (outcomes) => outcomes.every((outcome, index) => isAccepted(outcome, starts[index])),
  );
}

function isAccepted(outcome: StartOutcome, start: Start | undefined): boolean {
  // The run itself was begun before: by an earlier try, or by an earlier start of the same batch.
  if (outcome.became === "found" && outcome.runId === start?.runId) return true;
  if (outcome.became === "found") return outcome.fingerprint === start?.key?.fingerprint;
  return outcome.became === "started";
}

/** Begins a run with the first record of its history, if it can begin. */
export function beginRun(database: Database, start: Start): StartOutcome {
  const outcome = ownRun(database, start) ?? ownerOfKey(database, start) ?? refusalOf(database, start);
  if (outcome !== undefined) return outcome;
  takeKey(database, start);
  const now = database.now();
  const claimed = insertRun(database, start, now);
  database.change(
    `INSERT INTO history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt,
       recorded_at, observed_at, payload, payload_metadata)
     VALUES (?, ?, 1, 0, 'run', 'started', '', 1, 1, ?, ?, ?, ?)`,
    [start.namespaceId, start.runId, now, now, start.input?.data ?? null, metadataColumn(start.input)],
  );
  return { became: "started", now, claimed };
}

/** The run itself, begun by an earlier try whose answer was lost. */
function ownRun(database: Database, start: Start): StartOutcome | undefined {
  const own = database.all("SELECT 1 FROM runs WHERE namespace_id = ? AND run_id = ?", [
    start.namespaceId,
    start.runId,
  ]);
  if (own.length === 0) return undefined;
  return { became: "found", runId: start.runId, fingerprint: start.key?.fingerprint ?? "" };
}

/** The run that has the key. */
function ownerOfKey(database: Database, { key, namespaceId }: Start): StartOutcome | undefined {
  if (key === undefined) return undefined;
  const [found] = database.all<{ run_id: RunId; fingerprint: string }>(
    "SELECT run_id, fingerprint FROM run_keys WHERE namespace_id = ? AND external_id = ?",
    [namespaceId, key.externalId],
  );
  return found && { became: "found", runId: found.run_id, fingerprint: found.fingerprint };
}

function refusalOf(database: Database, { continuedFrom, namespaceId, parent }: Start): StartOutcome | undefined {
  const [namespace] = database.all<{ enabled: number }>("SELECT enabled FROM namespaces WHERE namespace_id = ?", [
    namespaceId,
  ]);
  if (namespace === undefined) return { became: "refused", because: "noNamespace" };
  // What a run that is there needs in order to come to its end begins in a disabled namespace, too.
  const isNew = parent?.awaited !== true && continuedFrom === undefined;
  if (isNew && namespace.enabled !== 1) return { became: "refused", because: "namespaceDisabled" };
  if (parent?.awaited !== true) return undefined;
  const living = database.all("SELECT 1 FROM runs WHERE namespace_id = ? AND run_id = ? AND finished_at IS NULL", [
    namespaceId,
    parent.runId,
  ]);
  return living.length === 1 ? undefined : { became: "refused", because: "parentEnded" };
}

function takeKey(database: Database, { key, namespaceId, runId }: Start): void {
  if (key === undefined) return;
  const values = [namespaceId, key.externalId, runId, key.fingerprint];
  database.change("INSERT INTO run_keys VALUES (?, ?, ?, ?)", values);
}

/** Answers whether the worker that was to have the run at once has it. */
function insertRun(database: Database, start: Start, now: number): boolean {
  const { claimedBy, namespaceId } = start;
  // Who has limits waits for its turn, even where its starter did not know of them yet.
  const mayClaim = claimedBy !== undefined && !hasLimits(database, namespaceId, start);
  const isHeardOf = mayClaim && isWorkerHeardOf(database, { namespaceId, workerId: claimedBy }, now);
  const worker = isHeardOf ? claimedBy : undefined;
  const claimed = worker === undefined ? 0 : 1;
  const lane = laneOfStart(start);
  database.change(
    `INSERT INTO runs (namespace_id, run_id, external_id, task_queue, workflow_type, version, status, priority,
       attempt, epoch, crashes, retry_policy, worker_id, available_at, claimed_at, claimed_seq, created_at, started_at,
       deadline_at, timeout_ms, parent_run_id, parent_step, awaited, started_as, continued_from, limit_key, throttle_key,
       lane, event_id, schedule_id, scheduled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      start.namespaceId,
      start.runId,
      start.key?.externalId ?? null,
      start.taskQueue,
      start.workflowType,
      start.version,
      worker === undefined ? "pending" : "running",
      start.priority,
      claimed,
      claimed,
      jsonColumn(start.retryPolicy),
      worker ?? null,
      worker === undefined ? now + start.delayMs : null,
      worker === undefined ? null : now,
      now,
      worker === undefined ? null : now,
      deadlineOf(start, worker !== undefined, now),
      start.timeoutMs ?? null,
      start.parent?.runId ?? null,
      start.parent?.step ?? null,
      Number(start.parent?.awaited === true),
      start.parent?.startedAs ?? null,
      start.continuedFrom ?? null,
      start.limitKey ?? null,
      start.throttleKey ?? null,
      lane ?? null,
      start.eventId ?? null,
      start.scheduleId ?? null,
      start.scheduledAt ?? null,
    ],
  );
  if (lane !== undefined) putIntoLane(database, { ...start, limitKey: start.limitKey ?? "", lane }, now);
  return isHeardOf;
}

/** The line that a new run is put into; one that begins later is put into it then. */
function laneOfStart(start: Start): string | undefined {
  const { delayMs, limitKey } = start;
  return limitKey === undefined || delayMs > 0 ? undefined : laneOf({ ...start, limitKey }, false);
}

function deadlineOf({ delayMs, startTimeoutMs, timeoutMs }: Start, claimed: boolean, now: number): number | null {
  const withinMs = claimed ? timeoutMs : startTimeoutMs === undefined ? undefined : delayMs + startTimeoutMs;
  return withinMs === undefined ? null : now + withinMs;
}
