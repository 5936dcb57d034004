import { setMaxListeners } from "node:events";
import type { EngineContext } from "../engine/engine.ts";
import { sleep } from "../engine/env.ts";
import { errorField } from "../engine/log.ts";

/** Something that is done again and again. */
export interface Loop {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

/**
 * Runs each loop at about its interval, never twice at once, until stopped. A pass that fails is logged and followed by
 * the next one, for ever: what a database's absence stops, its return starts again.
 */
export function startLoops(context: EngineContext, loops: readonly Loop[]): () => Promise<void> {
  const stop = new AbortController();
  // Each loop listens for its end, however many there are.
  setMaxListeners(0, stop.signal);
  const running = loops.map((loop) => repeat(context, loop, stop.signal));
  return async () => {
    stop.abort();
    await Promise.all(running);
  };
}

async function repeat({ env, log }: EngineContext, loop: Loop, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    // Spread, so that servers that were started together do not ask together.
    await sleep(env, loop.everyMs * (0.75 + env.random() / 2), stop);
    if (stop.aborted) return;
    try {
      await loop.run();
    } catch (error) {
      log.warn(`${loop.name} failed and will be tried again`, { error: errorField(error) });
    }
  }
}
