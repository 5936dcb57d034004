import { readFileSync, readdirSync } from "node:fs";
import type { PostgresCluster } from "@kagzi/test-support";
import { Client } from "pg";

/** What a PostgreSQL server has done since it was started. */
export interface DatabaseWork {
  /** User and system time of all its processes, those that have ended among them; 0 where the system does not tell. */
  readonly cpuSeconds: number;
  readonly walBytes: number;
  /** Transactions in the database that is measured. */
  readonly commits: number;
}

/** How long a backend may keep its counts to itself (PGSTAT_MIN_INTERVAL is one second). */
const COUNTS_LATE_MS = 1100;
const TICKS_PER_SECOND = 100;

/** Asks a server what it has done so far. */
export async function databaseWork(cluster: PostgresCluster, url: string): Promise<DatabaseWork> {
  const cpuSeconds = treeSeconds(cluster.pid);
  await new Promise((resolve) => setTimeout(resolve, COUNTS_LATE_MS));
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ wal: string; commits: string }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal, xact_commit AS commits
       FROM pg_stat_database WHERE datname = current_database()`,
    );
    return { cpuSeconds, walBytes: Number(rows[0]?.wal), commits: Number(rows[0]?.commits) };
  } finally {
    await client.end();
  }
}

/** The time of a process, of its children, and of the children that it has buried. */
function treeSeconds(pid: number): number {
  let ticks = 0;
  for (const each of processes()) {
    const [, ppid, ...times] = each;
    if (each[0] === pid) ticks += times.reduce((sum, time) => sum + time, 0);
    else if (ppid === pid) ticks += (times[0] ?? 0) + (times[1] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Of each process: its id, its parent's, and its times of utime, stime, cutime and cstime, in ticks. */
function processes(): number[][] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/u.test(name) ? [statOf(name)] : []));
  } catch {
    return [];
  }
}

function statOf(pid: string): number[] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return [Number(pid), Number(fields[1]), ...fields.slice(11, 15).map(Number)];
  } catch {
    // It ended meanwhile.
    return [];
  }
}
