/** Something that must not outlive the benchmark. */
type CleanUp = () => Promise<unknown> | void;

const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const;

const pending = new Set<CleanUp>();
let interrupted = false;

/** Remembers what is to be done at the end, whatever happens; answers with a function that does it now, once. */
export function cleanUpLater(cleanUp: CleanUp): () => Promise<void> {
  pending.add(cleanUp);
  return async () => {
    if (pending.delete(cleanUp)) await cleanUp();
  };
}

/** Does all that is left, the latest first; and what comes up meanwhile. */
export async function cleanUpAll(): Promise<void> {
  for (let each = latest(); each !== undefined; each = latest()) {
    pending.delete(each);
    // One that fails must not keep the others from their turn.
    await Promise.resolve(each()).catch(() => {});
  }
}

/** Whether somebody wants all of it to end. */
export function isInterrupted(): boolean {
  return interrupted;
}

/** @throws Error after an interrupt: nothing new is started then. */
export function goOn(): void {
  if (interrupted) throw new Error("interrupted");
}

function latest(): CleanUp | undefined {
  return [...pending].at(-1);
}

/** An interrupt cleans up and ends. */
export function cleanUpOnSignals(): void {
  for (const [signal, code] of SIGNALS) {
    process.once(signal, () => {
      interrupted = true;
      void cleanUpAll().finally(() => process.exit(code));
    });
  }
}
