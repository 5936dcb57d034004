import type { ClientBase, QueryResult } from "pg";

const SETTINGS = {
  // No transaction may hold its locks for longer (invariant O2), whatever becomes of the process that began it.
  statement_timeout: "10000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "5000",
  // Every statement finds its rows by an index. A plan that was made while a table was empty must not say otherwise and
  // then be kept while the table grows (see also growth.ts); and planning anew each time costs more than most of the
  // statements do.
  enable_seqscan: "off",
  plan_cache_mode: "force_generic_plan",
  jit: "off",
  timezone: "UTC",
};

/** Connections that reach the database through a pooler. */
const pooled = new WeakSet<ClientBase>();

/**
 * Sets up a new connection. A pooler gives each transaction to another session of its own: nothing that is set, prepared or
 * listened to lasts there, and what lasted would be others' to find. It gives itself away by answering for a process that
 * is not the one which a session names when it begins; then nothing is set here, and each transaction brings its settings.
 * Answers whether the database may only be read from: it is a standby, or was made so.
 */
export async function setUp(client: ClientBase): Promise<boolean> {
  const { processID } = client as ClientBase & { readonly processID?: number };
  const [about, own] = (await client.query(
    `SELECT current_setting('transaction_read_only') AS "isReadOnly";
     ${settingsFor("session")} WHERE pg_backend_pid() = ${Number(processID)}`,
  )) as unknown as readonly [QueryResult<{ readonly isReadOnly: string }>, QueryResult];
  if (own.rowCount === 0) pooled.add(client);
  return about.rows[0]?.isReadOnly === "on";
}

/** Whether nothing lasts beyond a transaction on this connection, because a pooler stands between. */
export function isPooled(client: ClientBase): boolean {
  return pooled.has(client);
}

/** Begins a transaction. */
export function beginOn(client: ClientBase): string {
  return isPooled(client) ? `BEGIN; ${settingsFor("transaction")}` : "BEGIN";
}

function settingsFor(scope: "session" | "transaction"): string {
  const isLocal = scope === "transaction";
  const settings = Object.entries(SETTINGS).map(([name, value]) => `set_config('${name}', '${value}', ${isLocal})`);
  // What is answered is on disk, whatever the database's owner saves elsewhere with `synchronous_commit = off`. All that
  // waits for more than that is left as it is: a standby that is to have it too is waited for.
  const flushed = `CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', ${isLocal}) END`;
  return `SELECT ${[...settings, flushed].join(", ")}`;
}
