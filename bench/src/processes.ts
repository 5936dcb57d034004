import { fileURLToPath } from "node:url";
import { Program, serverProgram } from "@kagzi/test-support";
import { cpuSecondsOf } from "./cpu.ts";

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
  return { cpuSeconds: () => cpuSecondsOf(program.pid), stop: () => program.stop() };
}
