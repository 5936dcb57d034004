import { LedgerClient } from "@kagzi/test-support";
import { KagziError, Worker } from "kagzi";
import { TRY_AGAIN } from "./attended.ts";
import type { ChaosEntry } from "./entries.ts";
import { API_SLOTS, chaosWorkflows } from "./workflows.ts";

// A worker process of the chaos tests: LEDGER is the socket of the ledger, NAME is how it signs there.
const ledger = await LedgerClient.open<ChaosEntry>(process.env["LEDGER"] ?? "");
const workflows = chaosWorkflows(process.env["NAME"] ?? "", (entry) => ledger.append(entry));
const worker = new Worker({ workflows, limits: { api: { concurrency: API_SLOTS } }, concurrency: 60 });
const running = worker.run().catch(giveUp);
await worker.start().catch(giveUp);
process.send?.("ready");
await running;
process.exit();

/** A worker that finds no server for half a minute ends, to be started again. */
function giveUp(error: unknown): never {
  if (error instanceof KagziError && error.code === "UNAVAILABLE") process.exit(TRY_AGAIN);
  throw error;
}
