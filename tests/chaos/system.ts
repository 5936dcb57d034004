import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ledger, type PostgresCluster, Program, createPostgres, freePort, serverProgram } from "@kagzi/test-support";
import { Attended } from "./attended.ts";
import type { ChaosEntry } from "./entries.ts";
import { Links, type RemoteLink } from "./links.ts";
import { findCorruption } from "./sqlite-file.ts";

/** Of which database, and how much of everything. */
export interface Scale {
  readonly store: StoreKind;
  readonly seed: string;
  readonly leaseMs: number;
  readonly customers: number;
}

/** Several servers on PostgreSQL; one on an SQLite file; engine, worker and clients in one process on an SQLite file. */
export type StoreKind = "postgres" | "sqlite" | "embedded";

/** All processes of a run of the chaos tests, and the links between them. */
export interface System {
  readonly folder: string;
  readonly ledger: Ledger<ChaosEntry>;
  /** Where the database is, for those whom no link troubles. */
  readonly db: string;
  readonly cluster?: PostgresCluster;
  readonly servers: readonly Attended[];
  readonly workers: readonly Attended[];
  /** Who brings the load; it ends when it was told to stop and all is done. */
  readonly load: Attended;
  readonly links: readonly RemoteLink[];
  /** Of a server that no link troubles. */
  readonly url: string | undefined;
  /** Ends every process and removes the database. The folder stays. */
  remove(): Promise<void>;
}

const SERVERS = 3;
const WORKERS = 6;

export async function openSystem(scale: Scale): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-chaos-"));
  const ledger = await Ledger.open<ChaosEntry>(folder);
  const bench = new Workbench(scale, folder, ledger);
  switch (scale.store) {
    case "postgres":
      return bench.onPostgres();
    case "sqlite":
      return bench.onSqlite();
    default:
      return bench.inProcess();
  }
}

/** Puts a system together. */
class Workbench {
  readonly #scale: Scale;
  readonly #folder: string;
  readonly #ledger: Ledger<ChaosEntry>;
  readonly #links: RemoteLink[] = [];

  constructor(scale: Scale, folder: string, ledger: Ledger<ChaosEntry>) {
    this.#scale = scale;
    this.#folder = folder;
    this.#ledger = ledger;
  }

  async onPostgres(): Promise<System> {
    const settings = { log_line_prefix: "'%m [%p] %a '", log_lock_waits: "on" };
    const logFile = join(this.#folder, "postgresql.log");
    const cluster = await createPostgres({ durable: true, logFile, settings });
    await cluster.start();
    const db = await cluster.createDatabase();
    const links = await Links.start();
    const databases: string[] = [];
    for (let n = 1; n <= SERVERS; n++) {
      const link = await this.#link(links, `server-${n} to the database`, [Number(new URL(db).port)]);
      databases.push(db.replace(/:\d+\//, `:${link.port}/`));
    }
    const system = await this.#served(links, databases, WORKERS);
    const remove = async () => {
      await system.remove();
      await cluster.remove();
    };
    return { ...system, db, cluster, remove };
  }

  async onSqlite(): Promise<System> {
    const db = this.#sqliteFile();
    return { ...(await this.#served(await Links.start(), [db], SERVERS)), db };
  }

  async inProcess(): Promise<System> {
    const db = this.#sqliteFile();
    const env = { DB: db, LEASE_MS: String(this.#scale.leaseMs) };
    const load = this.#attended("embedded", () => this.#program("embedded.js", { ...env, ...this.#loadEnv() }), db);
    await load.start();
    const about = { folder: this.#folder, ledger: this.#ledger, db, url: undefined };
    const remove = async () => {
      await load.remove();
      this.#ledger.close();
    };
    return { ...about, servers: [], workers: [], links: [], load, remove };
  }

  /** A server on each of the databases, workers that come to any of them, and clients. */
  async #served(links: Links, databases: readonly string[], workerCount: number): Promise<System> {
    const ports = await Promise.all(databases.map(() => freePort()));
    const { leaseMs } = this.#scale;
    const servers = databases.map((db, index) => {
      const program = () => serverProgram({ db, port: ports[index] ?? 0, leaseMs });
      return this.#attended(`server-${index + 1}`, program, db);
    });
    const workers: Attended[] = [];
    for (let n = 1; n <= workerCount; n++) {
      const name = `worker-${n}`;
      const { port } = await this.#link(links, `${name} to the servers`, rotated(ports, n));
      const env = { NAME: name, LEASE_MS: String(leaseMs), KAGZI_URL: `http://127.0.0.1:${port}` };
      workers.push(this.#attended(name, () => this.#program("worker.js", env)));
    }
    const urls: string[] = [];
    for (let n = 1; n <= ports.length; n++) {
      const { port } = await this.#link(links, `client-${n} to the servers`, rotated(ports, n));
      urls.push(`http://127.0.0.1:${port}`);
    }
    const load = this.#attended("clients", () =>
      this.#program("client.js", { URLS: urls.join(" "), ...this.#loadEnv() }),
    );
    const all = [load, ...workers, ...servers];
    const remove = async () => {
      for (const each of all) await each.remove();
      await links.close();
      this.#ledger.close();
    };
    await Promise.all([...servers, ...workers].map((each) => each.start()));
    await load.start();
    const about = { folder: this.#folder, ledger: this.#ledger, db: databases[0] ?? "" };
    return { ...about, servers, workers, load, links: this.#links, url: `http://127.0.0.1:${ports[0]}`, remove };
  }

  /** How far each customer had come, by the ledger. */
  #loadEnv() {
    const done = Array.from({ length: this.#scale.customers }, () => 0);
    for (const line of this.#ledger.lines) {
      if (line.kind !== "done") continue;
      const [customer = 0, n = 0] = line.key.slice(1).split("-").map(Number);
      done[customer] = n + 1;
    }
    return { SEED: this.#scale.seed, DONE: JSON.stringify(done) };
  }

  async #link(links: Links, name: string, targets: readonly number[]): Promise<RemoteLink> {
    const link = await links.open(name, targets);
    this.#links.push(link);
    return link;
  }

  #sqliteFile(): string {
    const folder = join(this.#folder, "database");
    mkdirSync(folder);
    return `sqlite:${join(folder, "kagzi.db")}`;
  }

  #program(file: string, env: Readonly<Record<string, string>>): Program {
    const path = fileURLToPath(new URL(file, import.meta.url));
    return new Program({ path, env: { LEDGER: this.#ledger.path, ...env } });
  }

  /** `db`: a file that is looked over before each start. */
  #attended(name: string, program: () => Program, db = ""): Attended {
    const onSurprise = (what: string) => this.#ledger.append({ kind: "surprise", by: name, what });
    const beforeStart = () => {
      if (db.startsWith("sqlite:")) for (const what of findCorruption(db)) onSurprise(what);
    };
    return new Attended({ name, program, onSurprise, beforeStart });
  }
}

/** The same ones, beginning elsewhere, so that not everyone begins with the first. */
function rotated(ports: readonly number[], by: number): readonly number[] {
  return ports.map((_, index) => ports[(index + by) % ports.length] ?? 0);
}
