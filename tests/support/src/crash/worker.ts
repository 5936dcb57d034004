import { Worker } from "kagzi";
import { LedgerClient } from "../ledger-client.ts";
import { chainWorkflow } from "./chain.ts";

// A worker process for the crash tests: LEDGER is the socket of the ledger, NAME is how it signs there.
const ledger = await LedgerClient.open(process.env["LEDGER"] ?? "");
const chain = chainWorkflow(process.env["NAME"] ?? "", (entry) => ledger.append(entry));
const worker = new Worker({ workflows: [chain], concurrency: 150 });
const running = worker.run();
await worker.start();
process.send?.("ready");
await running;
process.exit();
