import type { CallOptions } from "@connectrpc/connect";
import { KagziError } from "./error.ts";
import { fromConnectError } from "./error-detail.ts";
import { type Runtime, pause } from "./runtime.ts";

/** How long a call is made again while no server can be reached. */
export const PATIENCE_MS = 30_000;

/** How a call is made. */
export interface CallSettings {
  readonly runtime: Runtime;
  readonly signal?: AbortSignal | undefined;
  /** Default {@link PATIENCE_MS}. */
  readonly patienceMs?: number;
  /** Of one try; the server's answer is not waited for any longer. */
  readonly timeoutMs?: number;
  /** The server keeps the call until it has something to say: one that breaks after a while shows that it had been there. */
  readonly isHeld?: boolean;
}

/** A call that breaks after so long was held by a server, and did not wait for one. */
const HELD_MS = 1000;

/**
 * Makes a call that may safely be made twice, again and again while the server is UNAVAILABLE and patience lasts.
 * @throws KagziError whatever the server says
 */
export async function call<Answer>(
  settings: CallSettings,
  make: (options: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const { runtime, signal, patienceMs = PATIENCE_MS, timeoutMs, isHeld = false } = settings;
  const options = { ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) };
  let unavailableSince: number | undefined;
  for (let tries = 1; ; tries++) {
    checkNotAborted(signal);
    const begun = runtime.now();
    try {
      return await make(options);
    } catch (thrown) {
      const error = fromConnectError(thrown);
      checkNotAborted(signal);
      if (isHeld && runtime.now() - begun >= HELD_MS) unavailableSince = undefined;
      unavailableSince ??= runtime.now();
      const patient = runtime.now() - unavailableSince < patienceMs;
      if (error.code !== "UNAVAILABLE" || !patient) throw error;
      await pause(runtime, backoffMs(runtime, tries), signal);
    }
  }
}

/** A wait that doubles from about 50 ms to about 2 s, spread so that not everyone comes back at once. */
export function backoffMs(runtime: Runtime, tries: number): number {
  return Math.min(2000, 50 * 2 ** Math.min(tries - 1, 10)) * (0.5 + runtime.random() / 2);
}

function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new KagziError("CANCELLED", "the call was given up by its caller", { cause: signal.reason });
}
