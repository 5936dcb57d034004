import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** `npx` hands a key on that the terminal has sent already: what comes so soon after the first is the same key. */
const SAME_KEY_MS = 500;

/** Resolves with the first signal to stop. With the next one `kill` is called, and the process ends. */
export function firstSignal(kill: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = (signal: (typeof SIGNALS)[number]) => {
      first ??= Date.now();
      resolve(signal);
      if (Date.now() - first <= SAME_KEY_MS) return;
      kill();
      process.exit(128 + constants.signals[signal]);
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
