import { openStore } from "@kagzi/embedded";
import { type Log, startServer } from "@kagzi/server";
import { createLog, readLogOptions } from "./log.ts";
import type { Settings } from "./settings.ts";

/** Runs a server until SIGINT or SIGTERM. A second signal ends the process at once. */
export async function serve(settings: Settings, onReady: (url: string) => void): Promise<void> {
  const { db, host, leaseMs, logLevel, port, schema } = settings;
  const log = createLog(readLogOptions(logLevel, process.env, process.stderr.isTTY));
  const signalled = firstSignal(log);
  const store = await openStore(db, { ...(schema !== undefined && { schema }) });
  try {
    const server = await startServer({
      store,
      host,
      port,
      log,
      ...(leaseMs !== undefined && { config: { leaseMs } }),
    });
    if (!isLoopback(host)) log.warn("the server listens to the network, and asks nobody who they are", { host });
    try {
      // A database that is not there is waited for, and the wait can be ended too.
      await Promise.race([server.ready.then(() => onReady(server.url)), signalled]);
      await signalled;
    } finally {
      await server.stop();
    }
  } finally {
    await store.close();
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
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
