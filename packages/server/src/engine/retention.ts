import {
  type Instant,
  type Namespace,
  type NamespaceId,
  type Run,
  expiresAt,
  isThrottling,
  retentionOf,
} from "@kagzi/core";
import type { Catalog } from "./catalog.ts";
import type { EngineContext } from "./engine.ts";

/** Runs of one transaction at most: with long histories it is to end well before a statement may take no longer. */
const BATCH = 50;
/** Batches of one namespace in a pass at most, and those of them in which nothing could be removed. */
const BATCHES = { all: 1000, idle: 40 };
/** Runs that went on as others, which are removed one after the other, at most. */
const LONGEST_WAY_BACK = 1000;
const NAMESPACES = 100;
/** How long what is known of a namespace is taken from memory. */
const FRESH_MS = 2000;
const MAX_ENTRIES = 10_000;

/**
 * Removes runs some time after their end, with everything that is known of them. Any number of servers may do so at once.
 * What something else still needs stays until that is gone, and is passed over: each pass goes on where the last one ended.
 */
export class Retention {
  readonly #context: EngineContext;
  readonly #catalog: Catalog;
  readonly #known = new Map<NamespaceId, { readonly at: number; readonly retentionMs: Promise<number> }>();
  /** Up to which ends the runs of a namespace were looked at. */
  readonly #after = new Map<NamespaceId, Instant>();

  constructor(context: EngineContext, parts: { readonly catalog: Catalog }) {
    this.#context = context;
    this.#catalog = parts.catalog;
  }

  /** When the run is to be removed; `undefined` while it goes on, and if it is kept for ever. */
  async expiresAt(run: Run): Promise<Instant | undefined> {
    return "finishedAt" in run ? expiresAt(run, await this.#of(run.namespaceId)) : undefined;
  }

  #of(namespaceId: NamespaceId): Promise<number> {
    const { config, env, store } = this.#context;
    const known = this.#known.get(namespaceId);
    const now = env.now();
    if (known !== undefined && now - known.at < FRESH_MS) return known.retentionMs;
    const retentionMs = store.namespaces
      .get(namespaceId)
      .then((namespace) => retentionOf(namespace ?? {}, config.runRetentionMs));
    if (this.#known.size >= MAX_ENTRIES) this.#known.clear();
    this.#known.set(namespaceId, { at: now, retentionMs });
    retentionMs.catch(() => this.#known.delete(namespaceId));
    return retentionMs;
  }

  /** One pass over all namespaces. */
  async run(): Promise<void> {
    const { log, store } = this.#context;
    for (let after: NamespaceId | undefined, isLast = false; !isLast;) {
      const page: readonly Namespace[] = await store.namespaces.list({
        limit: NAMESPACES,
        ...(after !== undefined && { after }),
      });
      for (const namespace of page) {
        const removed = await this.#removeOf(namespace);
        if (removed > 0) log.info("old runs were removed", { namespaceId: namespace.namespaceId, count: removed });
      }
      after = page.at(-1)?.namespaceId;
      isLast = page.length < NAMESPACES;
    }
  }

  async #removeOf(namespace: Namespace): Promise<number> {
    const { config, store } = this.#context;
    const { namespaceId } = namespace;
    const olderThanMs = retentionOf(namespace, config.runRetentionMs);
    if (olderThanMs === 0) return 0;
    let removed = 0;
    let after = this.#after.get(namespaceId) ?? 0;
    for (let batch = 0, idle = 0; batch < BATCHES.all && idle < BATCHES.idle; batch++) {
      const { now, runs } = await store.runs.expired(namespaceId, { olderThanMs, after, limit: BATCH });
      const { gone, tried } = await this.#removeFree(runs, { now, olderThanMs });
      removed += gone;
      idle += tried === 0 ? 1 : 0;
      after = runs.length < BATCH ? 0 : nextAfter(runs, tried > 0);
      if (after === 0) break;
    }
    this.#after.set(namespaceId, after);
    return removed;
  }

  /** Removes those of the runs that nothing needs, and those before them that went on as these. Others may have done so first. */
  async #removeFree(
    runs: readonly Run[],
    age: { readonly now: Instant; readonly olderThanMs: number },
  ): Promise<{ readonly gone: number; readonly tried: number }> {
    const { store } = this.#context;
    const count = { gone: 0, tried: 0 };
    for (let left = runs, steps = 0; left.length > 0 && steps < LONGEST_WAY_BACK; steps++) {
      const free = await this.#freeOf(left, age.now);
      const gone = new Set(free.length === 0 ? [] : await store.runs.delete(free));
      count.gone += gone.size;
      count.tried += free.length;
      const before = left.flatMap(({ continuedFrom, namespaceId, runId }) =>
        gone.has(runId) && continuedFrom !== undefined ? { namespaceId, runId: continuedFrom } : [],
      );
      const details = before.length === 0 ? [] : await store.runs.get(before);
      left = details.flatMap((detail) => {
        const at = detail && expiresAt(detail.run, age.olderThanMs);
        return at !== undefined && at <= age.now ? (detail?.run ?? []) : [];
      });
    }
    return count;
  }

  /** Those that nothing needs. */
  async #freeOf(runs: readonly Run[], now: Instant): Promise<readonly Run[]> {
    const free: Run[] = [];
    for (const run of runs) if (!(await this.#isThrottling(run, now))) free.push(run);
    if (free.length === 0) return [];
    const needed = new Set(await this.#context.store.runs.needed(free));
    return free.filter(({ runId }) => !needed.has(runId)).toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
  }

  async #isThrottling(run: Run, now: Instant): Promise<boolean> {
    if (run.throttleKey === undefined) return false;
    return isThrottling(run, (await this.#catalog.limits(run.namespaceId, run.workflowType))?.throttle, now);
  }
}

/** Where the next batch begins: with the millisecond that this one may have cut, unless all of it is of that and stays. */
function nextAfter(runs: readonly Run[], isSome: boolean): Instant {
  const ends = runs.flatMap((run) => ("finishedAt" in run ? run.finishedAt : []));
  const [first = 0, last = 0] = [ends[0], ends.at(-1)];
  return first === last && !isSome ? last : last - 1;
}
