import { Command, CommanderError } from "commander";
import { addApiKey } from "./apikey.ts";
import { addAudit } from "./audit.ts";
import { addCompletion } from "./completion.ts";
import { addConfig } from "./config.ts";
import { addDb } from "./db.ts";
import { addDev } from "./dev/command.ts";
import { addDoctor } from "./doctor.ts";
import { addEvent } from "./event.ts";
import { INTERRUPTED, USAGE, exitCodeOf } from "./exit-code.ts";
import { withExamples } from "./examples.ts";
import { addLimit } from "./limit.ts";
import { addNamespace } from "./namespace.ts";
import { addOpen } from "./open.ts";
import { addRun } from "./run.ts";
import { addSchedule } from "./schedule.ts";
import { addServer } from "./server.ts";
import type { Surroundings } from "./surroundings.ts";
import { printableLines } from "./terminal.ts";
import { addVersion, ownVersion } from "./version.ts";
import { addWorker } from "./worker.ts";
import { addWorkflow } from "./workflow.ts";

/** The whole command line. */
export function createProgram(cli: Surroundings): Command {
  const kagzi = new Command("kagzi")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.stdout.write(text),
      writeErr: (text) => cli.stderr.write(text),
      getOutHelpWidth: () => cli.stdout.columns ?? 80,
      getErrHelpWidth: () => cli.stderr.columns ?? 80,
    })
    // What stands after a command is that command's: `--version` of a workflow is not this one.
    .enablePositionalOptions()
    .showHelpAfterError("--help says what it takes")
    .description("Durable workflows: the server, and everything to look at it with")
    .version(ownVersion());
  withExamples(kagzi, "kagzi dev", `kagzi run start hello -i '{"name": "Ada"}' --follow`);
  for (const add of COMMANDS) add(kagzi, cli);
  return kagzi;
}

const COMMANDS: readonly ((kagzi: Command, cli: Surroundings) => void)[] = [
  addDev,
  addServer,
  addRun,
  addEvent,
  addWorkflow,
  addSchedule,
  addWorker,
  addLimit,
  addNamespace,
  addApiKey,
  addAudit,
  addDb,
  addDoctor,
  addConfig,
  addOpen,
  addCompletion,
  addVersion,
];

/** Runs a command to its end. `argv` is without node and the name of the program. Never throws: it sets the exit code. */
export async function runCommand(argv: readonly string[], cli: Surroundings): Promise<void> {
  let interruption: AbortSignal | undefined;
  const own: Surroundings = { ...cli, interruption: () => (interruption ??= cli.interruption()) };
  try {
    await createProgram(own).parseAsync([...argv], { from: "user" });
  } catch (error) {
    // Help, the version and what is wrong with the command are written already.
    if (error instanceof CommanderError) cli.exit(error.exitCode === 0 ? 0 : USAGE);
    else if (interruption?.aborted === true) cli.exit(INTERRUPTED);
    else {
      cli.stderr.write(`kagzi: ${printableLines(error instanceof Error ? error.message : String(error))}\n`);
      cli.exit(exitCodeOf(error));
    }
  }
}
