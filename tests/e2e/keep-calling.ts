import type { Client } from "kagzi";

/** Callers that start runs of the workflow `steps` and wait for their results. */
export interface Load {
  /** Runs whose result came. */
  done(): number;
  /** Of all calls that were answered: the time of the slowest, in milliseconds. */
  slowestMs(): number;
  /** Ends it, and answers with what went wrong. */
  stop(): Promise<readonly unknown[]>;
}

/** Twenty callers, until they are stopped. A run of `steps` gives back its input and one more. */
export function keepCalling(client: Client): Load {
  const failures: unknown[] = [];
  const over = new AbortController();
  let done = 0;
  let slowest = 0;
  const timed = async <Result>(call: Promise<Result>) => {
    const begun = performance.now();
    const result = await call;
    slowest = Math.max(slowest, performance.now() - begun);
    return result;
  };
  const caller = async (from: number) => {
    for (let n = from; !over.signal.aborted; n += 100) {
      try {
        const run = await timed(client.start("steps", n));
        if ((await timed(run.result({ timeout: "60s" }))) !== n + 1) failures.push(`another result for ${n}`);
        done += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const callers = Array.from({ length: 20 }, (_, index) => caller(index));
  return {
    done: () => done,
    slowestMs: () => slowest,
    stop: async () => {
      over.abort();
      await Promise.all(callers);
      return failures;
    },
  };
}
