import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@kagzi/core";
import { type EmbeddedOptions, embedded, openStore } from "@kagzi/embedded";
import { startServer } from "@kagzi/server";
import type { Connection } from "kagzi";
import { inject } from "vitest";

/** A way to run the engine, as its clients see it. */
export interface TestEngine {
  /** What Client and Worker are made with. */
  readonly at: { readonly url: string } | { readonly connection: Connection };
  /** Ends the engine. Answers with one line for each invariant that a row breaks. */
  close(): Promise<readonly string[]>;
}

/** How an engine is opened for a test: fast leases, so that what was lost comes back soon. */
type Open = (options?: Pick<EmbeddedOptions, "config">) => Promise<TestEngine>;

const CONFIG = { leaseMs: 1500, pollMs: 200 };
let schemas = 0;

/** Every way: in this process and through a server, on each database. */
export const ENGINES: readonly (readonly [name: string, open: Open])[] = [
  ["embedded on SQLite", (options) => inProcess(sqliteFile(), options)],
  ["embedded on PostgreSQL", (options) => inProcess(postgres(), options)],
  ["a server on SQLite", (options) => served(sqliteFile(), options)],
  ["a server on PostgreSQL", (options) => served(postgres(), options)],
];

interface Database {
  readonly url: string;
  readonly schema?: string;
  readonly remove?: () => void;
}

function sqliteFile(): Database {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-e2e-"));
  return { url: `sqlite:${join(folder, "test.db")}`, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function postgres(): Database {
  return { url: inject("postgresUrl"), schema: `e2e_${process.pid}_${++schemas}` };
}

async function inProcess(database: Database, options: Pick<EmbeddedOptions, "config"> = {}): Promise<TestEngine> {
  const engine = await embedded(database.url, { ...database, config: { ...CONFIG, ...options.config } });
  return {
    at: { connection: engine },
    close: async () => {
      await engine.close();
      return inspect(await openStore(database.url, database), database);
    },
  };
}

async function served(database: Database, options: Pick<EmbeddedOptions, "config"> = {}): Promise<TestEngine> {
  const store = await openStore(database.url, database);
  const config = { ...CONFIG, ...options.config };
  const server = await startServer({ store, host: "127.0.0.1", port: 0, config });
  await server.ready;
  return {
    at: { url: server.url },
    close: async () => {
      await server.stop();
      return inspect(store, database);
    },
  };
}

/** Looks at every row, and lets go of the database. */
async function inspect(store: Store, database: Database): Promise<readonly string[]> {
  const broken = await store.violations();
  await store.close();
  database.remove?.();
  return broken;
}
