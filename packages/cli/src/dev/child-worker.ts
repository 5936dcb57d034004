import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromWorker, ShownWorkflow, ToWorker } from "./messages.ts";
import type { FileWorkerSettings } from "./start-worker.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/worker-process.js", import.meta.url));

/** What becomes of a worker's process. */
export interface ChildEvents {
  /** It imports a file of the project. */
  loaded(file: string): void;
  /** It is registered, and takes runs. */
  ready(workflows: readonly ShownWorkflow[]): void;
  /** Its files cannot be used. It ends. */
  failed(message: string): void;
  /** It is gone: the exit code, or the signal. */
  exited(code: number | NodeJS.Signals): void;
}

/** A worker in a process of its own, so that what users' code does to it is done to nothing else. */
export class ChildWorker {
  readonly #child: ChildProcess;
  readonly exited: Promise<void>;

  constructor({ token, ...settings }: FileWorkerSettings, events: ChildEvents) {
    const { namespace, url } = settings;
    // Clients in users' code speak to the same server. And what a process is called with, all others can read.
    const env = {
      ...process.env,
      ...(url !== undefined && { KAGZI_URL: url }),
      ...(namespace !== undefined && { KAGZI_NAMESPACE: namespace }),
      ...(token !== undefined && { KAGZI_API_KEY: token }),
    };
    this.#child = fork(PROGRAM, [JSON.stringify(settings)], { env });
    this.#child.on("message", (message: FromWorker) => hear(message, events));
    this.exited = new Promise((resolve) => {
      const over = (code: number | NodeJS.Signals) => {
        resolve();
        events.exited(code);
      };
      this.#child.once("exit", (code, signal) => over(code ?? signal ?? 1));
      this.#child.once("error", () => over(1));
    });
  }

  /** Asks it to finish what runs, give the rest back, and end. After `ms` it is ended as it is. */
  async stop(ms: number): Promise<void> {
    const word: ToWorker = "stop";
    // It may be gone already.
    if (this.#child.connected) this.#child.send(word, () => {});
    const timer = setTimeout(() => this.kill(), ms);
    await this.exited;
    clearTimeout(timer);
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

function hear(message: FromWorker, events: ChildEvents): void {
  if (message.type === "loaded") events.loaded(message.file);
  else if (message.type === "ready") events.ready(message.workflows);
  else events.failed(message.message);
}
