import { type ChildProcess, spawn } from "node:child_process";
import { cleanUpLater } from "./clean-up.ts";
import { cpuSecondsOf } from "./cpu.ts";
import type { Answer, Calls, Request } from "./programs/program.ts";

/** Longer than any single call may take. */
const CALL_LIMIT_MS = 180_000;
const OUTPUT_CHARACTERS = 4000;
const CLOSE_LIMIT_MS = 15_000;

/** What to start. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of an engine. */
export interface Running {
  readonly pid: number;
  /** Rejects when the process ends before it was asked to. */
  readonly failed: Promise<never>;
  cpuSeconds(): number;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** A program whose calls are answered by messages. */
export interface Remote extends Running {
  readonly calls: Calls;
}

/** Starts a process whose output is kept for the message of a failure. */
export function run(command: Command): Running {
  return running(command, spawnOf(command, "pipe"));
}

/** Starts a program and waits until it listens to its calls. */
export async function runProgram(command: Command): Promise<Remote> {
  const child = spawnOf(command, "ipc");
  const process = running(command, child);
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  const ready = new Promise<void>((resolve) => {
    child.on("message", (message) => {
      const answer = message as Answer;
      if ("ready" in answer) return resolve();
      const caller = open.get(answer.id);
      open.delete(answer.id);
      if ("error" in answer) caller?.reject(new Error(answer.error));
      else caller?.resolve(answer.value);
    });
  });
  let ids = 0;
  const ask = async (call: keyof Calls, argument: unknown): Promise<unknown> => {
    const id = ++ids;
    const answer = new Promise((resolve, reject) => open.set(id, { resolve, reject }));
    child.send({ id, call, argument } satisfies Request);
    return Promise.race([answer, process.failed, limit(CALL_LIMIT_MS, `${call} took longer than ${CALL_LIMIT_MS} ms`)]);
  };
  const calls = new Proxy({}, { get: (_, call) => (argument: unknown) => ask(call as keyof Calls, argument) }) as Calls;
  const stop = async () => {
    await Promise.race([ask("close", undefined), limit(CLOSE_LIMIT_MS, "close")]).catch(() => {});
    await process.stop();
  };
  await Promise.race([ready, process.failed]);
  return { ...process, calls, stop };
}

function spawnOf({ args, env, file }: Command, extra: "ipc" | "pipe"): ChildProcess {
  return spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: extra === "ipc" ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
  });
}

function running({ args, file }: Command, child: ChildProcess): Running {
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(String(code ?? signal)));
    child.once("error", (error) => resolve(error.message));
  });
  const failed = ended.then((how): never => {
    throw new Error(`${[file, ...args].join(" ")} ended with ${how}:\n${output}`);
  });
  failed.catch(() => {});
  const stop = cleanUpLater(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const pid = child.pid ?? 0;
  return { pid, failed, stop, cpuSeconds: () => cpuSecondsOf(pid), signal: (signal) => void child.kill(signal) };
}

async function limit(ms: number, message: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  throw new Error(message);
}
