import type { Client, RunHandle, Workflow } from "kagzi";
import { until } from "./parts.ts";

/** Runs started in one call. */
const CHUNK = 500;
/** Calls under way at once. */
const CALLS = 4;

/** Starts runs as fast as the engine takes them, the n-th with `inputOf(n)`. */
export async function startAll<Input, Output>(
  client: Client,
  workflow: Workflow<Input, Output>,
  { inputOf, runs }: { readonly runs: number; readonly inputOf: (n: number) => Input },
): Promise<readonly RunHandle<Output>[]> {
  const handles: RunHandle<Output>[] = [];
  const starter = async (first: number) => {
    for (let n = first; n < runs; n += CHUNK * CALLS) {
      const items = Array.from({ length: Math.min(CHUNK, runs - n) }, (_, index) => ({ input: inputOf(n + index) }));
      handles.push(...(await client.startMany(workflow, items)));
    }
  };
  await Promise.all(Array.from({ length: CALLS }, (_, call) => starter(call * CHUNK)));
  return handles;
}

/** Starts as many runs as fast as the engine takes them, and waits until the last one has ended. */
export async function drain(client: Client, workflow: Workflow<{ n: number }, number>, runs: number): Promise<void> {
  await allEnded(client, await startAll(client, workflow, { runs, inputOf: (n) => ({ n }) }));
}

/** Waits for the runs that were started last, until none is left that has not ended. */
async function allEnded(client: Client, handles: readonly RunHandle<unknown>[]): Promise<void> {
  const open = ["pending", "running", "sleeping", "waiting", "paused"] as const;
  await handles.at(-1)?.result();
  for (;;) {
    const { items } = await client.runs.list({ status: open }).page({ size: 50 });
    if (items.length === 0) return;
    await Promise.all(items.map(({ id }) => client.run(id).result()));
  }
}

/** Resolves when nothing is ready and nothing runs: all have ended, or wait. Asked one state at a time, which is cheap. */
export async function untilQuiet(client: Client): Promise<void> {
  const none = async (status: "pending" | "running") =>
    (await client.runs.list({ status }).page({ size: 1 })).items.length === 0;
  await until(async () => (await none("pending")) && (await none("running")), 10);
}
