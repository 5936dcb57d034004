import { LedgerClient } from "@kagzi/test-support";
import { Client, KagziError, Worker } from "kagzi";
import { TRY_AGAIN } from "./attended.ts";
import { pause } from "./chance.ts";
import type { ChaosEntry } from "./entries.ts";
import { API_SLOTS, chaosWorkflows } from "./workflows.ts";

// A worker process of the chaos tests: LEDGER is the socket of the ledger, NAME is how it signs there.
const ledger = await LedgerClient.open<ChaosEntry>(process.env["LEDGER"] ?? "");
const name = process.env["NAME"] ?? "";
const workflows = chaosWorkflows(name, (entry) => ledger.append(entry));
const worker = new Worker({ workflows, limits: { api: { concurrency: API_SLOTS } }, concurrency: 60 });
const running = worker.run().catch(giveUp);
await worker.start().catch(giveUp);
process.send?.("ready");
void watch(Number(process.env["LEASE_MS"]) / 3);
await running;
process.exit();

/** Makes a call as often as heartbeats are sent, and notes what they would suffer. */
async function watch(everyMs: number): Promise<never> {
  const client = new Client();
  for (;;) {
    const begun = performance.now();
    await client.namespaces.get("default").catch(() => {});
    await pause(everyMs);
    const ms = Math.round(performance.now() - begun);
    if (ms > 2 * everyMs) await ledger.append({ kind: "slow", by: name, ms });
  }
}

/** A worker that finds no server for half a minute ends, to be started again. */
function giveUp(error: unknown): never {
  if (error instanceof KagziError && error.code === "UNAVAILABLE") process.exit(TRY_AGAIN);
  throw error;
}
