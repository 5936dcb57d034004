import { KagziError } from "@kagzi/core";
import type { Command } from "commander";
import { withExamples, withNote } from "../examples.ts";
import { type Flags, readSettings } from "../settings.ts";
import type { Surroundings } from "../surroundings.ts";
import { USUAL_PLACES } from "./find-files.ts";
import { FOLDER_DB } from "./folder.ts";

/** A worker that crashed is soon to be written again: nobody wants to wait half a minute for its runs. */
const LEASE_MS = 5000;

type DevFlags = Omit<Flags, "schema"> & {
  readonly ephemeral?: boolean;
  readonly namespace?: string;
  readonly open?: boolean;
  readonly watch: boolean;
  readonly worker: boolean;
};

/** `kagzi dev` */
export function addDev(kagzi: Command, cli: Surroundings): void {
  const command = kagzi
    .command("dev [paths...]")
    .description("run all that development needs: a server, its database and a worker that follows the code")
    .option("--host <address>", "where to listen (KAGZI_HOST, default: 127.0.0.1)")
    .option("--port <number>", "KAGZI_PORT, default: 50051; if it is taken, the next one that is free")
    .option("--db <url>", `default: ${FOLDER_DB}`)
    .option("--ephemeral", "keep everything in memory, and forget it in the end")
    .option("-n, --namespace <name>", "KAGZI_NAMESPACE, default: default")
    .option("--lease <ms>", `a worker that is silent for so long loses its runs (KAGZI_LEASE_MS, default: ${LEASE_MS})`)
    .option("--log-level <level>", "of the server: debug, info, warn, error or silent (KAGZI_LOG_LEVEL, default: warn)")
    .option("--no-auth", "listen to the network, and ask nobody there who they are: --host alone is refused")
    .option("--no-worker", "run no workflows: a worker is started by hand")
    .option("--no-watch", "take the code as it is now, and leave it at that")
    .option("--open", "show the dashboard in the browser");
  withExamples(
    withNote(command, `Without paths, workflows are looked for in ${USUAL_PLACES.join(", ")}.`),
    "kagzi dev",
    "kagzi dev src/orders.ts src/billing --port 50052",
  ).action(async (paths: readonly string[], flags: DevFlags) => {
    const { dev } = await import("./dev.ts");
    await dev(settingsOf(paths, flags, cli.env));
  });
}

function settingsOf(paths: readonly string[], flags: DevFlags, env: Surroundings["env"]) {
  if (flags.ephemeral === true && flags.db !== undefined) {
    throw new KagziError("INVALID_ARGUMENT", "give --db or --ephemeral, not both: one keeps what the other forgets");
  }
  const { auth, host, leaseMs = LEASE_MS, port } = readSettings(flags, env, FOLDER_DB);
  return {
    paths,
    host,
    port,
    leaseMs,
    db: flags.ephemeral === true ? "sqlite::memory:" : (flags.db ?? FOLDER_DB),
    asksNobody: auth === "off",
    logLevel: flags.logLevel ?? env["KAGZI_LOG_LEVEL"] ?? "warn",
    namespace: flags.namespace ?? env["KAGZI_NAMESPACE"] ?? "default",
    hasWorker: flags.worker,
    watches: flags.watch,
    opens: flags.open === true,
  };
}
