import type { Client } from "kagzi";
import { type Figure, median } from "../figures.ts";
import { until, withFleet, withSqlite } from "./parts.ts";
import { now, resumable } from "./workflows.ts";

const STEPS = Number(process.env["BENCH_RESUME_STEPS"] ?? 10_000);
const ROUNDS = 5;

/** How long a worker that has never seen a run of many steps takes to come to its first new line of code. */
export async function measureResume(): Promise<readonly Figure[]> {
  const served = await withFleet(async (fleet) =>
    figuresOf("server and worker on PostgreSQL", fleet.client, async () => {
      const worker = await fleet.startWorker();
      return () => worker.stop();
    }),
  );
  const embedded = await withSqlite(async (alone) =>
    figuresOf("embedded on SQLite", alone.client, async () => {
      const worker = alone.newWorker();
      await worker.start();
      return () => worker.stop();
    }),
  );
  return [...served, ...embedded];
}

async function figuresOf(
  name: string,
  client: Client,
  startWorker: () => Promise<() => Promise<unknown>>,
): Promise<Figure[]> {
  const run = await client.start(resumable, { steps: STEPS, waits: ROUNDS });
  const sent: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const stop = await startWorker();
    if (round > 0) {
      sent.push(now());
      await run.send("go");
    }
    if (round < ROUNDS) await until(async () => (await run.status()).status === "waiting");
    else await run.result();
    await stop();
  }
  const took = (await run.result()).map((at, round) => at - (sent[round] ?? 0));
  return [
    {
      name: `${name}: a run of ${STEPS} steps goes on in a new worker, from the event that wakes it`,
      value: median(took),
      unit: "ms",
      bar: 500,
      goal: 150,
    },
  ];
}
