import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import { type Flags, readSettings } from "../settings.ts";
import { DEV_FOLDER, dev } from "./dev.ts";
import { USUAL_PLACES } from "./find-files.ts";

const FILE_DB = `sqlite:${DEV_FOLDER}/dev.db`;
/** A worker that crashed is soon to be written again: nobody wants to wait half a minute for its runs. */
const LEASE_MS = 5000;

type DevFlags = Omit<Flags, "schema"> & {
  readonly ephemeral?: boolean;
  readonly namespace?: string;
  readonly open?: boolean;
  readonly watch: boolean;
  readonly worker: boolean;
};

/** The command `kagzi dev`. */
export function addDev(kagzi: Command): void {
  kagzi
    .command("dev [paths...]")
    .description("run all that development needs: a server, its database and a worker that follows the code")
    .option("--host <address>", "where to listen; default KAGZI_HOST, else 127.0.0.1")
    .option("--port <number>", "default KAGZI_PORT, else 50051; if it is taken, the next one that is free")
    .option("--db <url>", `default ${FILE_DB}`)
    .option("--ephemeral", "keep everything in memory, and forget it in the end")
    .option("--namespace <name>", "default KAGZI_NAMESPACE, else default")
    .option("--lease <ms>", `a worker that is silent for so long loses its runs; default ${LEASE_MS}`)
    .option("--log-level <level>", "of the server: debug, info, warn, error or silent; default warn")
    .option("--no-worker", "run no workflows: a worker is started by hand")
    .option("--no-watch", "take the code as it is now, and leave it at that")
    .option("--open", "show the dashboard in the browser")
    .addHelpText(
      "after",
      `\nWithout paths, workflows are looked for in ${USUAL_PLACES.join(", ")}.\n` +
        "\nExamples:\n  kagzi dev\n  kagzi dev src/orders.ts src/billing --port 50052",
    )
    .action((paths: readonly string[], flags: DevFlags) => dev(settingsOf(paths, flags)));
}

function settingsOf(paths: readonly string[], flags: DevFlags) {
  if (flags.ephemeral === true && flags.db !== undefined) {
    throw new KagziError("INVALID_ARGUMENT", "give --db or --ephemeral, not both: one keeps what the other forgets");
  }
  const { host, leaseMs = LEASE_MS, port } = readSettings(flags, process.env, FILE_DB);
  return {
    paths,
    host,
    port,
    leaseMs,
    db: flags.ephemeral === true ? "sqlite::memory:" : (flags.db ?? FILE_DB),
    logLevel: flags.logLevel ?? process.env["KAGZI_LOG_LEVEL"] ?? "warn",
    namespace: flags.namespace ?? process.env["KAGZI_NAMESPACE"] ?? "default",
    hasWorker: flags.worker,
    watches: flags.watch,
    opens: flags.open === true,
  };
}
