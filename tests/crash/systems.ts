import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Ledger,
  type PostgresCluster,
  Program,
  createPostgres,
  freePort,
  serverProgram,
} from "@kagzi/test-support";

/** Short, so that what was lost comes back within a test's patience. */
export const LEASE_MS = 1500;

/** How often each test is made: `KAGZI_CRASH_ROUNDS` times. */
export const ROUNDS = Array.from({ length: Number(process.env["KAGZI_CRASH_ROUNDS"] ?? 1) }, (_, index) => index + 1);

/** A thing that can be broken, and what to do so that it works again. */
export type Fault = readonly [what: string, strike: () => Promise<void>];

/** The processes of one scenario. */
export interface System {
  /** Where clients find it; empty if a client is part of it. */
  readonly urls: readonly string[];
  readonly workers: readonly Program[];
  readonly faults: readonly Fault[];
  readonly db: string;
  start(): Promise<void>;
  /** Ends all processes but the database, in good order, and answers with their exit codes. */
  stop(): Promise<readonly (number | NodeJS.Signals)[]>;
  /** What the programs wrote. */
  output(): string;
  remove(): Promise<void>;
}

/** Makes a system whose programs write to a ledger. */
export type OpenSystem = (ledger: Ledger, runs: number) => Promise<System>;

const CRASH = new URL("../support/dist/crash/", import.meta.url);

/** The programs of a workload, by their files: a worker, and a worker with its engine and its client. */
export interface Programs {
  readonly worker: string;
  readonly embedded: string;
}

/** Every way to run the engine in which a process can be lost. */
function systemsOf(programs: Programs): readonly (readonly [name: string, open: OpenSystem])[] {
  return [
    ["a server on SQLite", async (ledger) => served({ ledger, programs, ...sqlite(), servers: 1 })],
    ["a server on PostgreSQL", async (ledger) => served({ ledger, programs, ...(await postgres()), servers: 1 })],
    [
      "two servers on one PostgreSQL",
      async (ledger) => served({ ledger, programs, ...(await postgres()), servers: 2 }),
    ],
    ["an engine in process on SQLite", (ledger, runs) => inProcess(ledger, runs, programs)],
  ];
}

/** Chains of steps. */
export const CHAINS: Programs = { worker: "worker.js", embedded: "embedded.js" };

/** With chains of steps to work on. */
export const SYSTEMS = systemsOf(CHAINS);

/** With orders to work on: events, limits and a schedule. */
export const ORDER_SYSTEMS = systemsOf({ worker: "order-worker.js", embedded: "order-embedded.js" });

/** A database, and how it is removed. */
export interface Place {
  readonly db: string;
  readonly cluster?: PostgresCluster;
  readonly remove: () => Promise<void>;
}

function sqlite(): Place {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-crash-db-"));
  const remove = async () => rmSync(folder, { recursive: true, force: true });
  return { db: `sqlite:${join(folder, "kagzi.db")}`, remove };
}

async function postgres(): Promise<Place> {
  const cluster = await createPostgres({ durable: true });
  await cluster.start();
  return { db: await cluster.createDatabase(), cluster, remove: () => cluster.remove() };
}

/** Servers, and two workers for them; the first worker talks to the first server, the second to the last. */
export async function served(
  place: Place & {
    readonly ledger: Ledger;
    readonly programs: Programs;
    readonly servers: number;
    readonly leaseMs?: number;
  },
): Promise<System> {
  const { cluster, db, leaseMs = LEASE_MS, ledger } = place;
  const ports = await Promise.all(Array.from({ length: place.servers }, () => freePort()));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const servers = ports.map((port) => serverProgram({ db, port, leaseMs }));
  const workers = [urls[0], urls.at(-1)].map((url = "", index) => {
    const env = { LEDGER: ledger.path, NAME: `worker-${index + 1}`, KAGZI_URL: url };
    return new Program({ path: fileURLToPath(new URL(place.programs.worker, CRASH)), env });
  });
  const programs = [...workers, ...servers];
  return {
    urls,
    workers,
    db,
    faults: [
      ...workers.map((each, index): Fault => [`worker-${index + 1} killed`, () => restart(ledger, each)]),
      ...servers.map((each, index): Fault => [`server-${index + 1} killed`, () => restart(ledger, each)]),
      ...(cluster === undefined ? [] : databaseFaults(cluster)),
    ],
    start: async () => {
      for (const each of [...servers, ...workers]) await each.start();
    },
    stop: async () => {
      const codes: (number | NodeJS.Signals)[] = [];
      for (const each of programs) codes.push(await each.stop());
      return codes;
    },
    output: () => programs.map((each) => each.output).join("\n"),
    remove: async () => {
      for (const each of programs) await each.kill();
      await place.remove();
    },
  };
}

async function inProcess(ledger: Ledger, runs: number, { embedded }: Programs): Promise<System> {
  const place = sqlite();
  const program = new Program({
    path: fileURLToPath(new URL(embedded, CRASH)),
    env: { LEDGER: ledger.path, DB: place.db, LEASE_MS: String(LEASE_MS), RUNS: String(runs) },
  });
  return {
    urls: [],
    workers: [program],
    db: place.db,
    faults: [["the process killed", () => restart(ledger, program)]],
    start: () => program.start(),
    stop: async () => [await program.exited()],
    output: () => program.output,
    remove: async () => {
      await program.kill();
      await place.remove();
    },
  };
}

async function restart(ledger: Ledger, program: Program): Promise<void> {
  const { pid } = program;
  await program.kill();
  ledger.append({ kind: "gone", pid });
  await program.start();
}

function databaseFaults(cluster: PostgresCluster): Fault[] {
  const killed = async () => {
    await cluster.kill();
    await cluster.start();
  };
  const stopped = async () => {
    await cluster.stopImmediately();
    await cluster.start();
  };
  return [
    ["PostgreSQL killed", killed],
    ["PostgreSQL stopped at once", stopped],
  ];
}
