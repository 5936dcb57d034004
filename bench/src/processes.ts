import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Program, serverProgram } from "@kagzi/test-support";

/** A process of the benchmark, with the CPU time that it has used. */
export interface Measured {
  readonly cpuSeconds: () => number;
  readonly stop: () => Promise<unknown>;
}

/** Starts a server on a database and waits until it is ready. */
export function startServer(db: string, port: number): Promise<Measured> {
  return startMeasured(serverProgram({ db, port }));
}

/** Starts a worker on a server and waits until it is ready. */
export function startWorker(url: string): Promise<Measured> {
  const path = fileURLToPath(new URL("worker.js", import.meta.url));
  return startMeasured(new Program({ path, env: { KAGZI_URL: url } }));
}

async function startMeasured(program: Program): Promise<Measured> {
  await program.start();
  return { cpuSeconds: () => cpuSeconds(program.pid), stop: () => program.stop() };
}

/** User and system time of a process, where the system tells it; 0 elsewhere. */
export function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}
