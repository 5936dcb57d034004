import { homedir } from "node:os";
import { INTERRUPTED } from "./exit-code.ts";
import { runCommand } from "./program.ts";
import type { Surroundings } from "./surroundings.ts";

/** The command line. Sets the exit code of the process. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  // Whoever reads the output may have read enough: `kagzi run list | head`.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? process.exitCode : 1);
  });
  await runCommand(argv.slice(2), surroundings());
}

function surroundings(): Surroundings {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    now: Date.now,
    interruption,
    exit: (code) => {
      process.exitCode = code;
      // What is still being read would keep the process.
      if (code === INTERRUPTED) process.exit();
    },
  };
}

/** The first Ctrl-C is told to the command, the second one ends the process. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  });
  return controller.signal;
}
