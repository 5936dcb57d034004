import { randomBytes } from "node:crypto";
import { type UuidSource, uuidv7Source } from "@kagzi/core";

/** What the engine takes from the world beside its store: time, timers and chance. Tests bring their own. */
export interface Env {
  /** Milliseconds that only go forward, from no particular start. For spans; points in time are the store's. */
  readonly now: () => number;
  /** Calls `run` once after `ms` at least; answers with a way to call it off. */
  readonly setTimer: (ms: number, run: () => void) => () => void;
  /** [0, 1). */
  readonly random: () => number;
  readonly newUuid: UuidSource;
}

/** Node fires a timer for a longer span at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real world. */
export function systemEnv(): Env {
  return {
    now: () => performance.now(),
    setTimer: (ms, run) => {
      const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
      return () => clearTimeout(timer);
    },
    random: Math.random,
    newUuid: uuidv7Source({ now: Date.now, randomBytes: (count) => randomBytes(count) }),
  };
}

/** A wait of `ms`, cut short by `signal`. Never rejects. */
export function sleep(env: Env, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const cancel = env.setTimer(ms, () => {
      signal?.removeEventListener("abort", end);
      resolve();
    });
    const end = () => {
      cancel();
      resolve();
    };
    signal?.addEventListener("abort", end, { once: true });
  });
}
