import { KagziError } from "@kagzi/core";
import { SERVER_VERSION } from "@kagzi/server";
import { Command, CommanderError } from "commander";
import { migrateDatabase, printMigrations } from "./database.ts";
import { addDev } from "./dev/command.ts";
import { DEV_FOLDER } from "./dev/dev.ts";
import { USAGE, exitCodeOf } from "./exit-code.ts";
import { addNamespace } from "./namespace.ts";
import { addRun } from "./run.ts";
import { serve } from "./serve.ts";
import { type Flags, readSettings } from "./settings.ts";
import { addFileWorker } from "./worker-command.ts";

const DEV_DB = `sqlite:${DEV_FOLDER}/dev.db`;

/** The command line. Sets the exit code of the process. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  try {
    await program().parseAsync(argv);
  } catch (error) {
    // Help, the version and what is wrong with the command are written already.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    else fail(error);
  }
}

function fail(error: unknown): void {
  process.stderr.write(`kagzi: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = exitCodeOf(error);
}

function program(): Command {
  const kagzi = new Command("kagzi")
    .exitOverride()
    .description("Durable workflows: the server and its tools")
    .version(SERVER_VERSION);
  addServer(kagzi);
  addDev(kagzi);
  addFileWorker(kagzi);
  addDatabase(kagzi);
  addRun(kagzi);
  addNamespace(kagzi);
  return kagzi;
}

function addServer(kagzi: Command): void {
  withDatabase(withServer(kagzi.command("server")))
    .description("run a server")
    .addHelpText(
      "after",
      "\nExamples:\n  kagzi server --db postgres://user@host/database\n  kagzi server --db sqlite:./kagzi.db --port 50052",
    )
    .action(async (flags: Flags) => {
      const settings = readSettings(flags, process.env, "");
      if (settings.db === "")
        throw new KagziError(
          "INVALID_ARGUMENT",
          "which database? give --db or KAGZI_DB_URL: postgres://… or sqlite:./kagzi.db",
        );
      await serve(settings, (url) => process.stderr.write(`kagzi server on ${url}\n`));
    });
}

function addDatabase(kagzi: Command): void {
  const db = kagzi.command("db").description("look after the database");
  withDatabase(db.command("migrate"))
    .description("bring the schema up to date; servers do so by themselves when they start")
    .action(async (flags: Flags) => {
      process.stdout.write(`${await migrateDatabase(readSettings(flags, process.env, DEV_DB))}\n`);
    });
  withDatabase(db.command("print"))
    .description("print the SQL of the schema; --db postgres: or sqlite: says for which database")
    .action(async (flags: Flags) => {
      process.stdout.write(await printMigrations(readSettings(flags, process.env, "postgres:")));
    });
}

function withServer(command: Command): Command {
  return command
    .option("--host <address>", "where to listen; default KAGZI_HOST, else 127.0.0.1")
    .option("--port <number>", "default KAGZI_PORT, else 50051")
    .option("--lease <ms>", "a worker that is silent for so long loses its runs; default KAGZI_LEASE_MS, else 30000")
    .option("--log-level <level>", "debug, info, warn, error or silent; default KAGZI_LOG_LEVEL, else info");
}

function withDatabase(command: Command): Command {
  return command
    .option("--db <url>", "postgres://… or sqlite:file; default KAGZI_DB_URL")
    .option("--schema <name>", "the schema in PostgreSQL; default KAGZI_DB_SCHEMA, else kagzi");
}
