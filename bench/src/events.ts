import type { Client, RunHandle } from "kagzi";
import { type Parts, print } from "./engines.ts";
import { percentile } from "./measure.ts";
import { waiter } from "./workflows.ts";

const WAITING = Number(process.env["BENCH_WAITING"] ?? 10_000);
/** Runs started in one call. */
const CHUNK = 500;
/** How often it is looked how far the runs are, which is work for the engine, too. */
const LOOK_MS = 50;
const OPEN = ["pending", "running", "sleeping", "waiting", "paused"] as const;

/** One event for many runs that wait for it: how long until the code of all of them has gone on, and until all have ended. */
export async function measureEvents(name: string, client: Client, { processes }: Parts): Promise<void> {
  // Once with few, so that what is measured is warm.
  for (const count of [100, WAITING]) {
    const runs: RunHandle<number>[] = [];
    for (let n = 0; n < count; n += CHUNK) {
      const items = Array.from({ length: Math.min(CHUNK, count - n) }, () => ({ input: undefined }));
      runs.push(...(await client.startMany(waiter, items)));
    }
    await until(async () => {
      const page = client.runs.list({ status: "waiting" }).page({ size: 1, total: true });
      return (await page).total === count;
    });
    const before = Object.entries(processes).map(([process, { cpuSeconds }]) => [process, cpuSeconds()] as const);
    const sentAt = Date.now();
    const begin = performance.now();
    await client.send("go", 1);
    const sent = performance.now();
    await until(() => allEnded(client));
    const seconds = (performance.now() - begin) / 1000;
    const cpu = before.map(
      ([process, used]) => `, CPU of ${process} ${((processes[process]?.cpuSeconds() ?? 0) - used).toFixed(2)} s`,
    );
    const woken = (await results(runs)).map((at) => at - sentAt).toSorted((a, b) => a - b);
    const about = `sent in ${(sent - begin).toFixed(0)} ms, the last one went on after ${((woken.at(-1) ?? 0) / 1000).toFixed(2)} s (half of them after ${(percentile(woken, 0.5) / 1000).toFixed(2)} s), all ended after ${seconds.toFixed(2)} s${cpu.join("")}`;
    print(`${name}: one event for ${count} runs that wait: ${about}`);
  }
}

async function results(runs: readonly RunHandle<number>[]): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < runs.length; n += CHUNK) {
    all.push(...(await Promise.all(runs.slice(n, n + CHUNK).map((run) => run.result()))));
  }
  return all;
}

/** Asked for one state at a time, which costs the engine next to nothing. */
async function allEnded(client: Client): Promise<boolean> {
  for (const status of OPEN) {
    if ((await client.runs.list({ status }).page({ size: 1 })).items.length > 0) return false;
  }
  return true;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
