/** A parked run, as far as its keeper is concerned. */
export interface ParkedRun {
  readonly runId: string;
  /** Bytes of payloads that its code was handed, and may still hold. */
  readonly bytes: number;
}

/** What a run takes in memory beside what its code holds, about. */
const RUN_BYTES = 8 * 1024;

/**
 * Parked runs that are kept in memory, so that they need not be read and replayed when they go on: up to a weight, and
 * those that were parked last. There may be any number of parked runs; those that are let go come back by their history.
 */
export class Parked<Run extends ParkedRun> {
  readonly #runs = new Map<string, { readonly run: Run; readonly bytes: number }>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Keeps a run. Answers with those that have to go for it, which may be the run itself. */
  keep(run: Run): readonly Run[] {
    const bytes = RUN_BYTES + run.bytes;
    this.#runs.set(run.runId, { run, bytes });
    this.#bytes += bytes;
    const gone: Run[] = [];
    for (const each of this.#runs.values()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.take(each.run.runId);
      gone.push(each.run);
    }
    return gone;
  }

  /** Gives a run away, if it is still there. */
  take(runId: string): Run | undefined {
    const kept = this.#runs.get(runId);
    if (kept === undefined) return undefined;
    this.#runs.delete(runId);
    this.#bytes -= kept.bytes;
    return kept.run;
  }

  /** Gives all of them away. */
  takeAll(): readonly Run[] {
    const all = Array.from(this.#runs.values(), ({ run }) => run);
    this.#runs.clear();
    this.#bytes = 0;
    return all;
  }
}
