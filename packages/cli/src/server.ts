import type { Command } from "commander";
import { databaseOf, withDatabase } from "./db.ts";
import { withExamples } from "./examples.ts";
import { type Flags, readSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** `kagzi server` */
export function addServer(kagzi: Command, cli: Surroundings): void {
  const command = withDatabase(withListening(kagzi.command("server"))).description("run a server");
  withExamples(
    command,
    "kagzi server --db postgres://user@host/database",
    "kagzi server --db sqlite:./kagzi.db --port 50052",
  ).action(async (flags: Flags) => {
    const { db } = databaseOf(cli, flags);
    const { serve } = await import("./serve.ts");
    await serve({ ...readSettings(flags, cli.env, ""), db }, (url) => cli.stderr.write(`kagzi server on ${url}\n`));
  });
}

/** A command that listens to clients and workers. */
export function withListening(command: Command): Command {
  return command
    .option("--host <address>", "where to listen (KAGZI_HOST, default: 127.0.0.1)")
    .option("--port <number>", "KAGZI_PORT, default: 50051")
    .option("--lease <ms>", "a worker that is silent for so long loses its runs (KAGZI_LEASE_MS, default: 30000)")
    .option(
      "--retention <duration>",
      "how long runs are kept after their end; off: for ever (KAGZI_RETENTION, default: 30d)",
    )
    .option("--auth <mode>", "required: ask everybody for an API key, also on this computer (KAGZI_AUTH)")
    .option("--no-auth", "ask nobody, wherever the server listens (KAGZI_AUTH=off)")
    .option("--tls-cert <file>", "speak TLS with this certificate, PEM (KAGZI_TLS_CERT)")
    .option("--tls-key <file>", "its key (KAGZI_TLS_KEY)")
    .option("--tls-client-ca <file>", "take only clients with a certificate of this CA (KAGZI_TLS_CLIENT_CA)")
    .option("--allowed-hosts <names>", "by which names it is called, with commas (KAGZI_ALLOWED_HOSTS)")
    .option("--allowed-origins <urls>", "sites whose pages may call, with commas (KAGZI_ALLOWED_ORIGINS)")
    .option("--log-level <level>", "debug, info, warn, error or silent (KAGZI_LOG_LEVEL, default: info)");
}
