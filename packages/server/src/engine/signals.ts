import type { NamespaceId, Touched, WorkerId } from "@kagzi/core";
import type { Dispatcher } from "./dispatcher.ts";
import type { EngineContext } from "./engine.ts";
import type { HintOutbox } from "./hint-outbox.ts";
import { errorField } from "./log.ts";
import type { Workers } from "./workers.ts";

/** Brings word to runs that somebody had something for: to their workers, or to whoever may claim them. */
export class Signals {
  readonly #context: EngineContext;
  readonly #dispatcher: Dispatcher;
  readonly #hints: HintOutbox;
  readonly #workers: Workers;
  /** Workers for which something may have counted as heard that never reached them. */
  readonly #doubtful = new Set<WorkerId>();

  constructor(
    context: EngineContext,
    parts: { readonly dispatcher: Dispatcher; readonly hints: HintOutbox; readonly workers: Workers },
  ) {
    this.#context = context;
    this.#dispatcher = parts.dispatcher;
    this.#hints = parts.hints;
    this.#workers = parts.workers;
  }

  /** The store has something new for this run. Resolves when its worker, if it is at this server, has been sent it. */
  async touched(run: Touched): Promise<void> {
    if (run.status === "pending") {
      this.#dispatcher.ready(run);
      this.#hints.ready(run);
    } else if (run.status === "running" && run.workerId !== undefined) {
      if (this.#workers.isCrowded(run.workerId)) return;
      if (this.#workers.isHere(run.workerId)) await this.hear(run.namespaceId, [run.workerId]);
      else this.#hints.signal(run.namespaceId, run.workerId);
    }
  }

  /** Brings workers of this server what they have not heard of their runs. If that fails, the next look finds it. */
  async hear(namespaceId: NamespaceId, workerIds: readonly WorkerId[]): Promise<void> {
    try {
      await this.#hear(namespaceId, workerIds);
    } catch (error) {
      this.#context.log.debug("workers could not be told of signals", { error: errorField(error) });
    }
  }

  /** Looks for signals to all workers of this server: word of them may have been lost. */
  async look(): Promise<void> {
    for (const [namespaceId, workerIds] of this.#workers.here()) await this.#hear(namespaceId, workerIds);
    for (const workerId of this.#doubtful) {
      await this.#workers.remind(workerId);
      this.#doubtful.delete(workerId);
    }
  }

  async #hear(namespaceId: NamespaceId, workerIds: readonly WorkerId[]): Promise<void> {
    const { config, store } = this.#context;
    try {
      const heard = await store.inbox.hear(namespaceId, workerIds, config.pageBytes);
      this.#workers.signal(heard);
    } catch (error) {
      for (const workerId of workerIds) this.#doubtful.add(workerId);
      throw error;
    }
  }
}
