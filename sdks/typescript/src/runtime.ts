import { newRunId } from "./client/run-id.ts";

/** What the SDK takes from the world: time, timers, chance and ids. Tests bring their own. */
export interface Runtime {
  /** Milliseconds that only go forward, from no particular start. */
  readonly now: () => number;
  /** Calls `run` once after `ms` at least; answers with a way to call it off. */
  readonly setTimer: (ms: number, run: () => void) => () => void;
  /** [0, 1). */
  readonly random: () => number;
  /** Makes the ids of runs and events, each greater than the one before; default: UUIDv7 of the computer's time. */
  readonly newId?: () => string;
}

/** Node fires a timer for a longer span at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemRuntime = {
  now: () => performance.now(),
  setTimer: (ms: number, run: () => void) => {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  random: Math.random,
  newId: newRunId,
} satisfies Runtime;

/** A wait of `ms`, cut short by `signal`. Never rejects. */
export function pause(runtime: Runtime, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const cancel = runtime.setTimer(ms, () => {
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
