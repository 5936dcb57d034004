import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What to start, and how to tell that it is ready. */
export interface ProgramOptions {
  /** Of a JavaScript file. */
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder; default: that of this process. */
  readonly cwd?: string;
  /** Asked again and again after a start, until it answers `true`. Without it a program is ready when it says so by IPC. */
  readonly isReady?: () => Promise<boolean>;
}

/** The last of what a program wrote, for the message of a test that fails. */
const OUTPUT_CHARACTERS = 20_000;

/** A Node process of its own, to be killed and started again. */
export class Program {
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;
  #output = "";

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The last of what it wrote. */
  get output(): string {
    return this.#output;
  }

  /** Starts it and waits until it is ready. @throws Error if it ends before that */
  async start(): Promise<void> {
    const child = this.spawn();
    const ended = this.exited().then((code) => {
      throw new Error(`${this.#options.path} ended with ${code} before it was ready:\n${this.#output}`);
    });
    await Promise.race([this.#ready(child), ended]);
    ended.catch(() => {});
  }

  /** Starts it, and waits for nothing. */
  spawn(): ChildProcess {
    const { args = [], cwd, env, path } = this.#options;
    const child = spawn(process.execPath, [path, ...args], {
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_CHARACTERS);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    // What is written to a process that was just killed is lost, and that is no error here.
    child.on("error", () => {});
    this.#child = child;
    return child;
  }

  /** The exit code, or the signal that ended it. */
  async exited(): Promise<number | NodeJS.Signals> {
    const child = this.#child;
    if (child === undefined) throw new Error("it was never started");
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once("exit", resolve));
    }
    return child.exitCode ?? child.signalCode ?? 0;
  }

  /**
   * Sends it a message over IPC, and answers with the first one that comes back with the same `key`.
   * @throws Error if it ends before that
   */
  async ask<Answer>(key: string, question: Readonly<Record<string, unknown>>): Promise<Answer> {
    const child = this.#child;
    if (child === undefined) throw new Error("it was never started");
    const answered = new Promise<Answer>((resolve) => {
      const onMessage = (message: unknown) => {
        if (typeof message !== "object" || message === null || Reflect.get(message, key) !== question[key]) return;
        child.off("message", onMessage);
        resolve(message as Answer);
      };
      child.on("message", onMessage);
      child.send(question);
    });
    let onExit: (() => void) | undefined;
    const ended = new Promise<never>((_, reject) => {
      onExit = () => reject(new Error(`${this.#options.path} ended before it answered:\n${this.#output}`));
      child.once("exit", onExit);
    });
    try {
      return await Promise.race([answered, ended]);
    } finally {
      if (onExit !== undefined) child.off("exit", onExit);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Says something to it by IPC. */
  tell(message: string): void {
    if (this.#child?.connected === true) this.#child.send(message);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited();
  }

  /** Asks it to end, and answers with its exit code. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.signal("SIGTERM");
    return this.exited();
  }

  async #ready(child: ChildProcess): Promise<void> {
    const { isReady } = this.#options;
    if (isReady === undefined) return new Promise((resolve) => child.once("message", () => resolve()));
    while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const CLI = join(dirname(createRequire(import.meta.url).resolve("@kagzi/cli/package.json")), "bin", "kagzi.js");

/** The command line of Kagzi as a process of its own. */
export function cliProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): Program {
  return new Program({ path: CLI, args, env, cwd });
}

/** `kagzi server` on a database, ready when /readyz says so. */
export function serverProgram(options: {
  readonly db: string;
  readonly port: number;
  readonly leaseMs?: number;
  readonly schema?: string;
  readonly env?: Readonly<Record<string, string>>;
}): Program {
  const { db, env = {}, leaseMs, port, schema } = options;
  const flags = ["--db", db, "--port", String(port), "--log-level", "warn"];
  if (leaseMs !== undefined) flags.push("--lease", String(leaseMs));
  if (schema !== undefined) flags.push("--schema", schema);
  return new Program({ path: CLI, args: ["server", ...flags], env, isReady: () => answersOk(port) });
}

async function answersOk(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer?.ok === true;
}
