import { Worker } from "kagzi";
import { LedgerClient } from "../ledger-client.ts";
import { ORDER_LIMITS, orderWorkflows } from "./orders.ts";

// A worker process for the crash tests of events, limits and schedules: LEDGER is the socket of the ledger.
const ledger = await LedgerClient.open(process.env["LEDGER"] ?? "");
const workflows = orderWorkflows((entry) => ledger.append(entry));
const limits = { api: { concurrency: ORDER_LIMITS.api } };
const worker = new Worker({ workflows, limits, concurrency: 150 });
const running = worker.run();
await worker.start();
process.send?.("ready");
await running;
process.exit();
