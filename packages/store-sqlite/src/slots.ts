import type {
  Called,
  Instant,
  NamespaceId,
  RunId,
  RunReference,
  RunStatus,
  SlotClaim,
  SlotFacts,
  SlotOutcome,
  SlotUsage,
  StepLimitSettings,
  Touched,
  WorkerId,
  WorkflowLimits,
} from "@kagzi/core";
import { CALL_MS, decideSlot, effectiveLimits, freeSlots } from "@kagzi/core";
import { jsonColumn, toLimitSettings } from "@kagzi/core/rows";
import type { Database } from "./database.ts";

/** What the code says of named limits. Those that it does not name stay as they are. */
export function declareStepLimits(
  database: Database,
  namespaceId: NamespaceId,
  limits: readonly Required<Omit<StepLimitSettings, "override">>[],
): void {
  database.transaction(() => {
    for (const { declared, name } of limits) {
      database.change(
        `INSERT INTO step_limits (namespace_id, name, declared) VALUES (?, ?, ?)
         ON CONFLICT (namespace_id, name) DO UPDATE SET declared = excluded.declared`,
        [namespaceId, name, jsonColumn(declared)],
      );
    }
  });
}

/** What an operator says of a named limit; `undefined`: nothing. `false` if there is no such limit. */
export function overrideStepLimit(
  database: Database,
  namespaceId: NamespaceId,
  name: string,
  limits: WorkflowLimits | undefined,
): boolean {
  const text = "UPDATE step_limits SET override = ? WHERE namespace_id = ? AND name = ?";
  return database.change(text, [jsonColumn(limits), namespaceId, name]) === 1;
}

export function getStepLimit(
  database: Database,
  namespaceId: NamespaceId,
  name: string,
): StepLimitSettings | undefined {
  const [row] = database.all<{ declared: string | null; override: string | null }>(
    "SELECT declared, override FROM step_limits WHERE namespace_id = ? AND name = ?",
    [namespaceId, name],
  );
  if (row === undefined) return undefined;
  const { workflowType: _, ...said } = toLimitSettings({ workflow_type: name, ...row });
  return { name, ...said };
}

type OfLimit = Pick<SlotClaim, "namespaceId" | "name">;

/** A limit with its slots counted anew: those of leases that have ended are given back first. */
function openLimit(database: Database, { name, namespaceId }: OfLimit): WorkflowLimits | undefined {
  const settings = getStepLimit(database, namespaceId, name);
  if (settings === undefined) return undefined;
  const limits = effectiveLimits(settings);
  sweep(database, { namespaceId, name }, limits.throttle?.perMs ?? 0);
  return limits;
}

/** Whether the lease lasts under which a slot was given out. */
const IS_HELD = `EXISTS (SELECT 1 FROM runs r WHERE r.namespace_id = slots.namespace_id AND r.run_id = slots.run_id
  AND r.claimed_at IS NOT NULL AND r.epoch = slots.epoch)`;

/** Slots of leases that have ended are given back; those that nothing counts any more are forgotten. */
function sweep(database: Database, { name, namespaceId }: OfLimit, windowMs: number): void {
  const now = database.now();
  database.change(
    `UPDATE slots SET released_at = ? WHERE namespace_id = ? AND name = ? AND released_at IS NULL AND NOT ${IS_HELD}`,
    [now, namespaceId, name],
  );
  database.change(
    `DELETE FROM slot_waits WHERE namespace_id = ?1 AND name = ?2 AND NOT EXISTS (
       SELECT 1 FROM runs r WHERE r.namespace_id = ?1 AND r.run_id = slot_waits.run_id AND r.finished_at IS NULL)`,
    [namespaceId, name],
  );
  database.change(
    "DELETE FROM slots WHERE namespace_id = ? AND name = ? AND acquired_at <= ? AND released_at IS NOT NULL",
    [namespaceId, name, now - windowMs],
  );
}

/** How many slots are held, and were given out within the window. */
function countSlots(
  database: Database,
  { name, namespaceId }: OfLimit,
  limits: WorkflowLimits,
): Omit<SlotFacts, "ahead"> {
  const windowMs = limits.throttle?.perMs ?? 0;
  const [held] = database.all<{ count: number }>(
    "SELECT count(*) AS count FROM slots WHERE namespace_id = ? AND name = ? AND released_at IS NULL",
    [namespaceId, name],
  );
  const [begun] = database.all<{ count: number; first: Instant | null }>(
    `SELECT count(*) AS count, min(acquired_at) AS first FROM slots
     WHERE namespace_id = ? AND name = ? AND acquired_at > ?`,
    [namespaceId, name, database.now() - windowMs],
  );
  const first = begun?.first ?? null;
  return {
    held: held?.count ?? 0,
    begun: begun?.count ?? 0,
    ...(first !== null && { until: first + windowMs }),
  };
}

/** Steps that wait and come first, but for those whose run is paused, or was called and has not come. */
function countAhead(database: Database, claim: SlotClaim, priority: number): number {
  const { name, namespaceId, runId, step } = claim;
  const [row] = database.all<{ count: number }>(
    `WITH own AS (
       SELECT coalesce((SELECT since FROM slot_waits WHERE namespace_id = ?1 AND name = ?2 AND run_id = ?3 AND step = ?4),
         9e15) AS since
     )
     SELECT count(*) AS count FROM slot_waits w, own
     WHERE w.namespace_id = ?1 AND w.name = ?2
       AND (w.called_at IS NULL OR w.called_at > ?6)
       AND (w.priority > ?5 OR (w.priority = ?5 AND (w.since, w.run_id, w.step) < (own.since, ?3, ?4)))
       AND EXISTS (SELECT 1 FROM runs r WHERE r.namespace_id = w.namespace_id AND r.run_id = w.run_id
         AND r.finished_at IS NULL AND r.pause_error IS NULL)`,
    [namespaceId, name, runId, step, priority, database.now() - CALL_MS],
  );
  return row?.count ?? 0;
}

/** Gives a slot out, or puts the step into the line. */
export function acquireSlot(database: Database, claim: SlotClaim, slotId: string): SlotOutcome {
  return database.transaction((): SlotOutcome => {
    const limits = openLimit(database, claim);
    if (limits === undefined) return { became: "refused", because: "noLimit" };
    const { epoch, name, namespaceId, runId, step } = claim;
    const [run] = database.all<{ epoch: number; claimed_at: Instant | null; priority: number }>(
      "SELECT epoch, claimed_at, priority FROM runs WHERE namespace_id = ? AND run_id = ?",
      [namespaceId, runId],
    );
    if (run === undefined || run.claimed_at === null || run.epoch !== epoch) {
      return { became: "refused", because: "leaseLost" };
    }
    if (hasSlot(database, claim)) return { became: "granted" };
    const now = database.now();
    const ahead = countAhead(database, claim, run.priority);
    const { granted, until } = decideSlot(limits, { ...countSlots(database, claim, limits), ahead });
    if (!granted) {
      database.change(
        `INSERT INTO slot_waits (namespace_id, name, run_id, step, priority, since) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (namespace_id, name, run_id, step) DO UPDATE SET called_at = NULL`,
        [namespaceId, name, runId, step, run.priority, now],
      );
      return { became: "waiting", now, ...(until !== undefined && { until }) };
    }
    leaveLine(database, claim);
    database.change(
      `INSERT INTO slots (namespace_id, name, slot_id, run_id, step, epoch, acquired_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [namespaceId, name, slotId, runId, step, epoch, now],
    );
    return { became: "granted" };
  });
}

function hasSlot(database: Database, { epoch, name, namespaceId, runId, step }: SlotClaim): boolean {
  const rows = database.all(
    `SELECT 1 FROM slots WHERE namespace_id = ? AND name = ? AND run_id = ? AND step = ? AND epoch = ?
       AND released_at IS NULL`,
    [namespaceId, name, runId, step, epoch],
  );
  return rows.length > 0;
}

function leaveLine(database: Database, { name, namespaceId, runId, step }: SlotClaim): void {
  const text = "DELETE FROM slot_waits WHERE namespace_id = ? AND name = ? AND run_id = ? AND step = ?";
  database.change(text, [namespaceId, name, runId, step]);
}

/** The step holds no slot any more, and waits for none. */
export function releaseSlot(database: Database, claim: SlotClaim): void {
  const { epoch, name, namespaceId, runId, step } = claim;
  database.transaction(() => {
    leaveLine(database, claim);
    database.change(
      `UPDATE slots SET released_at = ?
       WHERE namespace_id = ? AND name = ? AND run_id = ? AND step = ? AND epoch <= ? AND released_at IS NULL`,
      [database.now(), namespaceId, name, runId, step, epoch],
    );
  });
}

/** Runs that are called in one transaction at most. */
const MOST_CALLED = 500;

/** Calls those at the head of the line for whom there is room: it is as if their runs had been sent something. */
export function callWaiting(database: Database, namespaceId: NamespaceId, name: string): Called {
  return database.transaction((): Called => {
    const now = database.now();
    const limits = openLimit(database, { namespaceId, name });
    if (limits === undefined) return { runs: [], now };
    const facts = { ...countSlots(database, { namespaceId, name }, limits), ahead: 0 };
    const { until } = decideSlot(limits, facts);
    const next = { now, ...(until !== undefined && { nextAt: until }) };
    const [coming] = database.all<{ count: number }>(
      "SELECT count(*) AS count FROM slot_waits WHERE namespace_id = ? AND name = ? AND called_at > ?",
      [namespaceId, name, now - CALL_MS],
    );
    const room = Math.min(freeSlots(limits, facts) - (coming?.count ?? 0), MOST_CALLED);
    if (room <= 0) return { runs: [], ...next };
    return { runs: callNext(database, { namespaceId, name }, room, now), ...next };
  });
}

function callNext(database: Database, { name, namespaceId }: OfLimit, room: number, now: Instant): readonly Touched[] {
  const waits = database.all<{ run_id: RunId; step: string }>(
    `SELECT w.run_id, w.step FROM slot_waits w
     JOIN runs r ON r.namespace_id = w.namespace_id AND r.run_id = w.run_id
     WHERE w.namespace_id = ? AND w.name = ? AND w.called_at IS NULL AND r.finished_at IS NULL AND r.pause_error IS NULL
     ORDER BY w.priority DESC, w.since, w.run_id, w.step LIMIT ?`,
    [namespaceId, name, room],
  );
  for (const { run_id: runId, step } of waits) {
    database.change(
      "UPDATE slot_waits SET called_at = ? WHERE namespace_id = ? AND name = ? AND run_id = ? AND step = ?",
      [now, namespaceId, name, runId, step],
    );
  }
  return [...new Set(waits.map(({ run_id: runId }) => runId))].flatMap((runId) =>
    touch(database, { namespaceId, runId }, now),
  );
}

function touch(database: Database, { namespaceId, runId }: RunReference, now: Instant): readonly Touched[] {
  const rows = database.all<{
    task_queue: string;
    workflow_type: string;
    version: string;
    status: RunStatus;
    worker_id: WorkerId | null;
  }>(
    `UPDATE runs SET signals = signals + 1, available_at = CASE status WHEN 'waiting' THEN ? ELSE available_at END,
       status = CASE status WHEN 'waiting' THEN 'pending' ELSE status END
     WHERE namespace_id = ? AND run_id = ? AND finished_at IS NULL
     RETURNING task_queue, workflow_type, version, status, worker_id`,
    [now, namespaceId, runId],
  );
  return rows.map((row) => ({
    namespaceId,
    runId,
    taskQueue: row.task_queue,
    workflowType: row.workflow_type,
    version: row.version,
    status: row.status,
    ...(row.worker_id !== null && { workerId: row.worker_id }),
  }));
}

/** Limits that somebody waits for. */
export function waitedLimits(
  database: Database,
  limit: number,
): readonly { readonly namespaceId: NamespaceId; readonly name: string }[] {
  const rows = database.all<{ namespace_id: NamespaceId; name: string }>(
    `SELECT l.namespace_id, l.name FROM step_limits l
     WHERE EXISTS (SELECT 1 FROM slot_waits w WHERE w.namespace_id = l.namespace_id AND w.name = l.name)
     ORDER BY l.namespace_id, l.name LIMIT ?`,
    [limit],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, name: row.name }));
}

/** Limits that a run waits for. */
export function slotWaits(
  database: Database,
  run: RunReference,
): readonly { readonly name: string; readonly step: string; readonly since: Instant }[] {
  return database.all<{ name: string; step: string; since: Instant }>(
    `SELECT name, step, since FROM slot_waits WHERE namespace_id = ? AND run_id = ? ORDER BY since, name, step LIMIT 100`,
    [run.namespaceId, run.runId],
  );
}

/** Who holds slots of a named limit, and how many wait for one. */
export function slotUsage(database: Database, namespaceId: NamespaceId, name: string, limit: number): SlotUsage {
  const holders = database.all<{ run_id: RunId; step: string; epoch: number }>(
    `SELECT run_id, step, epoch FROM slots WHERE namespace_id = ? AND name = ? AND released_at IS NULL AND ${IS_HELD}
     ORDER BY run_id, step LIMIT ?`,
    [namespaceId, name, limit],
  );
  const [waits] = database.all<{ waiting: number }>(
    "SELECT count(*) AS waiting FROM (SELECT 1 FROM slot_waits WHERE namespace_id = ? AND name = ? LIMIT 1000)",
    [namespaceId, name],
  );
  return {
    holders: holders.map(({ epoch, run_id: runId, step }) => ({ namespaceId, name, runId, step, epoch })),
    waiting: waits?.waiting ?? 0,
  };
}
