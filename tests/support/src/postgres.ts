import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "./ports.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";

/** A PostgreSQL of the tests' own, in a folder that goes with it. */
export interface PostgresCluster {
  /** Of the database `postgres`, for a superuser without a password. */
  readonly url: string;
  /** Of the process whose children serve connections; 0 while there is none. */
  readonly pid: number;
  /** Makes an empty database and answers with its address. */
  createDatabase(): Promise<string>;
  /** Ends every process of the server at once, as a power cut would. */
  kill(): Promise<void>;
  /** `pg_ctl stop -m immediate`: no shutdown checkpoint, so that the next start recovers. */
  stopImmediately(): Promise<void>;
  /** Starts the server again on the same port. */
  start(): Promise<void>;
  /** Runs a statement in the database `postgres` and answers with its rows. */
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Stops the server and removes its folder. */
  remove(): Promise<void>;
}

/** How a cluster is made. */
export interface PostgresOptions {
  /** Leaves fsync on; without it tests that never pull the plug run faster. */
  readonly durable?: boolean;
  /** What it logs is added to this file. */
  readonly logFile?: string;
  /** Lines of its configuration, by their names. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Makes a cluster, which is to be started. */
export async function createPostgres(options: PostgresOptions = {}): Promise<PostgresCluster> {
  return new Cluster(await makePlace(options));
}

/** A primary, and a standby that each commit of the primary waits for. */
export interface PostgresPair {
  readonly primary: PostgresCluster;
  readonly standby: PostgresCluster;
  /** Makes a primary of the standby. */
  promote(): Promise<unknown>;
}

/** Makes a pair and starts both. The standby begins as a copy of the files, as a cold backup gives one. */
export async function createPostgresPair(): Promise<PostgresPair> {
  const place = await makePlace({ durable: true });
  const twin = await twinOf(place);
  appendFileSync(join(place.data, "postgresql.auto.conf"), "synchronous_standby_names = 'twin'\n");
  const [primary, standby] = [new Cluster(place), new Cluster(twin)];
  await primary.start();
  await standby.start();
  return { primary, standby, promote: () => standby.query("SELECT pg_promote()") };
}

/** The same cluster in another folder and at another port, to follow the first one. */
async function twinOf(place: ClusterPlace): Promise<ClusterPlace> {
  const folder = makeFolder(place.user);
  const [data, port] = [join(folder, "data"), await freePort()];
  execFileSync("cp", ["-a", place.data, data], { ...place.user, cwd: folder });
  const following = { primary_conninfo: `'host=127.0.0.1 port=${place.port} user=postgres application_name=twin'` };
  writeFileSync(
    join(data, "postgresql.auto.conf"),
    settings(port, folder, { durable: true, settings: { ...following, hot_standby: "on" } }),
  );
  writeFileSync(join(data, "standby.signal"), "");
  return { ...place, folder, data, port };
}

function makeFolder(user: User | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-postgres-"));
  chmodSync(folder, 0o700);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** Where a cluster is to be, with what initdb makes. */
async function makePlace(options: PostgresOptions): Promise<ClusterPlace> {
  const binaries = findPostgresBinaries();
  const user = unprivilegedUser();
  const folder = makeFolder(user);
  const data = join(folder, "data");
  execFileSync(
    join(binaries, "initdb"),
    ["-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...user, stdio: "pipe", cwd: folder },
  );
  const port = await freePort();
  writeFileSync(join(data, "postgresql.auto.conf"), settings(port, folder, options));
  const { logFile } = options;
  return { binaries, user, folder, data, port, ...(logFile !== undefined && { logFile }) };
}

function settings(port: number, folder: string, { durable = false, settings: given }: PostgresOptions): string {
  const lines = {
    port: String(port),
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: `'${folder}'`,
    max_connections: "200",
    shared_buffers: "'256MB'",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    ...given,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; then it runs as `postgres`, or as `nobody`. */
export function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("neither postgres nor nobody is a user here, and PostgreSQL does not run as root");
}

interface ClusterPlace {
  readonly binaries: string;
  readonly user: User | undefined;
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly logFile?: string;
}

/** What a server says that is started before the last process of the one that was killed is gone. */
const STILL_THERE = "pre-existing shared memory block";

class Cluster implements PostgresCluster {
  readonly url: string;
  readonly #place: ClusterPlace;
  #server: ChildProcess | undefined;
  #databases = 0;

  constructor(place: ClusterPlace) {
    this.#place = place;
    this.url = `postgres://postgres@127.0.0.1:${place.port}/postgres`;
  }

  get pid(): number {
    return this.#server?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { binaries, data, folder, logFile, user } = this.#place;
    // The leader of a group of its own, so that all of it can be killed at once.
    const server = spawn(join(binaries, "postgres"), ["-D", data], {
      ...user,
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    this.#server = server;
    let log = "";
    server.stderr?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-20_000);
      if (logFile !== undefined) appendFileSync(logFile, chunk);
    });
    for (;;) {
      if (server.exitCode !== null || server.signalCode !== null) {
        if (!log.includes(STILL_THERE)) throw new Error(`postgres did not start:\n${log}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return this.start();
      }
      if (await this.#answers()) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async createDatabase(): Promise<string> {
    const name = `test_${process.pid}_${++this.#databases}_${Math.random().toString(36).slice(2, 8)}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.url.replace(/\/postgres$/, `/${name}`);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stopImmediately(): Promise<void> {
    await this.#end("SIGQUIT");
  }

  async remove(): Promise<void> {
    await this.#end("SIGQUIT");
    rmSync(this.#place.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    if (signal === "SIGKILL") killGroup(server.pid);
    else server.kill(signal);
    await ended;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query("SELECT 1");
      return true;
    } catch {
      return false;
    }
  }

  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url });
    client.on("error", () => {});
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/**
 * The children of the postmaster lead groups of their own: they are found as its children and killed with it. The
 * postmaster first, which would begin to clean up after them.
 */
function killGroup(pid: number): void {
  for (const each of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // It was gone already.
    }
  }
}

/** From Linux itself where it says so: another process takes so long to ask that what is to be cut short is done by then. */
function childrenOf(pid: number): readonly number[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  const found = existsSync(list)
    ? readFileSync(list, "utf8")
    : execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return found
    .split(/\s+/)
    .map(Number)
    .filter((child) => child > 0);
}
