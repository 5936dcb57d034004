import { KagziError } from "@kagzi/core";
import { openStore } from "@kagzi/embedded";
import { type RunningServer, isLoopback, startServer } from "@kagzi/server";
import { createLog, readLogOptions } from "../log.ts";
import { FOLDER_DB, makeFolder } from "./folder.ts";
import { freePort } from "./free-port.ts";
import { openBrowser } from "./open-browser.ts";
import { RunLines } from "./run-lines.ts";
import { firstSignal } from "./signals.ts";
import { startWatchedWorker } from "./watched-worker.ts";
import { greeting, runLine } from "./words.ts";

/** What `kagzi dev` is told. */
export interface DevSettings {
  /** Files and folders with workflows; empty: the usual places. */
  readonly paths: readonly string[];
  readonly host: string;
  readonly port: number;
  /** The address of a database. */
  readonly db: string;
  readonly leaseMs: number;
  /** The network is let in, too. */
  readonly asksNobody: boolean;
  readonly logLevel: string;
  readonly namespace: string;
  readonly hasWorker: boolean;
  readonly watches: boolean;
  readonly opens: boolean;
}

/**
 * Runs a server, its database and a worker until a signal comes. A second one ends all of it at once.
 * @throws KagziError `INVALID_ARGUMENT` where it would listen to the network without being told that it asks nobody for a key
 */
export async function dev(settings: DevSettings): Promise<void> {
  const { asksNobody, db, host, leaseMs, logLevel } = settings;
  if (!isLoopback(host) && !asksNobody) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `kagzi dev asks nobody who they are: to let the network in by ${host}, say --no-auth too, or use kagzi server`,
    );
  }
  let work: Work | undefined;
  const signalled = firstSignal(() => work?.kill());
  if (db === FOLDER_DB) makeFolder();
  const store = await openStore(db);
  try {
    const log = createLog(readLogOptions(logLevel, process.env, process.stderr.isTTY));
    const port = await portFor(host, settings.port);
    const server = await startServer({ store, host, port, log, auth: "off", config: { leaseMs } });
    try {
      // A database that is not there is waited for, and the wait can be ended too.
      if ((await Promise.race([server.ready, signalled])) === undefined) work = await serve(settings, server);
      const signal = await signalled;
      say(`\n${signal}: finishing what runs; once more ends it at once\n`);
      await work?.stop();
    } finally {
      await server.stop();
    }
  } finally {
    await store.close();
  }
}

/** All that goes on beside the server. */
interface Work {
  stop(): Promise<void>;
  kill(): void;
}

async function serve(settings: DevSettings, { url }: RunningServer): Promise<Work> {
  const { db, hasWorker, host, namespace, opens, paths, watches } = settings;
  say(greeting({ url, database: placeOf(db) }));
  if (!isLoopback(host)) say("the server listens to the network, and asks nobody who they are\n\n");
  const isTerminal = process.stderr.isTTY;
  const lines = new RunLines({ url, namespace, write: (run) => say(runLine(run, { url, isTerminal })) });
  await lines.start();
  if (opens) openBrowser(url);
  const worker = hasWorker
    ? await startWatchedWorker({ paths, url, namespace, shutdownTimeout: SHUTDOWN_MS }, { watches, say })
    : undefined;
  return {
    kill: () => worker?.kill(),
    async stop() {
      await worker?.stop();
      await lines.stop();
    },
  };
}

/** Functions that run may go on for so long when the code changes, or when it is all to end. */
const SHUTDOWN_MS = 10_000;

async function portFor(host: string, asked: number): Promise<number> {
  const port = await freePort(host, asked);
  if (port !== asked) say(`port ${asked} is taken: listening on ${port}\n`);
  return port;
}

/** An address may hold a password. */
function placeOf(db: string): string {
  if (db === "sqlite::memory:") return "in memory: all is forgotten in the end";
  if (db.startsWith("sqlite:")) return db.slice("sqlite:".length);
  const { host, pathname, protocol } = new URL(db);
  return `${protocol}//${host}${pathname}`;
}

function say(text: string): void {
  process.stderr.write(text);
}
