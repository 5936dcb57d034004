import { type HistoryStore, type Payload, type RunReference, type Step, stepsOf } from "@kagzi/core";

/** Histories that are kept folded at once; the one that was not asked for longest goes first. */
const MAX_JOURNALS = 1000;
const PAGE_BYTES = 1024 * 1024;

/** A run's history, folded as far as it has been read. */
export interface Journal {
  readonly steps: Map<string, Step>;
  /** What steps were begun with, to be recorded with their outcome. Lost with this server, which only people notice. */
  readonly inputs: Map<string, Payload>;
  lastSeq: number;
}

/**
 * The histories of runs whose workers use the unary calls. Each call reads only what was added since the last one, so
 * that a step costs the same however long its run is; and it always reads, so that any server may take any call.
 */
export class Journals {
  readonly #history: HistoryStore;
  readonly #journals = new Map<string, Journal>();

  constructor(history: HistoryStore) {
    this.#history = history;
  }

  /** The journal of a run with everything that is recorded by now. */
  async read(run: RunReference): Promise<Journal> {
    const key = `${run.namespaceId}/${run.runId}`;
    const journal = this.#journals.get(key) ?? { steps: new Map(), inputs: new Map(), lastSeq: 0 };
    this.#journals.delete(key);
    this.#journals.set(key, journal);
    this.#evict();
    for (let more = true; more;) {
      const afterSeq = journal.lastSeq;
      const [page] = await this.#history.read([{ ...run, afterSeq }], PAGE_BYTES);
      // Another call may have read the same page meanwhile.
      const fresh = page?.records.filter((record) => record.seq > journal.lastSeq) ?? [];
      stepsOf(fresh, journal.steps);
      journal.lastSeq = fresh.at(-1)?.seq ?? journal.lastSeq;
      more = page?.more ?? false;
    }
    return journal;
  }

  /** The run has ended. */
  forget(run: RunReference): void {
    this.#journals.delete(`${run.namespaceId}/${run.runId}`);
  }

  #evict(): void {
    if (this.#journals.size <= MAX_JOURNALS) return;
    const [oldest] = this.#journals.keys();
    if (oldest !== undefined) this.#journals.delete(oldest);
  }
}
