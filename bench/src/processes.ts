import { type ChildProcess, fork, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const CLI = join(dirname(createRequire(import.meta.url).resolve("@kagzi/cli/package.json")), "bin", "kagzi.js");

/** A process of the benchmark, with the CPU time that it has used. */
export interface Measured {
  readonly cpuSeconds: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a server on a database and waits until it is ready. */
export async function startServer(db: string, port: number): Promise<Measured> {
  const args = [CLI, "server", "--db", db, "--port", String(port), "--log-level", "error"];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  for (;;) {
    if (server.exitCode !== null) throw new Error("the server did not start");
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return measured(server);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a worker on a server and waits until it is ready. */
export async function startWorker(url: string): Promise<Measured> {
  const worker = fork(new URL("./worker.js", import.meta.url), { env: { ...process.env, KAGZI_URL: url } });
  await new Promise((resolve) => worker.once("message", resolve));
  return measured(worker);
}

function measured(child: ChildProcess): Measured {
  return {
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** User and system time of a process, where the system tells it; 0 elsewhere. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}
