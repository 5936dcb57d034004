/** Something that must not outlive the benchmark. */
type CleanUp = () => Promise<unknown> | void;

const pending = new Set<CleanUp>();

/** Remembers what is to be done at the end, whatever happens; answers with a function that does it now, once. */
export function cleanUpLater(cleanUp: CleanUp): () => Promise<void> {
  pending.add(cleanUp);
  return async () => {
    if (pending.delete(cleanUp)) await cleanUp();
  };
}

/** Does all that is left, the latest first. */
export async function cleanUpAll(): Promise<void> {
  for (const each of [...pending].toReversed()) {
    pending.delete(each);
    // One that fails must not keep the others from their turn.
    await Promise.resolve(each()).catch(() => {});
  }
}

/** An interrupt cleans up and ends. */
export function cleanUpOnSignals(): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => void cleanUpAll().finally(() => process.exit(code)));
  }
}
