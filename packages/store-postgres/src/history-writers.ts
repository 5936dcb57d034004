import { KagziError } from "@kagzi/core";
import type { Database } from "./database.ts";
import { statement } from "./sql.ts";

/** No transaction of ours may last as long as this: see the limits in session.ts. */
const WAIT_MS = 20_000;
const LOOK_MS = 100;

/**
 * The transactions that may add records to histories, as a query. A statement locks its tables before it looks at what there
 * is, and keeps them locked until its transaction ends: one that is not here knows all that was committed by now.
 */
export function writersOf(schema: string): string {
  return `SELECT l.virtualtransaction FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = '${schema}.history'::regclass AND l.mode = 'RowExclusiveLock'
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
           AND l.granted AND l.pid <> pg_backend_pid()`;
}

/**
 * Resolves when these transactions have ended; others that began since are not waited for.
 * @throws KagziError `UNAVAILABLE` when one of them goes on for too long
 */
export async function untilOver(database: Database, writers: readonly string[]): Promise<void> {
  const until = performance.now() + WAIT_MS;
  for (let waitMs = 1; writers.length > 0; waitMs = Math.min(waitMs * 2, LOOK_MS)) {
    const [still] = await database.run(
      statement(
        "history_writers",
        `SELECT FROM (${writersOf(database.schema)}) w WHERE w.virtualtransaction = ANY($1::text[])`,
      ),
      [writers],
    );
    if (still === undefined) return;
    if (performance.now() > until) throw tooLong();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

function tooLong(): KagziError {
  return new KagziError("UNAVAILABLE", "a transaction that writes to histories goes on and on: try again later");
}
