import type { Store } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { type Log, type RunningServer, isLoopback, startServer } from "@kagzi/server";
import { createLog, readLogOptions } from "./log.ts";
import type { Settings } from "./settings.ts";

/** Runs a server until SIGINT or SIGTERM. A second signal ends the process at once. */
export async function serve(settings: Settings, onReady: (url: string) => void): Promise<void> {
  const { allowedHosts, allowedOrigins, auth, db, host, leaseMs, logLevel, port, runRetentionMs, schema, tls } =
    settings;
  const log = createLog(readLogOptions(logLevel, process.env, process.stderr.isTTY));
  const signalled = firstSignal(log);
  const store = await openStore(db, { ...(schema !== undefined && { schema }) });
  try {
    const server = await startServer({
      store,
      host,
      port,
      log,
      allowedHosts,
      allowedOrigins,
      ...(auth !== undefined && { auth }),
      ...(tls !== undefined && { tls }),
      config: {
        ...(leaseMs !== undefined && { leaseMs }),
        ...(runRetentionMs !== undefined && { runRetentionMs }),
      },
    });
    if (tls !== undefined) process.on("SIGHUP", () => server.renewTls());
    try {
      const begin = async () => {
        await server.ready;
        await tellOfDoor({ log, server, settings, store });
        onReady(server.url);
      };
      // A database that is not there is waited for, and the wait can be ended too.
      await Promise.race([begin(), signalled]);
      await signalled;
    } finally {
      await server.stop();
    }
  } finally {
    await store.close();
  }
}

/** Says what an operator has to know of who comes in. */
async function tellOfDoor(about: {
  readonly log: Log;
  readonly server: Pick<RunningServer, "auth">;
  readonly settings: Settings;
  readonly store: Store;
}): Promise<void> {
  const { log, server, settings, store } = about;
  const { host, tls } = settings;
  if (server.auth === "off")
    log.warn("the server asks nobody who they are: whoever reaches it may do everything", { host });
  if (server.auth !== "required") return;
  if (tls === undefined && !isLoopback(host)) {
    log.info(
      "API keys come over the network as they are: give --tls-cert and --tls-key, or put something in front that speaks TLS",
    );
  }
  const [key] = await store.apiKeys.list({}, { limit: 1 });
  if (key !== undefined) return;
  const first = store.kind === "sqlite" ? "stop the server, and make" : "make";
  log.warn(
    `nobody is let in without an API key, and there is none yet: ${first} the first one with ` +
      "`kagzi apikey create --db <the same database> --name ops --role admin --all-namespaces`",
  );
}

function firstSignal(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let count = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      if (++count > 1) process.exit(signal === "SIGINT" ? 130 : 143);
      log.info(`${signal}: stopping`);
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
