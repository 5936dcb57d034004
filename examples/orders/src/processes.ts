import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CLI = join(dirname(createRequire(import.meta.url).resolve("@kagzi/cli/package.json")), "bin", "kagzi.js");

/** A server on an SQLite file, when it is ready to work. */
export async function startServer(file: string): Promise<{ readonly url: string; readonly process: ChildProcess }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // A short lease, so that the demonstration does not wait long for what its killed worker held.
  const args = ["server", "--db", `sqlite:${file}`, "--port", String(port), "--lease", "3000", "--log-level", "error"];
  const process = startNode(CLI, args);
  while ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok !== true) {
    if (process.exitCode !== null) throw new Error(`the server ended with ${process.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, process };
}

export function startWorker(url: string, folder: string): ChildProcess {
  const path = fileURLToPath(new URL("./worker.js", import.meta.url));
  return startNode(path, [], { KAGZI_URL: url, ORDERS_FOLDER: folder });
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

function startNode(path: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [path, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}
