import { Worker, workflow } from "kagzi";
import { LedgerClient } from "../ledger-client.ts";
import { chainWorkflows } from "./chain.ts";

// A worker process for the crash tests: LEDGER is the socket of the ledger, NAME is how it signs there.
const ledger = await LedgerClient.open(process.env["LEDGER"] ?? "");
const chain = chainWorkflows(process.env["NAME"] ?? "", (entry) => ledger.append(entry));
/** A function that lets nothing else happen in this process for a while. */
const block = workflow("block", async (ctx, input: { readonly ms: number }) =>
  ctx.step("spin", async ({ attempt }) => {
    const nonce = String(attempt);
    await ledger.append({ kind: "exec", run: ctx.runId, step: "spin", attempt, nonce, saw: [], by: "block" });
    for (const end = performance.now() + input.ms; performance.now() < end;);
    return "done";
  }),
);
const worker = new Worker({ workflows: [...chain, block], concurrency: 150 });
const running = worker.run();
await worker.start();
process.send?.("ready");
await running;
process.exit();
