import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ledger, type PostgresCluster, Program, createPostgres, freePort, serverProgram } from "@kagzi/test-support";
import { Client as PostgresClient } from "pg";
import { type Acknowledged, acknowledgedBy } from "./acknowledged.ts";
import { LEASE_MS } from "./systems.ts";

/**
 * A server and a worker on a PostgreSQL that keeps its word with fsync, and would not by itself: sessions answer before
 * anything is written, and what they leave is written after ten seconds. A commit that a session of ours did not wait for
 * dies with the processes of the database.
 */
export class DurableSystem {
  readonly cluster: PostgresCluster;
  readonly db: string;
  readonly url: string;
  readonly ledger: Ledger;
  readonly #folder: string;
  readonly #programs: readonly Program[];

  private constructor(
    parts: Pick<DurableSystem, "cluster" | "db" | "ledger" | "url"> & {
      readonly folder: string;
      readonly programs: readonly Program[];
    },
  ) {
    this.cluster = parts.cluster;
    this.db = parts.db;
    this.url = parts.url;
    this.ledger = parts.ledger;
    this.#folder = parts.folder;
    this.#programs = parts.programs;
  }

  static async start(leaseMs = LEASE_MS): Promise<DurableSystem> {
    const cluster = await createPostgres({ durable: true });
    await cluster.start();
    await configure(cluster.url, { synchronous_commit: "off", wal_writer_delay: "10s" });
    const folder = mkdtempSync(join(tmpdir(), "kagzi-durable-"));
    const ledger = await Ledger.open(folder);
    const [db, port] = [await cluster.createDatabase(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const worker = new Program({
      path: fileURLToPath(new URL("../support/dist/crash/worker.js", import.meta.url)),
      env: { LEDGER: ledger.path, NAME: "worker", KAGZI_URL: url },
    });
    const programs = [serverProgram({ db, port, leaseMs }), worker];
    for (const each of programs) await each.start();
    return new DurableSystem({ cluster, db, url, ledger, folder, programs });
  }

  /** Calls `onAck` in the moment in which anything is known to be acknowledged, by the ledger or by `say`. */
  async follow(onAck: (what: Acknowledged) => void): Promise<never> {
    for (let seen = 0; ;) {
      await this.ledger.until(({ lines }) => lines.length > seen);
      for (const line of this.ledger.lines.slice(seen)) for (const each of acknowledgedBy(line)) onAck(each);
      seen = this.ledger.lines.length;
    }
  }

  /** Returns when the server has answered: everything that it had said before has arrived. */
  async heardOut(): Promise<void> {
    await fetch(`${this.url}/healthz`);
  }

  /** What the programs wrote. */
  get output(): string {
    return this.#programs.map((each) => each.output).join("\n");
  }

  async remove(): Promise<void> {
    for (const each of this.#programs) await each.kill();
    await this.cluster.remove();
    this.ledger.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Sets something for the whole server, also for sessions that are open. */
export async function configure(url: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  for (const [name, value] of Object.entries(settings)) await client.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  await client.query("SELECT pg_reload_conf()");
  await client.end();
}
