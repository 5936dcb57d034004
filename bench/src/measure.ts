import type { Client, RunHandle, Workflow } from "kagzi";

/** Runs started in one call. */
const CHUNK = 500;
/** Calls under way at once. */
const CALLS = 4;

/** Starts runs as fast as the engine takes them, waits for the last result, and gives the seconds that took. */
export async function drain(client: Client, workflow: Workflow<{ n: number }, number>, runs: number): Promise<number> {
  const begin = performance.now();
  const handles: RunHandle<number>[] = [];
  const starter = async (first: number) => {
    for (let n = first; n < runs; n += CHUNK * CALLS) {
      const items = Array.from({ length: Math.min(CHUNK, runs - n) }, (_, index) => ({ input: { n: n + index } }));
      handles.push(...(await client.startMany(workflow, items)));
    }
  };
  await Promise.all(Array.from({ length: CALLS }, (_, call) => starter(call * CHUNK)));
  await allEnded(client, handles);
  return (performance.now() - begin) / 1000;
}

/** Waits for the runs that were started last, until none is left that has not ended. */
async function allEnded(client: Client, handles: readonly RunHandle<number>[]): Promise<void> {
  const open = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  await handles.at(-1)?.result();
  for (;;) {
    const { items } = await client.runs.list({ status: open }).page({ size: 50 });
    if (items.length === 0) return;
    await Promise.all(items.map(({ id }) => client.run(id).result()));
  }
}

/** The value below which that share of sorted numbers lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
