import { embedded } from "@kagzi/embedded";
import { Client, Worker } from "kagzi";
import { LedgerClient } from "../ledger-client.ts";
import { chainWorkflows } from "./chain.ts";

// Engine, worker and client in one process, for the crash tests. It starts every run that is not there yet, waits for
// the results of all of them and ends; killed before that, it is to be started again.
const ledger = await LedgerClient.open(process.env["LEDGER"] ?? "");
const engine = await embedded(process.env["DB"] ?? "", { config: { leaseMs: Number(process.env["LEASE_MS"]) } });
const client = new Client({ connection: engine });
const [chain, link] = chainWorkflows("embedded", (entry) => ledger.append(entry));
const worker = new Worker({ connection: engine, workflows: [chain, link], concurrency: 300 });
await worker.start();
process.send?.("ready");
const keys = Array.from({ length: Number(process.env["RUNS"]) }, (_, n) => `order-${n}`);
await Promise.all(
  keys.map(async (key) => {
    await ledger.append({ kind: "start", key });
    const run = await client.start(chain, { key }, { id: key });
    await ledger.append({ kind: "ackStart", key, run: run.id });
    await run.send("go", key, { id: key });
    await ledger.append({ kind: "ackSend", run: run.id, event: key });
    await ledger.append({ kind: "ackResult", run: run.id, output: await run.result() });
  }),
);
await worker.stop();
await engine.close();
process.exit();
