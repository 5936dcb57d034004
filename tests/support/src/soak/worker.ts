import { Worker } from "kagzi";
import { SOAK_LIMITS, SOAK_WORKFLOWS } from "./workflows.ts";

// A worker process of the soak.
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const worker = new Worker({ workflows: SOAK_WORKFLOWS, limits: SOAK_LIMITS, concurrency: 300, logger: silent });
const running = worker.run();
await worker.start();
process.send?.("ready");
await running;
process.exit();
