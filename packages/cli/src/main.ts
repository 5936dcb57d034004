import { mkdirSync, writeFileSync } from "node:fs";
import { KagziError } from "@kagzi/core";
import { SERVER_VERSION } from "@kagzi/server";
import { Command, CommanderError } from "commander";
import { addApiKey } from "./apikey.ts";
import { addAudit } from "./audit.ts";
import { migrateDatabase, printMigrations } from "./database.ts";
import { USAGE, exitCodeOf } from "./exit-code.ts";
import { addNamespace } from "./namespace.ts";
import { addRun } from "./run.ts";
import { serve } from "./serve.ts";
import { type Flags, readSettings } from "./settings.ts";

const DEV_FOLDER = ".kagzi";
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
  addDatabase(kagzi);
  addRun(kagzi);
  addNamespace(kagzi);
  addApiKey(kagzi);
  addAudit(kagzi);
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

function addDev(kagzi: Command): void {
  withServer(kagzi.command("dev"))
    .description(`run a server for development, with its database in ${DEV_FOLDER}/`)
    .addHelpText("after", "\nExamples:\n  kagzi dev\n  kagzi dev --port 50052")
    .action(async (flags: Flags) => {
      mkdirSync(DEV_FOLDER, { recursive: true });
      writeFileSync(`${DEV_FOLDER}/.gitignore`, "*\n");
      const settings = { ...readSettings(flags, process.env, DEV_DB), db: DEV_DB };
      await serve(settings, (url) => {
        process.stderr.write(
          `kagzi dev on ${url}, data in ${DEV_FOLDER}/dev.db\nCtrl-C stops it; what was started is kept.\n`,
        );
      });
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
    .option("--auth <mode>", "required: ask everybody for an API key, also on this computer; default KAGZI_AUTH")
    .option("--no-auth", "ask nobody, wherever the server listens; KAGZI_AUTH=off")
    .option("--tls-cert <file>", "speak TLS with this certificate (PEM); default KAGZI_TLS_CERT")
    .option("--tls-key <file>", "its key; default KAGZI_TLS_KEY")
    .option("--tls-client-ca <file>", "take only clients with a certificate of this CA; default KAGZI_TLS_CLIENT_CA")
    .option("--allowed-hosts <names>", "by which names it is called, with commas; default KAGZI_ALLOWED_HOSTS")
    .option("--allowed-origins <urls>", "sites whose pages may call, with commas; default KAGZI_ALLOWED_ORIGINS")
    .option("--log-level <level>", "debug, info, warn, error or silent; default KAGZI_LOG_LEVEL, else info");
}

function withDatabase(command: Command): Command {
  return command
    .option("--db <url>", "postgres://… or sqlite:file; default KAGZI_DB_URL")
    .option("--schema <name>", "the schema in PostgreSQL; default KAGZI_DB_SCHEMA, else kagzi");
}
