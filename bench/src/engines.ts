import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@kagzi/embedded";
import { freePort } from "@kagzi/test-support";
import { Client, Worker } from "kagzi";
import { startPostgres } from "./postgres.ts";
import { type Measured, startServer, startWorker } from "./processes.ts";
import { oneStep, tenSteps, waiter } from "./workflows.ts";

/** Measures one way of running the engine. */
export type Workload = (name: string, client: Client, parts: Parts) => Promise<void>;

/** What the engine consists of beside the process that measures it. */
export interface Parts {
  readonly processes: Readonly<Record<string, Measured>>;
}

/** A server, a worker and PostgreSQL, each in processes of their own. */
export async function throughServer(measure: Workload): Promise<void> {
  const cluster = await startPostgres();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const db = await cluster.createDatabase();
  const server = await startServer(db, port);
  const worker = await startWorker(url);
  const client = new Client({ url });
  try {
    await measure("server and worker on PostgreSQL", client, { processes: { server, worker } });
  } finally {
    await client.close();
    await worker.stop();
    await server.stop();
    await cluster.remove();
  }
}

/** All in this process, on SQLite. */
export async function inProcess(measure: Workload): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-bench-"));
  const engine = await embedded(`sqlite:${join(folder, "bench.db")}`);
  const worker = new Worker({ connection: engine, workflows: [tenSteps, oneStep, waiter], concurrency: 1000 });
  const client = new Client({ connection: engine });
  try {
    await worker.start();
    await measure("embedded on SQLite", client, { processes: {} });
  } finally {
    await worker.stop();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
