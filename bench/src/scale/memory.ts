import type { Program } from "@kagzi/test-support";
import type { RunHandle } from "kagzi";
import { startAll, untilQuiet } from "./drain.ts";
import type { Figure } from "../figures.ts";
import { type Fleet, residentMiB, withFleet } from "./parts.ts";
import { parked } from "./workflows.ts";

const PARKED = Number(process.env["BENCH_PARKED"] ?? 100_000);
const POLLS = Number(process.env["BENCH_POLLS"] ?? 1000);
/** Runs that are woken afterwards: of the first that were parked, and of the last. */
const WOKEN = 200;
/** How long a server is left alone with those who wait. */
const IDLE_MS = 10_000;

/**
 * Programs with a heap of this size, as one would give them that are to be small. With the room of a whole machine Node
 * collects garbage so late that its memory says little about what a program holds.
 */
const HEAP_MB = 150;
const SMALL = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB} --max-semi-space-size=16` };

/** What a worker holds in memory after very many runs were parked in it, and a server while very many wait for it. */
export async function measureMemory(): Promise<readonly Figure[]> {
  const ofServer = await withFleet(waitsAtServer, SMALL);
  const ofWorker = await withFleet(async (fleet) => parkedInWorker(fleet, await fleet.startWorker()), SMALL);
  return [...ofServer, ...ofWorker];
}

async function parkedInWorker({ client, server }: Fleet, worker: Program): Promise<Figure[]> {
  const before = residentMiB(worker);
  let highest = before;
  const watch = setInterval(() => (highest = Math.max(highest, residentMiB(worker))), 100);
  const runs = await startAll(client, parked, { runs: PARKED, inputOf: (n) => ({ n }) });
  await untilQuiet(client);
  clearInterval(watch);
  await wake([...runs.slice(0, WOKEN), ...runs.slice(-WOKEN)]);
  const name = `${PARKED} runs parked through one worker with a heap of ${HEAP_MB} MB`;
  return [
    { name: `${name}: its memory before`, value: before, unit: "MiB" },
    { name: `${name}: its memory`, value: residentMiB(worker), unit: "MiB", bar: 300, goal: 150 },
    { name: `${name}: the most it had meanwhile`, value: highest, unit: "MiB" },
    { name: `${name}: the server's memory`, value: residentMiB(server), unit: "MiB" },
  ];
}

/** Those that the worker has let go must come back as those that it has kept. */
async function wake(runs: readonly RunHandle<number>[]): Promise<void> {
  await Promise.all(runs.map((run) => run.send("go")));
  const results = await Promise.all(runs.map((run) => run.result({ timeout: "1m" })));
  if (results.some((result) => !Number.isInteger(result))) throw new Error("a run came to nothing");
}

/** Half of them poll for tasks, half wait for the end of a run, each over a connection of its own. */
async function waitsAtServer({ client, server, url, ...fleet }: Fleet): Promise<Figure[]> {
  const worker = await fleet.startWorker();
  const run = await client.start(parked, { n: 1 });
  const before = residentMiB(server);
  const over = new AbortController();
  const post = (path: string, body: object) =>
    fetch(`${url}/kagzi.v1.${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: over.signal,
    });
  const again = async (path: string, body: object) => {
    while (!over.signal.aborted)
      await post(path, body)
        .then((answer) => answer.text())
        .catch(() => "");
  };
  const register = { workflowTypes: ["nobody-starts-it"], maxConcurrent: 1 };
  const waits: Promise<void>[] = [];
  for (let n = 0; n < POLLS / 2; n++) {
    const answer = await post("WorkerService/Register", register);
    const { workerId } = (await answer.json()) as { readonly workerId: string };
    waits.push(again("WorkerService/PollTask", { workerId }), again("WorkflowService/WaitWorkflow", { runId: run.id }));
  }
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const value = residentMiB(server);
  over.abort();
  await Promise.all(waits);
  await worker.stop();
  const name = `a server with ${POLLS} long polls and a heap of ${HEAP_MB} MB`;
  return [
    { name: `${name}: its memory before`, value: before, unit: "MiB" },
    { name: `${name}: its memory`, value, unit: "MiB", bar: 200, goal: 120 },
  ];
}
