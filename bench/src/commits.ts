import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cleanUpLater } from "./clean-up.ts";
import { median } from "./figures.ts";
import { withClient } from "./postgres.ts";

const COMMITS = 300;
const PGBENCH_SECONDS = 1;
const INSERT = "INSERT INTO bench_commits (n) VALUES (1)";

/** Milliseconds of a commit of one row, by one client that does nothing else: through `pg`, and through pgbench. */
export async function commitTimes(database: { readonly url: string; readonly pgbench?: string }): Promise<{
  readonly pg: number;
  readonly pgbench?: number;
}> {
  const { pgbench, url } = database;
  const times = await withClient(url, async (client) => {
    await client.query("CREATE TABLE IF NOT EXISTS bench_commits (n integer NOT NULL)");
    const each: number[] = [];
    for (let n = 0; n < COMMITS; n++) {
      const begin = performance.now();
      await client.query({ name: "commit", text: INSERT });
      each.push(performance.now() - begin);
    }
    return each;
  });
  return { pg: median(times), ...(pgbench !== undefined && { pgbench: await byPgbench(pgbench, url) }) };
}

async function byPgbench(pgbench: string, url: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-bench-"));
  const remove = cleanUpLater(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const script = join(folder, "insert.sql");
    writeFileSync(script, `${INSERT};\n`);
    const log = ["-l", "--log-prefix", join(folder, "log")];
    const args = ["-n", "-c", "1", "-T", String(PGBENCH_SECONDS), "-M", "prepared", "-f", script, ...log, url];
    await promisify(execFile)(pgbench, args);
    return median(readdirSync(folder).flatMap((file) => (file.startsWith("log") ? latencies(join(folder, file)) : [])));
  } finally {
    await remove();
  }
}

/** The third word of each line of its log, in microseconds. */
function latencies(path: string): number[] {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => Number(line.split(" ")[2]) / 1000);
}
