import type { Client } from "kagzi";
import { print } from "./engines.ts";
import type { Measured } from "./processes.ts";
import { waiter } from "./workflows.ts";

const WAITING = Number(process.env["BENCH_WAITING"] ?? 10_000);
/** Runs started in one call. */
const CHUNK = 500;
/** How often it is looked how far the runs are, which is work for the engine, too. */
const LOOK_MS = 50;
const OPEN = ["pending", "running", "sleeping", "waiting", "paused"] as const;

/** One event for many runs that wait for it: how long until all of them have gone on to their end. */
export async function measureEvents(
  name: string,
  client: Client,
  processes: Readonly<Record<string, Measured>>,
): Promise<void> {
  // Once with few, so that what is measured is warm.
  for (const count of [100, WAITING]) {
    for (let n = 0; n < count; n += CHUNK) {
      const items = Array.from({ length: Math.min(CHUNK, count - n) }, () => ({ input: undefined }));
      await client.startMany(waiter, items);
    }
    await until(async () => {
      const page = client.runs.list({ status: "waiting" }).page({ size: 1, total: true });
      return (await page).total === count;
    });
    const before = Object.entries(processes).map(([process, { cpuSeconds }]) => [process, cpuSeconds()] as const);
    const begin = performance.now();
    await client.send("go", 1);
    const sent = performance.now();
    await until(() => allEnded(client));
    const seconds = (performance.now() - begin) / 1000;
    const cpu = before.map(
      ([process, used]) => `, CPU of ${process} ${((processes[process]?.cpuSeconds() ?? 0) - used).toFixed(2)} s`,
    );
    const about = `sent in ${(sent - begin).toFixed(0)} ms, all ended after ${seconds.toFixed(2)} s${cpu.join("")}`;
    print(`${name}: one event for ${count} runs that wait: ${about}`);
  }
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
