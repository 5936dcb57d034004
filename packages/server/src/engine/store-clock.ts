import type { Instant } from "@kagzi/core";
import type { Env } from "./env.ts";

/** A store's clock that is this much behind what we thought was set back. */
const SET_BACK_MS = 1000;

/**
 * What time it is at the store, at least: the last time it told us, and what has passed here since. Good for telling
 * workers when to ask for the end of a wait; whether it is over, the store decides.
 */
export class StoreClock {
  readonly #env: Env;
  #told: Instant = 0;
  #at = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  observe(now: Instant): void {
    const estimate = this.now();
    if (now <= estimate && now > estimate - SET_BACK_MS) return;
    this.#told = now;
    this.#at = this.#env.now();
  }

  now(): Instant {
    return Math.floor(this.#told + this.#env.now() - this.#at);
  }
}
