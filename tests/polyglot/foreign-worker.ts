import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PROTO = fileURLToPath(new URL("../../proto", import.meta.url));
const DESCRIPTORS = fileURLToPath(new URL("../../packages/proto/kagzi.binpb", import.meta.url));
/** Debian's, which has the packages that Debian has. */
const PYTHON = process.env["KAGZI_TEST_PYTHON"] ?? "/usr/bin/python3";

/** What a worker in another language writes. */
export type ForeignEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** A worker that has nothing but the contract: in Python where Python has gRPC, else over a stock client from npm. */
export class ForeignWorker {
  readonly events: ForeignEvent[] = [];
  readonly #child: ChildProcess;
  #watchers: (() => void)[] = [];
  #errors = "";

  constructor(url: string) {
    const address = new URL(url).host;
    const [program, args] = hasPython()
      ? ([PYTHON, [join(HERE, "worker.py"), DESCRIPTORS, address]] as const)
      : ([process.execPath, [join(HERE, "worker.mjs"), PROTO, address]] as const);
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#child.on("exit", () => this.#wake());
    if (this.#child.stdout === null) throw new Error("no output to read");
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line) as ForeignEvent);
      this.#wake();
    });
  }

  /** Waits for an event of this kind, from the beginning. @throws Error if the worker ends without it */
  async until(event: string): Promise<ForeignEvent> {
    for (;;) {
      const found = this.events.find((each) => each.event === event);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`the worker ended without ${event}:\n${this.#errors}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Lets a step that holds still go on. */
  goOn(): void {
    this.#child.stdin?.write("go on\n");
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }

  #wake(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }
}

export function hasPython(): boolean {
  try {
    execFileSync(PYTHON, ["-c", "import grpc, google.protobuf"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
