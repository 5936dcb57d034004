import type { Client } from "kagzi";
import { Client as Database } from "pg";
import { type DatabaseWork, databaseWork } from "../database.ts";
import { tenSteps } from "../workflows.ts";
import { startAll, untilQuiet } from "./drain.ts";
import { type Figure, tell } from "./figures.ts";
import { type Fleet, withFleet } from "./parts.ts";

const RUNS = Number(process.env["BENCH_RUNS"] ?? 3000);
const STEPS = RUNS * 10;
const FILLED = Number(process.env["BENCH_FILLED"] ?? 1_000_000);

interface Cost {
  readonly stepsPerSecond: number;
  /** Of PostgreSQL, in microseconds per step. */
  readonly cpu: number;
}

/** What a step costs with empty tables, with empty ones whose emptiness PostgreSQL has just noted, and with full ones. */
export async function measureTables(): Promise<readonly Figure[]> {
  const empty = await costWith(async () => {});
  const vacuumed = await costWith((database) => database.query("VACUUM ANALYZE"));
  const full = await costWith(fill);
  return tell([
    { name: "empty tables", value: empty.stepsPerSecond, unit: "steps/s" },
    { name: "empty tables: PostgreSQL's CPU", value: empty.cpu, unit: "µs/step" },
    ...against("after VACUUM ANALYZE of empty tables", vacuumed, empty),
    ...against(`with ${FILLED} sleeping and ${FILLED} finished runs`, full, empty),
  ]);
}

function against(name: string, cost: Cost, empty: Cost): Figure[] {
  const slower = empty.stepsPerSecond / cost.stepsPerSecond;
  return [
    { name: `${name}: time against empty tables`, value: slower, unit: "x", bar: 1 / 0.9, goal: 1 / 0.97 },
    { name: `${name}: PostgreSQL's CPU against empty tables`, value: cost.cpu / empty.cpu, unit: "x" },
  ];
}

/** No autovacuum: what the plans were made for must not matter, and its own work is not to be measured. */
async function costWith(prepare: (database: Database) => Promise<unknown>): Promise<Cost> {
  return withFleet(async (fleet) => {
    const database = new Database({ connectionString: fleet.db });
    await database.connect();
    try {
      await database.query("ALTER SYSTEM SET autovacuum = off");
      await database.query("SELECT pg_reload_conf()");
      await prepare(database);
    } finally {
      await database.end();
    }
    await fleet.startWorker();
    return measured(fleet);
  });
}

async function measured({ client, cluster, db }: Fleet): Promise<Cost> {
  await drain(client, 500);
  const before = await databaseWork(cluster, db);
  const seconds = await drain(client, RUNS);
  const after: DatabaseWork = await databaseWork(cluster, db);
  return { stepsPerSecond: STEPS / seconds, cpu: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / STEPS };
}

async function drain(client: Client, runs: number): Promise<number> {
  const begin = performance.now();
  await startAll(client, tenSteps, { runs, inputOf: (n) => ({ n }) });
  await untilQuiet(client);
  return (performance.now() - begin) / 1000;
}

/** Runs that sleep and runs that have ended, of the workflow that is measured, each with two records. */
async function fill(database: Database): Promise<void> {
  const times = "now() - interval '1 hour', now() - interval '1 hour'";
  await database.query(
    `INSERT INTO kagzi.runs (namespace_id, run_id, task_queue, workflow_type, version, status, priority, attempt, epoch,
       crashes, created_at, started_at, available_at, worker_id, claimed_seq, finished_at)
     SELECT 'default', gen_random_uuid(), '', 'ten-steps', '1', CASE WHEN n <= $1 THEN 'sleeping' ELSE 'completed' END, 0,
       1, 1, 0, ${times}, CASE WHEN n <= $1 THEN now() + interval '1 day' + n * interval '1 second' END,
       gen_random_uuid(), 1, CASE WHEN n > $1 THEN now() END
     FROM generate_series(1, 2 * $1::int) n`,
    [FILLED],
  );
  await database.query(
    `INSERT INTO kagzi.history (namespace_id, run_id, seq, epoch, kind, type, name, occurrence, attempt, recorded_at,
       observed_at)
     SELECT 'default', run_id, seq, 1, CASE seq WHEN 1 THEN 'run' ELSE 'function' END,
       CASE seq WHEN 1 THEN 'started' ELSE 'completed' END, CASE seq WHEN 1 THEN '' ELSE 'add' END, 1, 1, now(), now()
     FROM kagzi.runs, generate_series(1, 2) seq`,
  );
  await database.query("VACUUM ANALYZE");
  await database.query("CHECKPOINT");
}
