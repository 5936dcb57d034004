import { cpus } from "node:os";
import type { Client } from "kagzi";
import { inProcess, print, throughServer } from "./engines.ts";
import { measureEvents } from "./events.ts";
import { measureLimits } from "./limits.ts";
import { drain, latencies, percentile } from "./measure.ts";
import type { Measured } from "./processes.ts";
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

const [cpu] = cpus();
print(`Node ${process.version}, ${cpus().length} x ${cpu?.model ?? "unknown CPU"}, fsync on, synchronous=FULL`);
const [, , what] = process.argv;
if (what === "limits") {
  await measureLimits(print);
} else {
  const workload = what === "events" ? measureEvents : measure;
  await throughServer(workload);
  await inProcess(workload);
}
