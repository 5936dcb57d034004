import { fileURLToPath } from "node:url";
import { embedded } from "@kagzi/embedded";
import { Client, type RunHandle, Worker, type WorkerOptions, type Workflow } from "kagzi";
import { vi } from "vitest";
import { type FixtureDatabase, type Shape, newDatabase } from "./databases.ts";
import { MISMATCH, type Scenario, scenariosOf } from "./scenarios.ts";
import { SLOTS, limitedOf, subscribed, worldOf } from "./world.ts";

const PATIENCE = { timeout: 10_000, interval: 20 };
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Makes the runs of a fixture with the engine as it is now, and answers with the rows that a schema of `version` holds. */
export async function fixtureOf(kind: FixtureDatabase["kind"], version: number): Promise<string> {
  const database = newDatabase(kind);
  const engine = await embedded(database.url, { schema: database.schema, config: { leaseMs: 60_000, pollMs: 200 } });
  const stage = new Stage(
    new Client({ connection: engine }),
    (options) => new Worker({ connection: engine, ...options }),
  );
  try {
    await stage.play(version);
    return await dump(database, version);
  } finally {
    await stage.end();
    await engine.close();
    await database.remove();
  }
}

class Stage {
  readonly #client: Client;
  readonly #make: (options: WorkerOptions) => Worker;
  readonly #workers: Worker[] = [];
  #holding = 0;

  constructor(client: Client, make: (options: WorkerOptions) => Worker) {
    this.#client = client;
    this.#make = make;
  }

  async play(version: number): Promise<void> {
    const onHold = () => (this.#holding += 1);
    const { abandoned, changed, ...world } = worldOf("before", onHold);
    await this.#work([abandoned]);
    const limited = version >= 4 ? Object.values(limitedOf("before", onHold)) : [];
    await this.#work([...Object.values(world), ...limited], version >= 4 ? { limits: SLOTS } : {});
    if (version >= 7) await this.#client.namespaces.update("default", { retention: "90d" });
    const matching = await this.#work([changed]);
    const runs = await this.#startAll(scenariosOf(version));
    await matching.stop();
    const mismatching = await this.#work([MISMATCH]);
    for (const [run, scenario] of runs) await this.#bring(run, scenario);
    await mismatching.stop();
    if (version >= 2) await this.#events();
    if (version >= 3) await this.#schedules();
    if (version >= 6) await this.#client.apiKeys.create({ name: "before", role: "client", expiresIn: "90d" });
    for (const [run, { status }] of runs) await reaches(run, status);
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await this.#client.close();
  }

  async #work(workflows: readonly Workflow<unknown, unknown>[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = this.#make({ logger: quiet, hostname: "fixture", shutdownTimeout: 1, ...options, workflows });
    this.#workers.push(worker);
    await worker.start();
    return worker;
  }

  /** One after the other, so that who comes first is first. */
  async #startAll(scenarios: readonly Scenario[]): Promise<readonly (readonly [RunHandle<unknown>, Scenario])[]> {
    const runs: (readonly [RunHandle<unknown>, Scenario])[] = [];
    for (const scenario of scenarios) {
      const held = this.#holding;
      const { from = scenario.status, id, input, options, workflow } = scenario;
      const run = await this.#client.start(workflow, input, { ...options, id });
      await reaches(run, from);
      if (from === "running") await this.#holds(held + 1);
      runs.push([run, scenario]);
    }
    return runs;
  }

  async #bring(run: RunHandle<unknown>, { before, from, status }: Scenario): Promise<void> {
    if (before === undefined) return;
    const held = this.#holding;
    await before(run, this.#client);
    if (status !== "running") await reaches(run, status);
    else if (from !== undefined) await this.#holds(held + 1);
  }

  async #holds(count: number): Promise<void> {
    await until(async () => this.#holding === count, `${count} steps that are held`);
  }

  /** One that starts a run, which nobody takes, and one that nobody waits for. */
  async #events(): Promise<void> {
    const subscriber = await this.#work([subscribed]);
    await subscriber.stop();
    await this.#client.send("order.created", { id: "o1" }, { id: "created o1", key: "o1" });
    await this.#client.send("order.gone", 1n, { id: "gone o1" });
  }

  async #schedules(): Promise<void> {
    const { schedules } = this.#client;
    const workflow = "scheduled";
    await schedules.create("every hour", { workflow, every: "1h", input: 1, overlap: "allow" });
    await schedules.create("every night", { workflow, cron: "30 2 * * *", timezone: "Europe/Paris", input: 2 });
    await schedules.create("once", { workflow, at: new Date(Date.now() + 3_600_000), input: 3 });
    await schedules.create("paused", { workflow, every: "1h", input: 4 });
    await schedules.pause("paused");
    await schedules.trigger("every night");
  }
}

async function reaches(run: RunHandle<unknown>, status: string): Promise<void> {
  await until(async () => (await run.status()).status === status, `run ${run.id} to be ${status}`);
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  await vi.waitUntil(isSo, PATIENCE).catch((cause: unknown) => {
    throw new Error(`waited in vain for ${what}`, { cause });
  });
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** One worker was silent for a second too long. */
const LAPSED = {
  postgres: `UPDATE :"schema".workers SET lease_expires_at = now() - interval '1 second' WHERE workflows LIKE '%abandoned%'`,
  sqlite: `UPDATE :"schema".workers SET lease_expires_at = unixepoch() * 1000 - 1000 WHERE workflows LIKE '%abandoned%'`,
};

async function dump(database: FixtureDatabase, version: number): Promise<string> {
  const older = newDatabase(database.kind);
  await older.migrateTo(version);
  const shape = await older.shape();
  await older.remove();
  const takenAt = new Date().toISOString();
  const rows = await database.rows(shape, LAPSED[database.kind]);
  await refuseLoss(database, shape);
  const inserts = [...rows]
    .filter(([, found]) => found.length > 0)
    .map(([table, found]) => insert(table, shape, found));
  const emptied = `DELETE FROM :"schema".namespaces;`;
  return [
    `-- Version ${version} of the schema, for ${database.kind}: runs in every state.`,
    `-- taken at ${takenAt}`,
    emptied,
    ...inserts,
    "",
  ]
    .join("\n")
    .replaceAll(ROOT, "/kagzi/");
}

function insert(table: string, shape: Shape, rows: readonly string[]): string {
  const columns = shape
    .get(table)
    ?.map((column) => `"${column}"`)
    .join(", ");
  return `INSERT INTO :"schema".${table} (${columns}) VALUES\n${rows.map((row) => `  (${row})`).join(",\n")};`;
}

/** What an older schema has no column for must not be there. */
async function refuseLoss(database: FixtureDatabase, shape: Shape): Promise<void> {
  const newer = await database.shape();
  const lost = [...newer]
    .filter(([table]) => shape.has(table))
    .map(
      ([table, columns]) => [table, columns.filter((column) => shape.get(table)?.includes(column) !== true)] as const,
    )
    .filter(([, columns]) => columns.length > 0);
  const rows = await database.rows(new Map(lost), "");
  for (const [table, found] of rows) {
    const something = found.find((row) => row.split(", ").some((value) => value !== "NULL"));
    if (something !== undefined) throw new Error(`${table} has what the older schema cannot hold: ${something}`);
  }
}
