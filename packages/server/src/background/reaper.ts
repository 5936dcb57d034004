import { KagziError, type ErrorDetail, decideTakeover } from "@kagzi/core";
import type { Engine } from "../engine/engine.ts";
import type { Health } from "./health.ts";

/** Leases taken back in one transaction at most. */
const BATCH = 200;

/**
 * Takes back the runs of workers that were not heard of in time. It holds its judgement until it has itself been awake,
 * with a store that answered, for most of a lease: a server that was suspended, or cut off from its database together
 * with everyone else, must not take silence for death.
 */
export class Reaper {
  readonly #engine: Engine;
  readonly #health: Health;
  #lastPass: number;
  #awakeSince: number;

  constructor(engine: Engine, health: Health) {
    this.#engine = engine;
    this.#health = health;
    this.#lastPass = engine.context.env.now();
    this.#awakeSince = this.#lastPass;
  }

  /** How often to look: a lost worker is noticed soon after its lease ends. */
  get everyMs(): number {
    return Math.max(10, this.#engine.context.config.leaseMs / 8);
  }

  async run(): Promise<void> {
    const { config, store } = this.#engine.context;
    if (!this.#mayJudge()) return;
    for (;;) {
      const lapsed = await store.workers.lapsed(BATCH);
      if (lapsed.length === 0) break;
      const taken = await store.workers.takeOver(lapsed.map((lease) => ({ lease, takeover: decideTakeover(lease) })));
      if (taken.length === 0) break;
      this.#tell(taken.length, lapsed);
      for (const runId of taken) this.#engine.waiters.ended(runId);
      if (lapsed.length < BATCH) break;
    }
    await store.workers.sweep(config.forgetWorkersAfterMs);
  }

  #mayJudge(): boolean {
    const { config, env } = this.#engine.context;
    const now = env.now();
    if (now - this.#lastPass > Math.max(this.everyMs * 4, config.leaseMs / 2)) this.#awakeSince = now;
    this.#lastPass = now;
    const graceMs = (config.leaseMs * 2) / 3;
    return Math.min(now - this.#awakeSince, this.#health.servingForMs) >= graceMs;
  }

  #tell(count: number, leases: readonly { readonly runId: string }[]): void {
    this.#engine.context.log.warn("runs of lost workers go back", {
      count,
      runIds: leases.slice(0, 20).map((lease) => lease.runId),
    });
    this.#engine.dispatcher.lookAgain();
  }
}

/** Fails runs that were given a time to end in and have not ended. */
export async function failOverdueRuns(engine: Engine): Promise<void> {
  const overdue = await engine.context.store.runs.overdue(BATCH);
  for (const reference of overdue)
    await engine.end({ ...reference, status: "failed", error: overdueError(reference.runId) });
}

function overdueError(runId: string): ErrorDetail {
  const message = `run ${runId} did not end before its deadline: give it a longer timeout, or find out what it waited for`;
  return new KagziError("TIMEOUT", message, { nonRetryable: true, subject: "run", subjectId: runId }).detail;
}
