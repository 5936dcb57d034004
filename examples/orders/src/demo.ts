import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type RunHandle } from "kagzi";
import { type OrderRun, audit } from "./audit.ts";
import { type Journals, openJournals } from "./journal.ts";
import { type Order, readOrders } from "./order.ts";
import type { Receipt } from "./process-order.ts";
import { end, startServer, startWorker } from "./processes.ts";

const CHUNK = 100;

/** Takes every order through process-order, kills the worker half-way, and compares the engine with the ledger. */
async function demonstrate(folder: string): Promise<boolean> {
  const orders = readOrders(new URL("../orders.jsonl", import.meta.url));
  const journals = openJournals(folder);
  const server = await startServer(join(folder, "kagzi.db"));
  let worker = startWorker(server.url, folder);
  const client = new Client({ url: server.url });
  try {
    say(`${orders.length} orders, a server on SQLite at ${server.url}, a worker (pid ${worker.pid})`);
    const handles = await start(client, orders);
    const progress = new Progress(orders.length);
    const runs = Promise.all(orders.map((order, index) => follow(server.url, order, handles[index], progress)));
    await halfPaid(journals, orders.length);
    await end(worker, "SIGKILL");
    progress.say(`half of the payments are made: kill -9 ${worker.pid}`);
    worker = startWorker(server.url, folder);
    progress.say(`another worker (pid ${worker.pid}) goes on where the first one was`);
    return report(await runs, journals);
  } finally {
    await client.close();
    await end(worker, "SIGTERM");
    await end(server.process, "SIGTERM");
  }
}

async function start(client: Client, orders: readonly Order[]): Promise<RunHandle<unknown>[]> {
  const handles: RunHandle<unknown>[] = [];
  for (let at = 0; at < orders.length; at += CHUNK) {
    const items = orders.slice(at, at + CHUNK).map((order) => ({ id: order.id, input: order }));
    handles.push(...(await client.startMany("process-order", items)));
  }
  return handles;
}

async function follow(
  url: string,
  order: Order,
  handle: RunHandle<unknown> | undefined,
  progress: Progress,
): Promise<OrderRun> {
  if (handle === undefined) throw new Error(`order ${order.id} was not started`);
  // That a run fails is not the demonstration's failure: whether it should have is looked at later.
  const receipt = await handle.result().then(
    (output) => output as Receipt,
    () => undefined,
  );
  progress.ended();
  const { error, status } = await handle.status();
  return { order, status, receipt, reason: error?.message, steps: await recordedSteps(url, handle.id) };
}

/** What is recorded of a run, over plain HTTP and JSON: every method of the server can be called like this. */
async function recordedSteps(url: string, runId: string): Promise<string[]> {
  const answer = await fetch(`${url}/kagzi.v1.AdminService/ListSteps`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ namespaceId: "default", runId }),
  });
  const { steps = [] } = (await answer.json()) as { steps?: { stepId: string }[] };
  return steps.map(({ stepId }) => stepId);
}

async function halfPaid(journals: Journals, orders: number): Promise<void> {
  while (journals.charges.read().length < orders / 2) await new Promise((resolve) => setTimeout(resolve, 10));
}

function report(runs: readonly OrderRun[], { charges, executions }: Journals): boolean {
  const { faults, rows } = audit(runs, charges.read(), executions.read());
  say("");
  for (const [what, value] of rows) say(`  ${what.padEnd(38)}${value}`);
  say("");
  for (const fault of faults.slice(0, 20)) say(`  WRONG: ${fault}`);
  say(
    faults.length === 0 ? "The ledger agrees with the engine." : `The ledger does not agree: ${faults.length} faults.`,
  );
  return faults.length === 0;
}

/** A line that is written over on a terminal, and now and then elsewhere. */
class Progress {
  readonly #total: number;
  #ended = 0;

  constructor(total: number) {
    this.#total = total;
  }

  ended(): void {
    this.#ended += 1;
    if (process.stdout.isTTY) process.stdout.write(`\r  ${this.#ended} of ${this.#total} orders have ended `);
    else if (this.#ended % 100 === 0) say(`  ${this.#ended} of ${this.#total} orders have ended`);
    if (this.#ended === this.#total && process.stdout.isTTY) say("");
  }

  say(line: string): void {
    say(`${process.stdout.isTTY ? "\r" : ""}  ${line}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const folder = mkdtempSync(join(tmpdir(), "kagzi-demo-"));
try {
  process.exitCode = (await demonstrate(folder)) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
