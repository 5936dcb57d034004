import { cliProgram } from "@kagzi/test-support";
import { runCommand } from "@kagzi/cli/program";

/** What a command came to: its exit code, and what it wrote. */
export interface CommandResult {
  readonly code: unknown;
  readonly output: string;
}

/** Runs `kagzi` with these words to its end, as a process of its own. */
export async function kagzi(...words: readonly string[]): Promise<CommandResult> {
  const program = cliProgram(words);
  program.spawn();
  return { code: await program.exited(), output: program.output };
}

/** The world around a command that is run in this process. */
export interface World {
  readonly env?: Readonly<Record<string, string>>;
  /** A terminal of so many columns on all three sides; without, there is none. */
  readonly columns?: number;
  /** What stands on standard input. */
  readonly stdin?: string;
  readonly cwd?: string;
  readonly home?: string;
  /** Default: the time. */
  readonly now?: () => number;
  /** Aborted is Ctrl-C. */
  readonly interruption?: AbortSignal;
}

/** What a command came to, side by side. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process: no time to start, and a world that the test has made. */
export async function command(words: readonly string[], world: World = {}): Promise<Outcome> {
  const { columns, cwd = "/nowhere", env = {}, home = "/nowhere", interruption, now = Date.now, stdin = "" } = world;
  const written = { stdout: "", stderr: "" };
  let code = 0;
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const sink = (name: "stdout" | "stderr") => ({
    ...terminal,
    write: (text: string | Uint8Array) => {
      written[name] += typeof text === "string" ? text : Buffer.from(text).toString();
    },
  });
  await runCommand(words, {
    env,
    cwd,
    home,
    stdin: {
      isTTY: columns !== undefined,
      async *[Symbol.asyncIterator]() {
        yield stdin;
      },
    },
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    now,
    interruption: () => interruption ?? new AbortController().signal,
    exit: (given) => {
      code = given;
    },
  });
  return { code, ...written };
}

/** Splits a line into words as a shell does. */
export function wordsOf(line: string): readonly string[] {
  return Array.from(line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/gu), ([, single, double, bare]) => {
    return single ?? double ?? bare ?? "";
  });
}

/** What differs from one time to the next is replaced by what it is. */
export function plain(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu, "<id>")
    .replaceAll(/20\d\d-\d\d-\d\dT[\d:.]+Z/gu, "<time>");
}
