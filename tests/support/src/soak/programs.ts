import { fileURLToPath } from "node:url";
import { Program, serverProgram } from "../program.ts";

/** The processes of a soak. Each tells what it holds when it is asked over IPC. */
export interface SoakPrograms {
  readonly server: Program;
  readonly worker: Program;
  readonly client: Program;
}

export function soakPrograms(at: { readonly db: string; readonly port: number }): SoakPrograms {
  const env = { NODE_OPTIONS: `--import=${here("probe.js")}`, KAGZI_URL: `http://127.0.0.1:${at.port}` };
  return {
    server: serverProgram({ ...at, env }),
    worker: new Program({ path: here("worker.js"), env }),
    client: new Program({ path: here("client.js"), env }),
  };
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
