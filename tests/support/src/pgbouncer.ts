import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Client } from "pg";
import { freePort } from "./ports.ts";
import { unprivilegedUser } from "./postgres.ts";

/** A PgBouncer of the tests' own, in transaction mode. */
export interface PgBouncer {
  /** The database that it was made for, through it. */
  readonly url: string;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/**
 * Puts a PgBouncer before a database. It has fewer sessions than its clients have connections, and gives one to each
 * transaction, so that what is left behind in a session is found by somebody else.
 * @throws Error where there is none: it says what to install
 */
export async function createPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  const program = findPgBouncer();
  const user = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), "kagzi-pgbouncer-"));
  chmodSync(folder, 0o700);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await freePort();
  const config = join(folder, "pgbouncer.ini");
  writeFileSync(config, settings(new URL(databaseUrl), port), { mode: 0o644 });
  const bouncer = spawn(program, ["-q", config], { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  await answers(url.href, bouncer);
  return {
    url: url.href,
    async remove() {
      await end(bouncer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `KAGZI_TEST_PGBOUNCER`, else one on the PATH or where Debian puts it. */
function findPgBouncer(): string {
  const asked = process.env["KAGZI_TEST_PGBOUNCER"];
  if (asked !== undefined) return asked;
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
  const found = folders.map((folder) => join(folder, "pgbouncer")).find((program) => existsSync(program));
  if (found !== undefined) return found;
  throw new Error(
    "there is no pgbouncer here, and the store is tested through one: install it (Debian, Ubuntu: apt-get install pgbouncer; " +
      "macOS: brew install pgbouncer; npm test does so by itself where it runs as root with apt-get) or name one in KAGZI_TEST_PGBOUNCER",
  );
}

function settings(database: URL, port: number): string {
  const lines = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: "transaction",
    max_client_conn: 500,
    default_pool_size: 4,
    // As an operator leaves them: a session is not tidied up between two transactions.
    server_reset_query_always: 0,
  };
  const all = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`);
  const name = database.pathname.slice(1);
  const at = `host=${database.hostname} port=${database.port} dbname=${name} user=${database.username || "postgres"}`;
  return `[databases]\n${name} = ${at}\n[pgbouncer]\n${all.join("")}`;
}

async function answers(url: string, bouncer: ChildProcess): Promise<void> {
  let log = "";
  bouncer.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
  let failure: Error | undefined;
  bouncer.on("error", (error) => (failure = error));
  for (;;) {
    if (failure !== undefined || bouncer.exitCode !== null) throw failure ?? new Error(`pgbouncer ended:\n${log}`);
    const client = new Client({ connectionString: url });
    client.on("error", () => {});
    const isThere = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(bouncer: ChildProcess): Promise<void> {
  if (bouncer.exitCode !== null || bouncer.signalCode !== null) return;
  const ended = new Promise((resolve) => bouncer.once("exit", resolve));
  bouncer.kill("SIGKILL");
  await ended;
}
