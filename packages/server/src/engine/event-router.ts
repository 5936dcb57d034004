import type { Touched } from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { sleep } from "./env.ts";
import { errorField } from "./log.ts";
import type { Signals } from "./signals.ts";

/** Waits that are brought an event in one transaction: the rows of their runs are locked meanwhile. */
const BATCH = 500;
/** What another server has locked is done, by it or by us, after so long. */
const BUSY_MS = 20;

/**
 * Brings events of namespaces to the runs that wait for them: after each commit that may have made one fit the other, and
 * once in a while for those that no server has looked at because it was lost in between.
 */
export class EventRouter {
  readonly #context: EngineContext;
  readonly #signals: Signals;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #again = false;

  constructor(context: EngineContext, parts: { readonly signals: Signals }) {
    this.#context = context;
    this.#signals = parts.signals;
  }

  /** An event was sent, or a wait has begun. If it cannot be looked at now, the next pass finds it. */
  kick(): void {
    void this.route().catch((error: unknown) => {
      this.#context.log.debug("events could not be brought to runs yet", { error: errorField(error) });
    });
  }

  /** Resolves when nothing is left to be brought that was there when this was called. */
  route(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#passes();
    return this.#running;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running?.catch(() => {});
  }

  async #passes(): Promise<void> {
    try {
      while (this.#again && !this.#stop.signal.aborted) await this.#pass();
    } finally {
      // At once: whoever asks from now on begins anew, and nobody is told of passes that have come to their end.
      this.#running = undefined;
    }
  }

  async #pass(): Promise<void> {
    const { env, store } = this.#context;
    this.#again = false;
    const { left, touched } = await store.events.route(BATCH);
    this.#tell(touched);
    if (left !== "nothing") this.#again = true;
    if (left === "busy") await sleep(env, BUSY_MS, this.#stop.signal);
    // Others have their turn in between: the first runs go on while the last are still to be brought theirs.
    else if (left === "more") await new Promise((resolve) => setImmediate(resolve));
  }

  #tell(touched: readonly Touched[]): void {
    // Many runs of one worker, or of one kind, are one word.
    const told = new Map(touched.map((run) => [wordOf(run), run]));
    for (const run of told.values()) void this.#signals.touched(run);
  }
}

function wordOf(run: Touched): string {
  const { namespaceId, status, taskQueue, version, workerId, workflowType } = run;
  const about = status === "running" ? [workerId] : [taskQueue, workflowType, version];
  return JSON.stringify([namespaceId, status, ...about]);
}

/** Events deleted in one transaction. */
const EXPIRE_BATCH = 1000;

/** Deletes events that are older than they are kept. */
export async function expireEvents({ config, store }: EngineContext): Promise<void> {
  while ((await store.events.expire(config.eventRetentionMs, EXPIRE_BATCH)) === EXPIRE_BATCH);
}
