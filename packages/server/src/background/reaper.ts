import { type GivenBack, type LapsedLease, decideTakeover } from "@kagzi/core";
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
      const taken = await this.#takeBack(lapsed);
      if (taken === 0) break;
      this.#tell(taken, lapsed);
      if (lapsed.length < BATCH) break;
    }
    await store.workers.sweep(config.forgetWorkersAfterMs);
  }

  /** How many runs go back, or end because they have taken too many workers down. */
  async #takeBack(lapsed: readonly LapsedLease[]): Promise<number> {
    const { operations, context } = this.#engine;
    const back: GivenBack[] = [];
    let ended = 0;
    for (const lease of lapsed) {
      const takeover = decideTakeover(lease, context.env.random());
      if (takeover.become === "pending") back.push({ lease, takeover });
      else {
        const end = { do: "end", status: "failed", error: takeover.error, epoch: lease.epoch } as const;
        const { after, before } = await operations.operateOn(lease, end);
        if (before !== after) ended += 1;
      }
    }
    const taken = back.length === 0 ? [] : await context.store.workers.takeOver(back);
    return taken.length + ended;
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
