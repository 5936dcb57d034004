import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WorkRequestSchema, WorkResponse } from "@kagzi/proto";
import { backoffMs } from "../calls.ts";
import type { Connection } from "../connection.ts";
import type { KagziError } from "../error.ts";
import { fromConnectError } from "../error-detail.ts";
import type { Logger } from "../logger.ts";
import { type Runtime, pause } from "../runtime.ts";
import { Gather } from "./gather.ts";

type WorkRequest = MessageInitShape<typeof WorkRequestSchema>;

/** What goes over the stream, and who hears what comes. */
export interface WorkStreamOptions {
  readonly connection: Connection;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** The first message of a new stream: who the worker is, and what of its work has not been answered. */
  readonly hello: () => WorkRequest;
  /** What there is to send now. */
  readonly next: () => WorkRequest;
  readonly onMessage: (message: WorkResponse) => void;
  /** The server does not know the worker. Resolves when it has registered again. */
  readonly onUnknownWorker: () => Promise<void>;
}

/** Messages sent and not yet taken by the transport, of a stream that the server reads slowly, wait in their runs. */
export class WorkStream {
  readonly #options: WorkStreamOptions;
  readonly #stop = new AbortController();
  #gather = new Gather();
  /** Ends the stream that is open. */
  #over = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: WorkStreamOptions) {
    this.#options = options;
  }

  /** There is something to send. */
  notify(): void {
    this.#gather.notify();
  }

  /** Opens the stream, and opens it again whenever it breaks, until it is closed. */
  open(): void {
    this.#running ??= this.#keepOpen();
  }

  /** Opens it anew, with another hello. */
  reopen(): void {
    this.#over.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#gather.end();
    await this.#running;
  }

  async #keepOpen(): Promise<void> {
    const { logger, onUnknownWorker, runtime } = this.#options;
    for (let failures = 0; !this.#stop.signal.aborted;) {
      const opened = runtime.now();
      const error = await this.#once();
      if (this.#stop.signal.aborted) return;
      // A stream that held for a while has been a good one: only what fails at once is waited for longer and longer.
      failures = runtime.now() - opened > 5000 ? 1 : failures + 1;
      logger.warn(`lost the stream to ${this.#options.connection.target}, opening it again`, {
        reason: error?.message,
      });
      if (error?.code === "NOT_FOUND") await onUnknownWorker();
      await pause(runtime, backoffMs(runtime, failures), this.#stop.signal);
    }
  }

  /** One stream, from its beginning to its end. */
  async #once(): Promise<KagziError | undefined> {
    const over = new AbortController();
    this.#over = over;
    const signal = AbortSignal.any([over.signal, this.#stop.signal]);
    this.#gather = new Gather();
    try {
      const incoming = this.#options.connection.workers.work(this.#outgoing(this.#gather), { signal });
      for await (const message of incoming) this.#options.onMessage(message);
      return undefined;
    } catch (error) {
      return fromConnectError(error);
    } finally {
      this.#gather.end();
      over.abort();
    }
  }

  async *#outgoing(gather: Gather): AsyncGenerator<WorkRequest> {
    yield this.#options.hello();
    while (await gather.next()) yield this.#options.next();
  }
}
