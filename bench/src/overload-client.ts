import { Client } from "kagzi";
import { oneStep } from "./workflows.ts";

// A process of clients for the measurement of overload. It says what became of its starts by IPC, and ends.

/** What a process of clients is told by its environment. */
const url = process.env["KAGZI_URL"] ?? "";
/** `closed`: so many callers that wait for each acknowledgement; `open`: so many starts a second, whatever becomes of them. */
const mode = process.env["MODE"] ?? "closed";
const count = Number(process.env["COUNT"]);
const seconds = Number(process.env["SECONDS"]);
/** Clients in this process, each with its own connection. */
const CLIENTS = 5;
const TICK_MS = 10;

/** What a process of clients answers with. */
export interface ClientReport {
  readonly accepted: number;
  readonly failed: number;
  /** How long it took to offer all of them, in the open loop. */
  readonly offeredMs: number;
  /** Milliseconds from the call to its answer, of accepted starts, sorted. */
  readonly acknowledgedAfter: readonly number[];
  /** Of all its starts, after the first was made. */
  readonly answeredMs: number;
}

const clients = Array.from({ length: CLIENTS }, () => new Client({ url }));
const times: number[] = [];
let failed = 0;
let offeredMs = 0;

async function start(n: number): Promise<void> {
  const begin = performance.now();
  const client = clients[n % CLIENTS];
  if (client === undefined) return;
  try {
    await client.start(oneStep, { n });
    times.push(performance.now() - begin);
  } catch {
    failed += 1;
  }
}

async function closedLoops(): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const loop = async (n: number) => {
    while (performance.now() < end) await start(n);
  };
  await Promise.all(Array.from({ length: count }, (_, n) => loop(n)));
}

async function openLoop(): Promise<void> {
  const begin = performance.now();
  const all: Promise<void>[] = [];
  while (all.length < count * seconds) {
    const due = Math.min((count * (performance.now() - begin)) / 1000, count * seconds);
    while (all.length < due) all.push(start(all.length));
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  offeredMs = performance.now() - begin;
  await Promise.all(all);
}

const begin = performance.now();
await (mode === "closed" ? closedLoops() : openLoop());
const report: ClientReport = {
  accepted: times.length,
  failed,
  offeredMs,
  acknowledgedAfter: times.toSorted((a, b) => a - b),
  answeredMs: performance.now() - begin,
};
process.send?.(report, () => process.exit());
