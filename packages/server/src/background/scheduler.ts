import type { Engine } from "../engine/engine.ts";
import { sleep } from "../engine/env.ts";
import { errorField } from "../engine/log.ts";

/**
 * Fires schedules when they are due: at the next time that is known, after each change that was made here, and at least
 * at every poll, for what others have changed. Answers with a way to stop.
 */
export function startScheduler({ context, scheduleFires, schedules }: Engine): () => Promise<void> {
  const { config, env, log } = context;
  const stop = new AbortController();
  let nap = new AbortController();
  const wake = () => nap.abort();
  schedules.onChange(wake);
  stop.signal.addEventListener("abort", wake);
  const run = async () => {
    while (!stop.signal.aborted) {
      // A change while the pass is made may be one that it has not seen.
      nap = new AbortController();
      const { signal } = nap;
      const waitMs = await scheduleFires.pass().catch((error: unknown) => {
        log.warn("the search for due schedules failed and will be tried again", { error: errorField(error) });
        return undefined;
      });
      if (!stop.signal.aborted) await sleep(env, Math.min(waitMs ?? config.pollMs, config.pollMs), signal);
    }
  };
  const running = run();
  return async () => {
    stop.abort();
    await running;
  };
}
