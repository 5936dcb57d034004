import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@kagzi/embedded";
import { createPostgres, freePort } from "@kagzi/test-support";
import { Client, Worker } from "kagzi";
import { drain, latencies, percentile } from "./measure.ts";
import { type Measured, startServer, startWorker } from "./processes.ts";
import { oneStep, tenSteps } from "./workflows.ts";

const RUNS = Number(process.env["BENCH_RUNS"] ?? 5000);
const IDLE_RUNS = Number(process.env["BENCH_IDLE_RUNS"] ?? 200);

/** Measures one way of running the engine: warm, then idle, then under load. */
async function measure(name: string, client: Client, processes: Readonly<Record<string, Measured>>): Promise<void> {
  await drain(client, tenSteps, 200);
  const idle = await latencies(client, oneStep, IDLE_RUNS);
  const before = Object.entries(processes).map(([process, { cpuSeconds }]) => [process, cpuSeconds()] as const);
  const seconds = await drain(client, tenSteps, RUNS);
  const steps = RUNS * 10;
  const cpu = before.map(
    ([process, used]) =>
      `${process} ${Math.round((((processes[process]?.cpuSeconds() ?? 0) - used) / steps) * 1e6)} µs`,
  );
  print(`${name}: ${Math.round(steps / seconds)} steps/s (${RUNS} runs of 10 steps in ${seconds.toFixed(2)} s)`);
  if (cpu.length > 0) print(`${name}: CPU per step: ${cpu.join(", ")}`);
  const [p50, p99] = [percentile(idle, 0.5), percentile(idle, 0.99)];
  print(`${name}: start to result, idle, one step: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
}

async function throughServer(): Promise<void> {
  const cluster = await createPostgres({ durable: true });
  await cluster.start();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer(await cluster.createDatabase(), port);
  const worker = await startWorker(url);
  const client = new Client({ url });
  try {
    await measure("server and worker on PostgreSQL", client, { server, worker });
  } finally {
    await client.close();
    await worker.stop();
    await server.stop();
    await cluster.remove();
  }
}

async function inProcess(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kagzi-bench-"));
  const engine = await embedded(`sqlite:${join(folder, "bench.db")}`);
  const worker = new Worker({ connection: engine, workflows: [tenSteps, oneStep], concurrency: 1000 });
  const client = new Client({ connection: engine });
  try {
    await worker.start();
    await measure("embedded on SQLite", client, {});
  } finally {
    await worker.stop();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [cpu] = cpus();
print(`Node ${process.version}, ${cpus().length} x ${cpu?.model ?? "unknown CPU"}, fsync on, synchronous=FULL`);
await throughServer();
await inProcess();
