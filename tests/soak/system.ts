import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@kagzi/embedded";
import {
  type Load,
  type Loaded,
  type Probed,
  type SoakPrograms,
  createPostgres,
  freePort,
  soakPrograms,
} from "@kagzi/test-support";
import { Client as Postgres } from "pg";

const NAMES = ["server", "worker", "client"] as const;
export type ProcessName = (typeof NAMES)[number];

/** What a database holds. */
export interface Held {
  /** Of its tables and indexes, in bytes. */
  readonly bytes: number;
  /** Rows that are there, and rows that were and still take room. */
  readonly rows: number;
  readonly deadRows: number;
  readonly connections: number;
}

export interface Sample {
  readonly seconds: number;
  readonly runs: number;
  readonly processes: Readonly<Record<ProcessName, Probed>>;
  readonly database: Held;
  readonly loaded: Loaded;
}

interface Database {
  readonly url: string;
  readonly held: () => Promise<Held>;
  readonly remove: () => Promise<void>;
}

/** A server, a worker and a client, each a process of its own, on a database of their own. */
export class SoakSystem {
  readonly #database: Database;
  readonly #programs: SoakPrograms;
  readonly #begun = performance.now();
  #count = 0;
  #runs = 0;

  private constructor(database: Database, programs: SoakPrograms) {
    this.#database = database;
    this.#programs = programs;
  }

  static async start(store: "postgres" | "sqlite"): Promise<SoakSystem> {
    const database = store === "postgres" ? await postgres() : sqlite();
    const programs = soakPrograms({ db: database.url, port: await freePort() });
    const system = new SoakSystem(database, programs);
    for (const name of NAMES) await programs[name].start();
    return system;
  }

  /** Puts a load on it, waits until all of it has ended, and looks at what is left. */
  async load(load: Omit<Load, "load">): Promise<Sample> {
    const id = ++this.#count;
    const { loaded } = await this.#programs.client.ask<{ loaded: Loaded }>("load", { ...load, load: id });
    this.#runs += load.runs;
    const processes = {
      server: await this.#probe("server"),
      worker: await this.#probe("worker"),
      client: await this.#probe("client"),
    };
    const seconds = (performance.now() - this.#begun) / 1000;
    return { seconds, runs: this.#runs, processes, loaded, database: await this.#database.held() };
  }

  /** Ends everything. Answers with one line for each invariant that a row breaks, and each process that did not end well. */
  async stop(): Promise<readonly string[]> {
    const { client, server, worker } = this.#programs;
    await client.kill();
    const codes = { worker: await worker.stop(), server: await server.stop() };
    const store = await openStore(this.#database.url);
    const broken = await store.violations();
    await store.close();
    await this.#database.remove();
    return [
      ...broken,
      ...Object.entries(codes).flatMap(([name, code]) => (code === 0 ? [] : [`${name} ended with ${code}`])),
    ];
  }

  async #probe(name: ProcessName): Promise<Probed> {
    const probe = ++this.#count;
    return (await this.#programs[name].ask<{ probed: Probed }>("probe", { probe })).probed;
  }
}

function sqlite(): Database {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "kagzi-soak-"));
  const path = join(folder, "soak.db");
  return {
    url: `sqlite:${path}`,
    held: async () => ({ bytes: sizeOf(path) + sizeOf(`${path}-wal`), rows: 0, deadRows: 0, connections: 0 }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

async function postgres(): Promise<Database> {
  const cluster = await createPostgres();
  await cluster.start();
  const url = await cluster.createDatabase();
  return {
    url,
    held: async () => {
      const client = new Postgres({ connectionString: url });
      await client.connect();
      try {
        const { rows } = await client.query<Record<keyof Held, string>>(HELD);
        const [held] = rows;
        if (held === undefined) throw new Error("the database says nothing of itself");
        return {
          bytes: Number(held.bytes),
          rows: Number(held.rows),
          deadRows: Number(held.deadRows),
          connections: Number(held.connections),
        };
      } finally {
        await client.end();
      }
    },
    remove: () => cluster.remove(),
  };
}

const HELD = `
  SELECT sum(pg_total_relation_size(relid)) AS bytes, sum(n_live_tup) AS rows, sum(n_dead_tup) AS "deadRows",
         (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) AS connections
    FROM pg_stat_user_tables`;
