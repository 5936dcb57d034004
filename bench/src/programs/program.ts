import { type Marks, type RunMark, createMarks } from "./marks.ts";

/** Where a program finds what it works on. */
export interface Place {
  /** Of a database, or of a server. */
  readonly url: string;
  /** An empty folder that is removed afterwards. */
  readonly folder: string;
}

/** Runs to start, numbered from `first` on, each with so many steps. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly steps: number;
}

/** Runs to start that sleep until `dueAt`, in milliseconds since 1970. */
export interface Sleepers {
  readonly first: number;
  readonly count: number;
  readonly dueAt: number;
}

/** Who starts runs. */
export interface ClientRole {
  /** Prepares the tables, too. */
  connect(place: Place): Promise<void>;
  /** Returns once all are accepted. */
  start(batch: Batch): Promise<void>;
  /** Starts one run and waits for its result. Plain job queues have none. */
  run?(run: { readonly n: number; readonly steps: number }): Promise<void>;
  sleep?(sleepers: Sleepers): Promise<void>;
  /** Whether every run that was started is durably over. Cheap: it is asked again and again. */
  isSettled(): Promise<boolean>;
  close(): Promise<void>;
}

/** Who executes them, and marks when it does. */
export interface WorkerRole {
  connect(place: Place, marks: Marks): Promise<void>;
  /** Takes runs from now on. */
  begin(): Promise<void>;
  /** Takes no more runs, and has let go of those it had. */
  end(): Promise<void>;
  close(): Promise<void>;
}

/** One engine as the benchmark sees it; in one process or in two. */
export interface Program {
  /** What was set other than by default, for the results. */
  readonly settings: string;
  readonly client: ClientRole;
  readonly worker: WorkerRole;
}

/** When a run was started and when its result was there. */
export interface Idle {
  readonly n: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What the harness may ask. */
export interface Calls {
  connectClient(place: Place): Promise<string>;
  connectWorker(place: Place): Promise<string>;
  begin(): Promise<void>;
  end(): Promise<void>;
  start(batch: Batch): Promise<void>;
  /** One run after the other, at most so many and for so long. */
  idle(wanted: {
    readonly first: number;
    readonly count: number;
    readonly steps: number;
    readonly budgetMs: number;
  }): Promise<Idle[]>;
  sleep(sleepers: Sleepers): Promise<void>;
  /** Waits until the code of so many runs has come to its end since the last `reset`. */
  ended(count: number): Promise<void>;
  settled(): Promise<void>;
  marks(): Promise<RunMark[]>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** A call, as it goes to the program. */
export interface Request {
  readonly id: number;
  readonly call: keyof Calls;
  readonly argument: unknown;
}

/** What comes back. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly ready: true };

const LOOK_MS = 5;
const REST_MS = 25;

/** Does what the harness asks for, until it is asked to close. */
export function serve(program: Program): void {
  const calls = callsOf(program);
  process.on("message", (message) => {
    const { argument, call, id } = message as Request;
    // Whatever is wrong with the call is told to the harness.
    (calls[call] as (argument: unknown) => Promise<unknown>)(argument).then(
      (value) => process.send?.({ id, value }),
      (error: unknown) =>
        process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  // A harness that is gone wants nothing any more.
  process.on("disconnect", () => process.exit(1));
  process.send?.({ ready: true });
}

function callsOf({ client, settings, worker }: Program): Calls {
  const marks = createMarks();
  const closing: (() => Promise<void>)[] = [];
  return {
    connectClient: async (place) => {
      await client.connect(place);
      closing.unshift(() => client.close());
      return settings;
    },
    connectWorker: async (place) => {
      await worker.connect(place, marks);
      closing.unshift(() => worker.close());
      return settings;
    },
    begin: () => worker.begin(),
    end: () => worker.end(),
    start: (batch) => client.start(batch),
    idle: async ({ budgetMs, count, first, steps }) => {
      const times: Idle[] = [];
      const until = performance.now() + budgetMs;
      for (let n = first; n < first + count && performance.now() < until; n++) {
        const startedAt = now();
        await (client.run?.({ n, steps }) ?? startAndRest(client, n));
        times.push({ n, startedAt, endedAt: now() });
      }
      return times;
    },
    sleep: async (sleepers) => client.sleep?.(sleepers),
    ended: (count) => marks.untilEnded(count),
    settled: async () => {
      while (!(await client.isSettled())) await pause(LOOK_MS);
    },
    marks: async () => marks.all(),
    reset: async () => marks.reset(),
    close: async () => {
      for (const close of closing) await close();
    },
  };
}

/** Where a result cannot be waited for, the next run comes when this one must be over. */
async function startAndRest(client: ClientRole, n: number): Promise<void> {
  await client.start({ first: n, count: 1, steps: 1 });
  await pause(REST_MS);
}

/** Milliseconds by a clock that all processes of the machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Calls `each` for every number from `first` on, with so many calls under way at once. */
export async function inParallel(
  range: { readonly first: number; readonly count: number; readonly atOnce: number },
  each: (n: number) => Promise<unknown>,
): Promise<void> {
  let next = range.first;
  const end = range.first + range.count;
  const lane = async () => {
    while (next < end) await each(next++);
  };
  await Promise.all(Array.from({ length: range.atOnce }, lane));
}

/** The numbers of a range in chunks, with so many chunks under way at once. */
export async function inChunks(
  range: { readonly first: number; readonly count: number; readonly size: number; readonly atOnce: number },
  each: (numbers: number[]) => Promise<unknown>,
): Promise<void> {
  const { atOnce, count, first, size } = range;
  await inParallel({ first: 0, count: Math.ceil(count / size), atOnce }, (chunk) => {
    const begin = first + chunk * size;
    const length = Math.min(size, first + count - begin);
    return each(Array.from({ length }, (_, index) => begin + index));
  });
}
