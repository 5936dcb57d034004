import type { CallOptions } from "@connectrpc/connect";
import { KagziError } from "./error.ts";
import { fromConnectError } from "./error-detail.ts";
import { type Runtime, pause } from "./runtime.ts";
import { Turns } from "./turns.ts";

/** How long a call is made again while no server can be reached. */
export const PATIENCE_MS = 30_000;

/** Calls that a client has under way at once, at first and at most: enough for the largest batches. */
const CALLS = { first: 100, most: 1000 };
/** And those that servers hold: a connection carries so many and leaves room for the others. */
const HELD_CALLS = { first: 5000, most: 5000 };

/** The calls of a client: as many as it likes, of which so many are under way at once and the rest wait their turn. */
export class ClientCalls {
  readonly own = new Turns(CALLS);
  readonly held = new Turns(HELD_CALLS);
}

/** How a call is made. */
export interface CallSettings {
  readonly runtime: Runtime;
  /** Whose call it is; without, it is made at once. */
  readonly calls?: ClientCalls;
  readonly signal?: AbortSignal | undefined;
  /** Default {@link PATIENCE_MS}. */
  readonly patienceMs?: number;
  /** Of one try; the server's answer is not waited for any longer. */
  readonly timeoutMs?: number;
  /** The server keeps the call until it has something to say: one that breaks after a while shows that it had been there. */
  readonly isHeld?: boolean;
}

/** What a server asks for is doubled up to this. */
const LONGEST_ASKED_MS = 2000;

/** A call that breaks after so long was held by a server, and did not wait for one. */
const HELD_MS = 1000;

/**
 * Makes a call that may safely be made twice, again and again while the server is UNAVAILABLE and patience lasts. One that
 * says when to come again is not asked before.
 * @throws KagziError whatever the server says
 */
export async function call<Answer>(
  settings: CallSettings,
  make: (options: CallOptions) => Promise<Answer>,
): Promise<Answer> {
  const { calls, isHeld = false, signal } = settings;
  const turns = isHeld ? calls?.held : calls?.own;
  if (turns === undefined) return tryAgain(settings, make);
  return turns.take(signal, async () => {
    const answer = await tryAgain(settings, make, () => turns.refused());
    turns.done();
    return answer;
  });
}

async function tryAgain<Answer>(
  settings: CallSettings,
  make: (options: CallOptions) => Promise<Answer>,
  onRefused?: () => void,
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
      if (error.retryAfter === undefined) await pause(runtime, backoffMs(runtime, tries), signal);
      else {
        onRefused?.();
        await pause(runtime, askedMs(runtime, error.retryAfter, tries), signal);
      }
    }
  }
}

/** The wait that the server asks for, twice as long each time, spread so that not everyone it asked comes back at once. */
function askedMs(runtime: Runtime, retryAfterMs: number, tries: number): number {
  const longest = Math.max(retryAfterMs, LONGEST_ASKED_MS);
  return Math.min(longest, retryAfterMs * 2 ** Math.min(tries - 1, 10)) * (1 + runtime.random() / 2);
}

/** A wait that doubles from about 50 ms to about 2 s, spread so that not everyone comes back at once. */
export function backoffMs(runtime: Runtime, tries: number): number {
  return Math.min(2000, 50 * 2 ** Math.min(tries - 1, 10)) * (0.5 + runtime.random() / 2);
}

function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new KagziError("CANCELLED", "the call was given up by its caller", { cause: signal.reason });
}
