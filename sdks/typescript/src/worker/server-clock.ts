import type { Runtime } from "../runtime.ts";

/** A clock that is this much behind what we thought was set back. */
const SET_BACK_MS = 1000;

/**
 * What time it is at the server's store, at least: the last time it told us, and what has passed here since. The time
 * on the way is not counted, so that a wait that is over by this clock is over by the store's.
 */
export class ServerClock {
  readonly #runtime: Runtime;
  #told = 0;
  #at = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  observe(now: number): void {
    const estimate = this.now();
    if (now <= estimate && now > estimate - SET_BACK_MS) return;
    this.#told = now;
    this.#at = this.#runtime.now();
  }

  now(): number {
    return Math.floor(this.#told + this.#runtime.now() - this.#at);
  }
}
