import { Worker } from "kagzi";
import { oneStep, tenSteps, waiter } from "./workflows.ts";

// The worker process of the benchmark: says when it is ready, and stops when it is asked to.
const concurrency = Number(process.env["BENCH_CONCURRENCY"] ?? 1000);
const worker = new Worker({ workflows: [tenSteps, oneStep, waiter], concurrency });
const running = worker.run();
await worker.start();
process.send?.("ready");
await running;
process.exit();
