import { type Connection, type LimitOptions, type Logger, type PayloadCodec, Worker, type Workflow } from "kagzi";
import type { WorkResponse } from "@kagzi/proto";
import type { Mocks } from "./mocks.ts";
import type { VirtualClock, VirtualTimers } from "./virtual-time.ts";

/** What a worker of a test is made of. */
export interface MortalOptions {
  readonly connection: Connection;
  readonly workflows: readonly Workflow<unknown, unknown>[];
  readonly clock: VirtualClock;
  readonly timers: VirtualTimers;
  readonly mocks: Mocks;
  readonly logger: Logger;
  readonly codec?: PayloadCodec;
  readonly concurrency?: number;
  readonly limits?: Readonly<Record<string, LimitOptions>>;
  /** Sees what the server says before the worker hears it. */
  readonly onMessage?: (message: WorkResponse) => void;
}

const NEVER = new Promise<never>(() => {});

/** A worker that can be lost like one whose process is killed: it says nothing more, and does nothing more. */
export class MortalWorker {
  readonly worker: Worker;
  readonly #options: MortalOptions;
  readonly #over = new AbortController();
  /** Functions of steps that are running. */
  readonly running = new Set<string>();

  constructor(options: MortalOptions) {
    this.#options = options;
    const { clock, codec, concurrency, limits, logger, mocks, timers, workflows } = options;
    this.worker = new Worker({
      connection: this.#connection(),
      workflows,
      logger,
      runtime: { now: clock.read, setTimer: timers.set, random: Math.random },
      intercept: async (step, run) => {
        if (this.isDead) return NEVER;
        const what = `${step.workflow}/${step.key} (attempt ${step.attempt}) of ${step.runId}`;
        this.running.add(what);
        try {
          return await mocks.run(step, run);
        } finally {
          this.running.delete(what);
        }
      },
      ...(codec !== undefined && { codec }),
      ...(concurrency !== undefined && { concurrency }),
      ...(limits !== undefined && { limits }),
    });
  }

  get isDead(): boolean {
    return this.#over.signal.aborted;
  }

  /** The process of the worker is gone. Nobody knows yet. */
  die(): void {
    this.#over.abort();
  }

  /** The worker is gone, and its runs go back, as they do when a lease has ended. */
  async kill(): Promise<void> {
    this.die();
    const { connection } = this.#options;
    await connection.workers.deregister({ workerId: this.worker.id ?? "", namespaceId: "default" });
  }

  #connection(): Connection {
    const { connection, onMessage } = this.#options;
    const over = this.#over.signal;
    const workers: Connection["workers"] = {
      ...connection.workers,
      work: (requests, options) => {
        const signal = options?.signal === undefined ? over : AbortSignal.any([over, options.signal]);
        return heard(connection.workers.work(untilDead(requests, over), { ...options, signal }), over, onMessage);
      },
    };
    return { ...connection, workers };
  }
}

async function* untilDead<Request>(requests: AsyncIterable<Request>, over: AbortSignal): AsyncGenerator<Request> {
  for await (const request of requests) {
    if (over.aborted) await NEVER;
    yield request;
  }
}

async function* heard(
  messages: AsyncIterable<WorkResponse>,
  over: AbortSignal,
  onMessage: MortalOptions["onMessage"],
): AsyncGenerator<WorkResponse> {
  for await (const message of messages) {
    onMessage?.(message);
    // The server sees the stream end; the worker sees nothing any more.
    if (over.aborted) break;
    yield message;
  }
  if (over.aborted) await NEVER;
}
