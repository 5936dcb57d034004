import type { ErrorDetail, Payload, RunId, RunReference, RunStatus, RunStore } from "@kagzi/core";
import { deferred } from "./deferred.ts";

/** Ended runs looked for in one statement. */
const CHUNK = 1000;

/** What became of a run. */
export interface RunOutcome extends RunReference {
  readonly status: RunStatus;
  readonly output?: Payload;
  readonly error?: ErrorDetail;
  readonly continuedAs?: RunId;
}

/** Hears of the end of a run, and how it ended if that is known. */
type Wake = (outcome?: RunOutcome) => void;

/** Those who wait for runs to end. Woken by whoever ends a run here, by hints from other servers, and by looking. */
export class Waiters {
  readonly #runs: RunStore;
  /** By run, each with the run of its namespace that it waits for: word of an end says the id alone. */
  readonly #waiting = new Map<RunId, Map<Wake, RunReference>>();

  constructor(runs: RunStore) {
    this.#runs = runs;
  }

  /**
   * A promise that resolves when the run has ended, with its outcome where that is known, or when it is left. To be
   * made before the run is looked at: then an end that comes between is not missed.
   */
  add(reference: RunReference): { readonly ended: Promise<RunOutcome | undefined>; readonly leave: () => void } {
    const { runId } = reference;
    const entry = this.#waiting.get(runId) ?? new Map<Wake, RunReference>();
    this.#waiting.set(runId, entry);
    const ended = deferred<RunOutcome | undefined>();
    entry.set(ended.resolve, reference);
    const leave = () => {
      ended.resolve(undefined);
      entry.delete(ended.resolve);
      if (entry.size === 0 && this.#waiting.get(runId) === entry) this.#waiting.delete(runId);
    };
    return { ended: ended.promise, leave };
  }

  /** A run has ended; `outcome`, if known, is that of the run with this id in one namespace. */
  ended(runId: RunId, outcome?: RunOutcome): void {
    const entry = this.#waiting.get(runId);
    if (entry === undefined) return;
    this.#waiting.delete(runId);
    for (const [wake, { namespaceId }] of entry) wake(outcome?.namespaceId === namespaceId ? outcome : undefined);
  }

  /** Asks the store which of the awaited runs have ended. */
  async look(): Promise<void> {
    const references = Array.from(this.#waiting.values()).flatMap(oneOfEach);
    for (let at = 0; at < references.length; at += CHUNK) {
      for (const runId of await this.#runs.ended(references.slice(at, at + CHUNK))) this.ended(runId);
    }
  }

  /** Wakes everyone: the server is closing. */
  close(): void {
    for (const runId of this.#waiting.keys()) this.ended(runId);
  }
}

/** However many wait for a run, it is looked for once. */
function oneOfEach(waiting: ReadonlyMap<unknown, RunReference>): readonly RunReference[] {
  return [...new Map(Array.from(waiting.values(), (run) => [run.namespaceId, run])).values()];
}
