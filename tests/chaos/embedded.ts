import { embedded } from "@kagzi/embedded";
import { LedgerClient } from "@kagzi/test-support";
import { Client, Worker } from "kagzi";
import type { ChaosEntry } from "./entries.ts";
import { Load } from "./load.ts";
import { API_SLOTS, chaosWorkflows } from "./workflows.ts";

// Engine, worker and clients of the chaos tests in one process. It ends when it is told to stop and all is done.
const ledger = await LedgerClient.open<ChaosEntry>(process.env["LEDGER"] ?? "");
const append = (entry: ChaosEntry) => ledger.append(entry);
const engine = await embedded(process.env["DB"] ?? "", { config: { leaseMs: Number(process.env["LEASE_MS"]) } });
const limits = { api: { concurrency: API_SLOTS } };
const worker = new Worker({
  connection: engine,
  workflows: chaosWorkflows("embedded", append),
  limits,
  concurrency: 300,
});
const client = new Client({ connection: engine });
const done = JSON.parse(process.env["DONE"] ?? "[]") as number[];
const load = new Load({ clients: [client], append, seed: process.env["SEED"] ?? "", done });
process.on("message", () => load.stop());
await worker.start();
process.send?.("ready");
await load.run();
await settle();
await worker.stop();
await engine.close();
process.exit();

/** Waits until nothing is under way: schedules and events start runs that no customer waits for. */
async function settle(): Promise<void> {
  for (const schedule of ["tick", "tock"]) await client.schedules.pause(schedule);
  const status = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  while ((await client.runs.list({ status }).page({ size: 1 })).items.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
}
