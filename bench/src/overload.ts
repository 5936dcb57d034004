import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type PostgresCluster, Program, createPostgres, freePort, serverProgram } from "@kagzi/test-support";
import { Client } from "pg";
import { percentile } from "./measure.ts";
import { cpuSecondsOf } from "./cpu.ts";
import type { ClientReport } from "./overload-client.ts";

/** Processes that start runs, and how many loops each has to find out how many runs fit. */
const PROCESSES = 2;
const LOOPS = 300;
const PEAK_SECONDS = 6;
/** How much more than fits is offered, and for how long. */
const TIMES = 10;
const FLOOD_SECONDS = 4;

/**
 * Finds how many one-step runs a second fit, offers ten times as many, and says what became of them: how many were done
 * meanwhile, how long callers waited, whether a worker lost a lease, what memory it took, and how long it took to drain.
 */
export async function measureOverload(print: (line: string) => void): Promise<void> {
  const system = await System.start();
  try {
    await system.flood({ mode: "closed", count: LOOPS, seconds: 2 });
    const before = await system.peak();
    print(
      `overload: ${Math.round(before.rate)} one-step runs/s fit, with ${PROCESSES * LOOPS} callers; ` +
        `${shownCpu(before)}; ${system.memory()}`,
    );
    const flood = await system.flood({
      mode: "open",
      count: Math.round((TIMES * before.rate) / PROCESSES),
      seconds: FLOOD_SECONDS,
    });
    const memory = system.memory();
    // The same again: on a machine that does other things as well, what fits changes.
    const peak = Math.max(before.rate, (await system.peak()).rate);
    const { drainedIn, rate, reports, seconds } = flood;
    const accepted = reports.reduce((sum, each) => sum + each.accepted, 0);
    const failed = reports.reduce((sum, each) => sum + each.failed, 0);
    const acknowledged = reports.flatMap((each) => each.acknowledgedAfter).toSorted((a, b) => a - b);
    print(`overload: offered ${offered(reports, peak)}: ${accepted} runs accepted, ${failed} given up`);
    print(
      `overload: ${Math.round(rate)} runs/s done until all were, ${(rate / peak).toFixed(2)} of the ${Math.round(peak)} that fit`,
    );
    print(
      `overload: from call to acknowledgement p50 ${shown(acknowledged, 0.5)} s, p99 ${shown(acknowledged, 0.99)} s; ` +
        `all acknowledged after ${seconds.toFixed(1)} s, all done ${drainedIn.toFixed(1)} s later`,
    );
    print(`overload: ${await system.lostLeases()} leases lost; ${shownCpu(flood)}; ${memory}`);
  } finally {
    await system.stop();
  }
}

/** How many times as many were offered as fit, and for how long. */
function offered(reports: readonly ClientReport[], fits: number): string {
  const rates = reports.map(({ accepted, failed, offeredMs }) => ((accepted + failed) * 1000) / offeredMs);
  const seconds = Math.max(...reports.map(({ offeredMs }) => offeredMs)) / 1000;
  return `${(rates.reduce((sum, each) => sum + each, 0) / fits).toFixed(1)} times as many for ${seconds.toFixed(1)} s`;
}

interface Flood {
  readonly mode: "closed" | "open";
  readonly count: number;
  readonly seconds: number;
}

interface Parts {
  readonly cluster: PostgresCluster;
  readonly database: Client;
  readonly server: Program;
  readonly worker: Program;
  readonly url: string;
}

/** A server and a worker on PostgreSQL, and those who ask for more and more. */
class System {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async start(): Promise<System> {
    const cluster = await createPostgres({ durable: true });
    await cluster.start();
    const [db, port] = [await cluster.createDatabase(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const server = serverProgram({ db, port });
    await server.start();
    const worker = new Program({ path: pathOf("worker.js"), env: { KAGZI_URL: url } });
    await worker.start();
    const database = new Client({ connectionString: db });
    await database.connect();
    return new System({ cluster, database, server, worker, url });
  }

  async stop(): Promise<void> {
    await this.#parts.database.end();
    await this.#parts.worker.stop();
    await this.#parts.server.stop();
    await this.#parts.cluster.remove();
  }

  /** Lets the clients go, and waits until all is done that they started. */
  async flood({ count, mode, seconds }: Flood) {
    const before = await this.#done();
    const cpuBefore = cpuSecondsOf(this.#parts.server.pid);
    const begin = performance.now();
    const env = { KAGZI_URL: this.#parts.url, MODE: mode, COUNT: String(count), SECONDS: String(seconds) };
    const reports = await Promise.all(Array.from({ length: PROCESSES }, () => report(env)));
    // What it takes to start a process is not time in which anybody asked.
    const took = Math.min(performance.now() - begin, Math.max(...reports.map(({ answeredMs }) => answeredMs)));
    const drained = await this.#drained();
    const done = (await this.#done()) - before;
    const cpu = (cpuSecondsOf(this.#parts.server.pid) - cpuBefore) / done;
    return { reports, seconds: took / 1000, drainedIn: drained, rate: done / (took / 1000 + drained), cpu };
  }

  /** How many runs are done in a second, where callers wait for each acknowledgement. */
  peak() {
    return this.flood({ mode: "closed", count: LOOPS, seconds: PEAK_SECONDS });
  }

  /** Waits until nothing is left to do. Answers with the seconds that took. */
  async #drained(): Promise<number> {
    const begin = performance.now();
    while ((await this.#count("finished_at IS NULL")) > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    return (performance.now() - begin) / 1000;
  }

  /** A run that was taken from its worker was given to one a second time. */
  lostLeases(): Promise<number> {
    return this.#count("epoch > 1");
  }

  memory(): string {
    return `peak memory: server ${peakMegabytes(this.#parts.server.pid)} MB, worker ${peakMegabytes(this.#parts.worker.pid)} MB`;
  }

  #done(): Promise<number> {
    return this.#count("status = 'completed'");
  }

  async #count(condition: string): Promise<number> {
    const { rows } = await this.#parts.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM kagzi.runs WHERE ${condition}`,
    );
    return rows[0]?.count ?? 0;
  }
}

/** Runs one process of clients and answers with what it says. */
async function report(env: Readonly<Record<string, string>>): Promise<ClientReport> {
  const program = new Program({ path: pathOf("overload-client.js"), env });
  const child = program.spawn();
  const said = new Promise<ClientReport>((resolve) =>
    child.once("message", (message) => resolve(message as ClientReport)),
  );
  const ended = program.exited().then((code) => {
    throw new Error(`a process of clients ended with ${code}:\n${program.output}`);
  });
  ended.catch(() => {});
  return Promise.race([said, ended]);
}

function shownCpu({ cpu }: { readonly cpu: number }): string {
  return `${Math.round(cpu * 1e6)} µs of the server's CPU per run`;
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function shown(sorted: readonly number[], share: number): string {
  return (percentile(sorted, share) / 1000).toFixed(2);
}

/** The most memory that a process has had, where the system tells it. */
function peakMegabytes(pid: number): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return Number.NaN;
  }
}
