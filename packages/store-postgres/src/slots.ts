import type {
  Called,
  Instant,
  NamespaceId,
  RunId,
  RunReference,
  SlotClaim,
  SlotFacts,
  SlotOutcome,
  SlotUsage,
  StepLimitSettings,
  WorkflowLimits,
} from "@kagzi/core";
import { CALL_MS, decideSlot, effectiveLimits, freeSlots } from "@kagzi/core";
import { type TouchedRow, jsonColumn, toLimitSettings, toTouched } from "@kagzi/core/rows";
import type { Database, Runner } from "./database.ts";
import { callStatement, factsStatement, sweepStatement, usageStatement, waitStatement } from "./slots-sql.ts";
import { CLOCK, statement } from "./sql.ts";

/** What the code says of named limits. Those that it does not name stay as they are. */
export async function declareStepLimits(
  database: Database,
  namespaceId: NamespaceId,
  limits: readonly Required<Omit<StepLimitSettings, "override">>[],
): Promise<void> {
  const sorted = limits.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  await database.run(
    statement(
      "slots_declare",
      `INSERT INTO ${database.schema}.step_limits AS l (namespace_id, name, declared)
       SELECT $1, d.name, d.declared FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS d(name, declared)
       ORDER BY d.ordinality
       ON CONFLICT (namespace_id, name) DO UPDATE SET declared = excluded.declared
       WHERE l.declared IS DISTINCT FROM excluded.declared`,
    ),
    [namespaceId, sorted.map(({ name }) => name), sorted.map(({ declared }) => jsonColumn(declared))],
  );
}

/** What an operator says of a named limit; `undefined`: nothing. `false` if there is no such limit. */
export async function overrideStepLimit(
  database: Database,
  namespaceId: NamespaceId,
  name: string,
  limits: WorkflowLimits | undefined,
): Promise<boolean> {
  const rows = await database.run(
    statement(
      "slots_override",
      `UPDATE ${database.schema}.step_limits SET override = $3 WHERE namespace_id = $1 AND name = $2 RETURNING name`,
    ),
    [namespaceId, name, jsonColumn(limits)],
  );
  return rows.length === 1;
}

export async function getStepLimit(
  database: Database,
  namespaceId: NamespaceId,
  name: string,
): Promise<StepLimitSettings | undefined> {
  const text = `SELECT declared, override FROM ${database.schema}.step_limits WHERE namespace_id = $1 AND name = $2`;
  const [row] = await database.run<SettingsRow>(statement("slots_get", text), [namespaceId, name]);
  return row && settingsOf(name, row);
}

type SettingsRow = { readonly declared: string | null; readonly override: string | null };

function settingsOf(name: string, row: SettingsRow): StepLimitSettings {
  const { workflowType: _, ...said } = toLimitSettings({ workflow_type: name, ...row });
  return { name, ...said };
}

/** A limit under its lock: one at a time counts its slots. Those of leases that have ended are given back first. */
async function lockLimit(
  runner: Runner,
  database: Database,
  { name, namespaceId }: Pick<SlotClaim, "namespaceId" | "name">,
): Promise<WorkflowLimits | undefined> {
  const { schema } = database;
  const text = `SELECT declared, override FROM ${schema}.step_limits WHERE namespace_id = $1 AND name = $2 FOR NO KEY UPDATE`;
  const [row] = await runner.run<SettingsRow>(statement("slots_lock", text), [namespaceId, name]);
  if (row === undefined) return undefined;
  const limits = effectiveLimits(settingsOf(name, row));
  await runner.run(sweepStatement(schema), [database.now(), namespaceId, name, limits.throttle?.perMs ?? 0]);
  return limits;
}

interface FactsRow {
  readonly now: Instant;
  readonly is_held: boolean | null;
  readonly has_slot: boolean;
  readonly held: number;
  readonly begun: number;
  readonly first: Instant | null;
  readonly ahead: number;
}

async function readFacts(
  runner: Runner,
  database: Database,
  claim: SlotClaim,
  limits: WorkflowLimits,
): Promise<FactsRow | undefined> {
  const [row] = await runner.run<FactsRow & Record<string, unknown>>(factsStatement(database.schema), [
    database.now(),
    claim.namespaceId,
    claim.name,
    claim.runId,
    claim.step,
    claim.epoch,
    limits.throttle?.perMs ?? 0,
    CALL_MS,
  ]);
  return row;
}

function factsOf({ ahead, begun, first, held }: FactsRow, limits: WorkflowLimits): SlotFacts {
  const until = first === null ? undefined : first + (limits.throttle?.perMs ?? 0);
  return { held, begun, ahead, ...(until !== undefined && { until }) };
}

/** Gives a slot out, or puts the step into the line. */
export async function acquireSlot(database: Database, claim: SlotClaim, slotId: string): Promise<SlotOutcome> {
  const { schema } = database;
  return database.transaction(async (runner): Promise<SlotOutcome> => {
    const limits = await lockLimit(runner, database, claim);
    if (limits === undefined) return { became: "refused", because: "noLimit" };
    const facts = await readFacts(runner, database, claim, limits);
    if (facts?.is_held !== true) return { became: "refused", because: "leaseLost" };
    if (facts.has_slot) return { became: "granted" };
    const { granted, until } = decideSlot(limits, factsOf(facts, limits));
    const { epoch, name, namespaceId, runId, step } = claim;
    if (!granted) {
      await runner.run(waitStatement(schema), [database.now(), namespaceId, name, runId, step]);
      return { became: "waiting", now: facts.now, ...(until !== undefined && { until }) };
    }
    const grant = statement(
      "slots_grant",
      `WITH ${CLOCK},
       waited AS (
         DELETE FROM ${schema}.slot_waits WHERE namespace_id = $2 AND name = $3 AND run_id = $4 AND step = $5
       )
       INSERT INTO ${schema}.slots (namespace_id, name, slot_id, run_id, step, epoch, acquired_at)
       SELECT $2, $3, $6, $4, $5, $7, now FROM clock`,
    );
    await runner.run(grant, [database.now(), namespaceId, name, runId, step, slotId, epoch]);
    return { became: "granted" };
  });
}

/** The step holds no slot any more, and waits for none. */
export async function releaseSlot(database: Database, claim: SlotClaim): Promise<void> {
  const { epoch, name, namespaceId, runId, step } = claim;
  await database.run(
    statement(
      "slots_release",
      `WITH ${CLOCK},
       gone AS (
         DELETE FROM ${database.schema}.slot_waits WHERE namespace_id = $2 AND name = $3 AND run_id = $4 AND step = $5
       )
       UPDATE ${database.schema}.slots s SET released_at = now FROM clock
       WHERE s.namespace_id = $2 AND s.name = $3 AND s.run_id = $4 AND s.step = $5 AND s.epoch <= $6
         AND s.released_at IS NULL`,
    ),
    [database.now(), namespaceId, name, runId, step, epoch],
  );
}

/** Calls those at the head of the line for whom there is room: it is as if their runs had been sent something. */
export async function callWaiting(database: Database, namespaceId: NamespaceId, name: string): Promise<Called> {
  return database.transaction(async (runner): Promise<Called> => {
    const limits = await lockLimit(runner, database, { namespaceId, name });
    if (limits === undefined) return { runs: [], now: 0 };
    const nobody = { namespaceId, name, runId: NOBODY, step: "", epoch: 0 };
    const row = await readFacts(runner, database, nobody, limits);
    if (row === undefined) return { runs: [], now: 0 };
    const facts = factsOf(row, limits);
    const { until } = decideSlot(limits, facts);
    const room = Math.min(freeSlots(limits, facts), MOST_CALLED);
    const next = { now: row.now, ...(until !== undefined && { nextAt: until }) };
    if (room <= 0) return { runs: [], ...next };
    const values = [database.now(), namespaceId, name, room, CALL_MS];
    const rows = await runner.run<TouchedRow & Record<string, unknown>>(callStatement(database.schema), values);
    return { runs: rows.map((each) => toTouched(namespaceId, each)), ...next };
  });
}

const NOBODY = "00000000-0000-0000-0000-000000000000" as RunId;
/** Runs that are called in one transaction at most. */
const MOST_CALLED = 500;

/** Limits that somebody waits for. */
export async function waitedLimits(
  database: Database,
  limit: number,
): Promise<readonly { readonly namespaceId: NamespaceId; readonly name: string }[]> {
  const { schema } = database;
  const rows = await database.run<{ namespace_id: NamespaceId; name: string }>(
    statement(
      "slots_waited",
      `SELECT l.namespace_id, l.name FROM ${schema}.step_limits l
       WHERE EXISTS (SELECT FROM ${schema}.slot_waits w WHERE w.namespace_id = l.namespace_id AND w.name = l.name)
       ORDER BY l.namespace_id, l.name LIMIT $1`,
    ),
    [limit],
  );
  return rows.map((row) => ({ namespaceId: row.namespace_id, name: row.name }));
}

/** Limits that a run waits for. */
export async function slotWaits(
  database: Database,
  run: RunReference,
): Promise<readonly { readonly name: string; readonly step: string; readonly since: Instant }[]> {
  const rows = await database.run<{ name: string; step: string; since: Instant }>(
    statement(
      "slots_waits",
      `SELECT name, step, since FROM ${database.schema}.slot_waits WHERE namespace_id = $1 AND run_id = $2
       ORDER BY since, name, step LIMIT 100`,
    ),
    [run.namespaceId, run.runId],
  );
  return rows;
}

/** Who holds slots of a named limit, and how many wait for one. */
export async function slotUsage(
  database: Database,
  { name, namespaceId }: Pick<SlotClaim, "namespaceId" | "name">,
  count: { readonly limit: number; readonly windowMs: number },
): Promise<SlotUsage> {
  interface Row {
    run_id: RunId | null;
    step: string;
    epoch: number;
    held: number | null;
    waiting: number;
    begun: number;
    first: Instant | null;
  }
  const values = [database.now(), namespaceId, name, count.limit, count.windowMs];
  const rows = await database.run<Row & Record<string, unknown>>(usageStatement(database.schema), values);
  const holders = rows.flatMap(({ epoch, run_id: runId, step }) =>
    runId === null ? [] : [{ namespaceId, name, runId, step, epoch }],
  );
  const [row] = rows;
  const first = row?.first ?? null;
  return {
    held: row?.held ?? 0,
    holders,
    waiting: row?.waiting ?? 0,
    begun: row?.begun ?? 0,
    ...(first !== null && { first }),
  };
}
