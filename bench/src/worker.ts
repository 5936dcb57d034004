import { Worker } from "kagzi";
import { oneStep, tenSteps } from "./workflows.ts";

// The worker process of the benchmark: says when it is ready, and stops with its parent.
const concurrency = Number(process.env["BENCH_CONCURRENCY"] ?? 1000);
const worker = new Worker({ workflows: [tenSteps, oneStep], concurrency });
await worker.start();
process.send?.("ready");
process.once("disconnect", () => void worker.stop().then(() => process.exit()));
