import { Worker } from "kagzi";
import { tenSteps } from "../workflows.ts";
import { SCALE_WORKFLOWS } from "./workflows.ts";

// The worker process of these measurements: says when it is ready, and stops when it is asked to.
const concurrency = Number(process.env["BENCH_CONCURRENCY"] ?? 1000);
const worker = new Worker({ workflows: [...SCALE_WORKFLOWS, tenSteps], concurrency });
const running = worker.run();
await worker.start();
process.send?.("ready");
await running;
process.exit();
