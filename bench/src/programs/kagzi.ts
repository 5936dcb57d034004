import { embedded } from "@kagzi/embedded";
import { Client, type Connection, Worker, type WorkerOptions, workflow } from "kagzi";
import type { Marks } from "./marks.ts";
import { type ClientRole, type Place, type Program, type WorkerRole, inChunks } from "./program.ts";

interface Steps {
  readonly n: number;
  readonly steps: number;
}

interface Sleep {
  readonly n: number;
  readonly dueAt: number;
}

/** How a client and a worker reach their engine. */
type Reach = (place: Place) => Promise<{ readonly url: string } | { readonly connection: Connection }>;

/** Runs whose code has come to its end and that are not over. Asked for one status at a time, which costs next to nothing. */
const OPEN = ["pending", "running"] as const;
/** Runs of one call, and calls under way at once. */
const CHUNK = 500;
const CALLS = 4;
const CONCURRENCY = Number(process.env["BENCH_CONCURRENCY"] ?? 4000);

/** Kagzi through a server: client and worker in processes of their own. */
export function overServer(): Program {
  return programOf("the server's defaults", async ({ url }) => ({ url }));
}

/** Kagzi in one process. */
export function inOneProcess(): Program {
  let engine: Awaited<ReturnType<typeof embedded>> | undefined;
  const program = programOf("embedded, synchronous=FULL", async ({ url }) => {
    engine ??= await embedded(url);
    return { connection: engine };
  });
  // The client connects first and closes last.
  const close = async () => {
    await program.client.close();
    await engine?.close();
  };
  return { ...program, client: { ...program.client, close } };
}

function programOf(where: string, reach: Reach): Program {
  const settings = `${where}; worker with concurrency ${CONCURRENCY}; startMany with ${CHUNK} runs, ${CALLS} calls at once`;
  return { settings, client: clientOf(reach), worker: workerOf(reach) };
}

function clientOf(reach: Reach): ClientRole {
  let client: Client | undefined;
  const connected = () => client ?? fail();
  const startAll = (
    name: string,
    { count, first }: { first: number; count: number },
    inputOf: (n: number) => unknown,
  ): Promise<void> =>
    inChunks({ first, count, size: CHUNK, atOnce: CALLS }, (numbers) =>
      connected().startMany(
        name,
        numbers.map((n) => ({ input: inputOf(n) })),
      ),
    );
  return {
    connect: async (place) => {
      client = new Client(await reach(place));
    },
    start: ({ steps, ...range }) => startAll("steps", range, (n) => ({ n, steps })),
    run: async (input) => {
      const run = await connected().start("steps", input);
      await run.result();
    },
    sleep: ({ dueAt, ...range }) => startAll("sleeper", range, (n) => ({ n, dueAt })),
    isSettled: async () => {
      for (const status of OPEN) {
        if ((await connected().runs.list({ status }).page({ size: 1 })).items.length > 0) return false;
      }
      return true;
    },
    close: async () => client?.close(),
  };
}

function workerOf(reach: Reach): WorkerRole {
  let options: WorkerOptions | undefined;
  let worker: Worker | undefined;
  const end = async () => {
    await worker?.stop();
    worker = undefined;
  };
  return {
    connect: async (place, marks) => {
      options = { ...(await reach(place)), workflows: workflowsOf(marks), concurrency: CONCURRENCY };
    },
    begin: async () => {
      worker = new Worker(options ?? fail());
      await worker.start();
    },
    end,
    close: end,
  };
}

function workflowsOf(marks: Marks) {
  const steps = workflow("steps", async (ctx, { n, steps: count }: Steps) => {
    let sum = n;
    for (let index = 0; index < count; index++) {
      const before = sum;
      sum = await ctx.step("add", () => {
        marks.step(n, index);
        return before + index;
      });
    }
    marks.ended(n);
    return sum;
  });
  const sleeper = workflow("sleeper", async (ctx, { dueAt, n }: Sleep) => {
    await ctx.sleepUntil("until due", new Date(dueAt));
    marks.woke(n, dueAt);
    marks.ended(n);
    return n;
  });
  return [steps, sleeper];
}

function fail(): never {
  throw new Error("not connected");
}
