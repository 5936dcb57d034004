import { Client } from "kagzi";
import type { Program } from "@kagzi/test-support";
import { databaseWork } from "../database.ts";
import { tenSteps } from "../workflows.ts";
import { cpuSecondsOf } from "../cpu.ts";
import type { Figure } from "../figures.ts";
import { drain } from "./drain.ts";
import { type Fleet, withFleet } from "./parts.ts";

const RUNS = Number(process.env["BENCH_RUNS"] ?? 5000);
const STEPS = RUNS * 10;

/** What a step costs two servers and two workers, each worker at another server, against one of each. */
export async function measureTwoServers(): Promise<readonly Figure[]> {
  const one = await withFleet(async (fleet) => {
    const worker = await fleet.startWorker();
    return costPerStep(fleet, { clients: [fleet.client], programs: [fleet.server, worker] });
  });
  const two = await withFleet(async (fleet) => {
    const other = await fleet.startServer();
    const workers = [await fleet.startWorker(), await fleet.startWorker(other.url)];
    await using client = new Client({ url: other.url });
    return await costPerStep(fleet, {
      clients: [fleet.client, client],
      programs: [fleet.server, other.server, ...workers],
    });
  });
  return [
    { name: "CPU per step of one server, one worker and PostgreSQL", value: one, unit: "µs" },
    { name: "CPU per step of two servers, two workers and PostgreSQL", value: two, unit: "µs" },
    { name: "two of each against one of each", value: two / one, unit: "x", bar: 1, goal: 0.95 },
  ];
}

/** In microseconds, of all processes and the database together. */
async function costPerStep(
  { cluster, db }: Fleet,
  { clients, programs }: { readonly clients: readonly Client[]; readonly programs: readonly Program[] },
): Promise<number> {
  const runAll = (runs: number) => Promise.all(clients.map((client) => drain(client, tenSteps, runs / clients.length)));
  const spent = async () => {
    const { cpuSeconds } = await databaseWork(cluster, db);
    return [cpuSeconds, ...programs.map(({ pid }) => cpuSecondsOf(pid))];
  };
  // Each client warms up a server and a worker: two of each need twice as much of it.
  await runAll((RUNS / 2) * clients.length);
  const before = await spent();
  await runAll(RUNS);
  const after = await spent();
  return after.reduce((sum, seconds, index) => sum + ((seconds - (before[index] ?? 0)) * 1e6) / STEPS, 0);
}
