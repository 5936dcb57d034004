import { cpus } from "node:os";
import type { Client } from "kagzi";
import { type Parts, inProcess, print, throughServer } from "./engines.ts";
import { measureEvents } from "./events.ts";
import { measureLimits } from "./limits.ts";
import { measureOverload } from "./overload.ts";
import { drain, latencies, percentile } from "./measure.ts";
import { measureLongRun } from "./scale/long-run.ts";
import { measureMemory } from "./scale/memory.ts";
import { measureResume } from "./scale/resume.ts";
import { measureSleeps } from "./scale/sleeps.ts";
import { measureTables } from "./scale/tables.ts";
import { measureTwoServers } from "./scale/two-servers.ts";
import { oneStep, tenSteps } from "./workflows.ts";

const RUNS = Number(process.env["BENCH_RUNS"] ?? 5000);
const IDLE_RUNS = Number(process.env["BENCH_IDLE_RUNS"] ?? 200);

/** Measures one way of running the engine: warm, then idle, then under load. */
async function measure(name: string, client: Client, { database, processes }: Parts): Promise<void> {
  await drain(client, tenSteps, 200);
  const idle = await latencies(client, oneStep, IDLE_RUNS);
  const databaseBefore = await database?.();
  const before = Object.entries(processes).map(([process, { cpuSeconds }]) => [process, cpuSeconds()] as const);
  const seconds = await drain(client, tenSteps, RUNS);
  const steps = RUNS * 10;
  const cpu = before.map(
    ([process, used]) => `${process} ${perStep((processes[process]?.cpuSeconds() ?? 0) - used, steps)}`,
  );
  const databaseAfter = await database?.();
  print(`${name}: ${Math.round(steps / seconds)} steps/s (${RUNS} runs of 10 steps in ${seconds.toFixed(2)} s)`);
  if (databaseBefore !== undefined && databaseAfter !== undefined) {
    const spent = perStep(databaseAfter.cpuSeconds - databaseBefore.cpuSeconds, steps);
    print(`${name}: CPU per step: ${[...cpu, `PostgreSQL ${spent}`].join(", ")}`);
    const wal = (databaseAfter.walBytes - databaseBefore.walBytes) / steps;
    const commits = (databaseAfter.commits - databaseBefore.commits) / steps;
    print(`${name}: WAL per step: ${Math.round(wal)} bytes, transactions per step: ${commits.toFixed(3)}`);
  }
  const [p50, p99] = [percentile(idle, 0.5), percentile(idle, 0.99)];
  print(`${name}: start to result, idle, one step: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
}

function perStep(seconds: number, steps: number): string {
  return `${Math.round((seconds / steps) * 1e6)} µs`;
}

const [cpu] = cpus();
print(`Node ${process.version}, ${cpus().length} x ${cpu?.model ?? "unknown CPU"}, fsync on, synchronous=FULL`);
const SCALE: Readonly<Record<string, () => Promise<unknown>>> = {
  "long-run": measureLongRun,
  memory: measureMemory,
  overload: () => measureOverload(print),
  resume: measureResume,
  sleeps: measureSleeps,
  tables: measureTables,
  "two-servers": measureTwoServers,
};

const [, , what = ""] = process.argv;
const scale = SCALE[what];
if (scale !== undefined) {
  await scale();
} else if (what === "limits") {
  await measureLimits(print);
} else {
  const workload = what === "events" ? measureEvents : measure;
  await throughServer(workload);
  await inProcess(workload);
}
