import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { embedded } from "@kagzi/embedded";
import { type PostgresCluster, Program, createPostgres, freePort, serverProgram } from "@kagzi/test-support";
import { Client, type Connection, Worker } from "kagzi";
import { tenSteps } from "../workflows.ts";
import { SCALE_WORKFLOWS } from "./workflows.ts";

const MIB = 1024 * 1024;

/** A PostgreSQL of its own, and servers and workers over it, each a process. */
export interface Fleet {
  readonly cluster: PostgresCluster;
  /** The address of the database. */
  readonly db: string;
  /** A client of the first server. */
  readonly client: Client;
  readonly url: string;
  readonly server: Program;
  startServer(): Promise<{ readonly url: string; readonly server: Program }>;
  startWorker(url?: string): Promise<Program>;
}

/**
 * Measures on one server; workers and more servers are started as they are needed, and all are stopped in the end. All
 * have `env` in their environment.
 */
export async function withFleet<Result>(
  measure: (fleet: Fleet) => Promise<Result>,
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const cluster = await createPostgres({ durable: true });
  await cluster.start();
  const db = await cluster.createDatabase();
  const running: Program[] = [];
  const start = async (program: Program) => {
    await program.start();
    running.unshift(program);
    return program;
  };
  const startServer = async () => {
    const port = await freePort();
    return { url: `http://127.0.0.1:${port}`, server: await start(serverProgram({ db, port, env })) };
  };
  const { server, url } = await startServer();
  const client = new Client({ url });
  const path = fileURLToPath(new URL("worker.js", import.meta.url));
  const startWorker = (to = url) => start(new Program({ path, env: { ...env, KAGZI_URL: to } }));
  try {
    return await measure({ cluster, db, client, url, server, startServer, startWorker });
  } finally {
    await client.close();
    for (const program of running) await program.stop();
    await cluster.remove();
  }
}

/** A whole engine in this process. */
export interface Alone {
  readonly client: Client;
  readonly connection: Connection;
  newWorker(): Worker;
}

/** Measures with all in this process, on SQLite. */
export async function withSqlite<Result>(measure: (alone: Alone) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-bench-"));
  const connection = await embedded(`sqlite:${join(folder, "bench.db")}`);
  const client = new Client({ connection });
  const workflows = [...SCALE_WORKFLOWS, tenSteps];
  try {
    return await measure({
      client,
      connection,
      newWorker: () => new Worker({ connection, workflows, concurrency: 4000 }),
    });
  } finally {
    await connection.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a process holds in memory, in MiB; 0 where the system does not tell. */
export function residentMiB({ pid }: { readonly pid: number }): number {
  const kib = /VmRSS:\s+(\d+) kB/u.exec(read(`/proc/${pid}/status`))?.[1];
  return (Number(kib ?? 0) * 1024) / MIB;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Resolves when it is so, having looked every `ms`. */
export async function until(isSo: () => Promise<boolean>, ms = 50): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, ms));
}
