import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PostgresCluster } from "@kagzi/test-support";
import { cleanUpLater } from "./clean-up.ts";
import { type DatabaseWork, databaseWork } from "./database.ts";
import { PEERS_NODE } from "./peers.ts";
import { pgbenchOf } from "./postgres.ts";
import type { Calls, Place } from "./programs/program.ts";
import { type Remote, type Running, runProgram } from "./remote.ts";

/** A server of an engine, between its clients and workers. */
export interface EngineServer {
  readonly process: Running;
  readonly url: string;
}

/** An engine that can be measured. */
export interface EngineDefinition {
  /** As it is named on the command line. */
  readonly name: string;
  readonly title: string;
  readonly version: () => string;
  /** The program of its client and of its worker: a JavaScript file. */
  readonly program: string;
  /** Plain job queues have jobs of one step and no results. */
  readonly kind: "workflows" | "jobs";
  readonly storage: "postgres" | "sqlite" | "own";
  /** SQLite is for one process, which is client and worker. */
  readonly processes: 1 | 2;
  readonly startServer?: (place: Place) => Promise<EngineServer>;
  /** Where a worker that does not listen would be called again later and later: it is stopped by a signal instead. */
  readonly holdsBySignal?: boolean;
}

/** What an engine has spent so far. */
export interface Spent {
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly database?: DatabaseWork;
}

/** An engine with its worker at work. */
export interface Engine {
  readonly definition: EngineDefinition;
  readonly settings: string;
  readonly client: Calls;
  readonly worker: Calls;
  /** Its database, where that is PostgreSQL. */
  readonly database?: { readonly url: string; readonly pgbench?: string };
  /** Lets no run begin until `release`. */
  hold(): Promise<void>;
  release(): Promise<void>;
  spent(): Promise<Spent>;
  stop(): Promise<void>;
}

/** Starts an engine on nothing: a database of its own, or an empty folder. */
export async function startEngine(definition: EngineDefinition, cluster: PostgresCluster): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-bench-"));
  const removeFolder = cleanUpLater(() => rmSync(folder, { recursive: true, force: true }));
  const processes: Record<string, Running> = {};
  const stop = async () => {
    for (const each of Object.values(processes).toReversed()) await each.stop();
    await removeFolder();
  };
  try {
    const databaseUrl = definition.storage === "postgres" ? await cluster.createDatabase() : undefined;
    const url = databaseUrl ?? `sqlite:${join(folder, "bench.db")}`;
    const server = await definition.startServer?.({ url, folder });
    if (server !== undefined) processes["server"] = server.process;
    const place = { url: server?.url ?? url, folder };
    const started = async (name: string): Promise<Remote> => {
      const program = await runProgram({ file: PEERS_NODE, args: [definition.program] });
      processes[name] = program;
      return program;
    };
    const client = await started(definition.processes === 1 ? "process" : "client");
    const worker = definition.processes === 1 ? client : await started("worker");
    const settings = await client.calls.connectClient(place);
    await worker.calls.connectWorker(place);
    await worker.calls.begin();
    return {
      definition,
      settings,
      client: client.calls,
      worker: worker.calls,
      ...(databaseUrl !== undefined && { database: databaseOf(cluster, databaseUrl) }),
      ...holding(definition, worker),
      spent: async () => ({
        cpuSeconds: Object.fromEntries(Object.entries(processes).map(([name, each]) => [name, each.cpuSeconds()])),
        ...(databaseUrl !== undefined && { database: await databaseWork(cluster, databaseUrl) }),
      }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function databaseOf(cluster: PostgresCluster, url: string) {
  const pgbench = pgbenchOf(cluster);
  return { url, ...(pgbench !== undefined && { pgbench }) };
}

function holding({ holdsBySignal }: EngineDefinition, worker: Remote): Pick<Engine, "hold" | "release"> {
  if (holdsBySignal !== true) return { hold: () => worker.calls.end(), release: () => worker.calls.begin() };
  return { hold: async () => worker.signal("SIGSTOP"), release: async () => worker.signal("SIGCONT") };
}
