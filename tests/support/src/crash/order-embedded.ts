import { embedded } from "@kagzi/embedded";
import { Client, Worker } from "kagzi";
import { LedgerClient } from "../ledger-client.ts";
import { ORDER_LIMITS, orderOf, orderWorkflows, placeOrder, settleOrders } from "./orders.ts";

// Engine, worker and client in one process, for the crash tests of events, limits and schedules. It places every order and
// ends when all is done; killed before that, it is to be started again.
const ledger = await LedgerClient.open(process.env["LEDGER"] ?? "");
const engine = await embedded(process.env["DB"] ?? "", { config: { leaseMs: Number(process.env["LEASE_MS"]) } });
const client = new Client({ connection: engine });
const workflows = orderWorkflows((entry) => ledger.append(entry));
const limits = { api: { concurrency: ORDER_LIMITS.api } };
const worker = new Worker({ connection: engine, workflows, limits, concurrency: 300 });
await worker.start();
process.send?.("ready");
await Promise.all(Array.from({ length: Number(process.env["RUNS"]) }, (_, n) => placeOrder([client], orderOf(n))));
await settleOrders(client);
await worker.stop();
await engine.close();
process.exit();
