import { execFileSync } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PostgresCluster, createPostgres } from "@kagzi/test-support";
import { Client } from "pg";
import { cleanUpLater } from "./clean-up.ts";

/** A PostgreSQL that keeps its word: fsync and synchronous_commit on. It is removed at the end, whatever happens. */
export async function startPostgres(): Promise<PostgresCluster> {
  const cluster = await createPostgres({ durable: true });
  cleanUpLater(() => cluster.remove());
  await cluster.start();
  return cluster;
}

/** Does something on a connection of its own. */
export async function withClient<Result>(url: string, act: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** "15.18", for one. */
export function serverVersion(url: string): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    return rows[0]?.server_version.split(" ")[0] ?? "";
  });
}

/** The program that comes with the server, where it does. */
export function pgbenchOf({ pid }: PostgresCluster): string | undefined {
  try {
    const path = join(dirname(readlinkSync(`/proc/${pid}/exe`)), "pgbench");
    if (existsSync(path)) return path;
    execFileSync("pgbench", ["--version"], { stdio: "ignore" });
    return "pgbench";
  } catch {
    return undefined;
  }
}
