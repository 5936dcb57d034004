import { Worker } from "kagzi";
import { openJournals } from "./journal.ts";
import { processOrder } from "./process-order.ts";

// A worker for process-order: KAGZI_URL is the server's address, ORDERS_FOLDER where the payment provider keeps its books.
const journals = openJournals(process.env["ORDERS_FOLDER"] ?? ".");
const nothing = () => {};
const logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: (line: string) => process.stderr.write(`${line}\n`),
};
const worker = new Worker({ workflows: [processOrder(journals)], concurrency: 50, logger });
await worker.run();
