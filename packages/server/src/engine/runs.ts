import {
  KagziError,
  LIMITS,
  type Run,
  type RunDetail,
  type RunFilter,
  type RunId,
  type RunReference,
  type Step,
  type HistoryRecord,
  checkInteger,
  isTerminal,
  isUuid,
  notFound,
  stepsOf,
  withRunning,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { GroupCommit } from "./group-commit.ts";
import type { RunOutcome, Waiters } from "./waiters.ts";
import type { Workers } from "./workers.ts";

/** The longest that one call waits for a run to end. */
export const LONGEST_WAIT_CALL_MS = 60_000;

/** A part of a list, as its caller asks for it. */
export interface PageRequest {
  /** 0 means the default. */
  readonly size: number;
  /** `next` of the page before; empty for the first. */
  readonly token: string;
  readonly withTotal: boolean;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly next: string;
  readonly total?: number;
}

/** Looks at runs, and waits for them to end. */
export class Runs {
  readonly #context: EngineContext;
  readonly #waiters: Waiters;
  readonly #workers: Workers;
  /** Reads of many callers go together. */
  readonly #reads: GroupCommit<RunReference, RunDetail | undefined>;

  constructor(context: EngineContext, parts: { readonly waiters: Waiters; readonly workers: Workers }) {
    this.#context = context;
    this.#waiters = parts.waiters;
    this.#workers = parts.workers;
    this.#reads = new GroupCommit({
      env: context.env,
      commit: (references) => context.store.runs.get(references),
      maxItems: 500,
      patienceMs: context.config.startPatienceMs,
    });
  }

  /** @throws KagziError `NOT_FOUND` */
  async get(reference: RunReference): Promise<RunDetail> {
    const detail = await this.#reads.submit(reference);
    if (detail === undefined) throw notFound("run", reference.runId);
    return detail;
  }

  /** @throws KagziError `NOT_FOUND` */
  async getByExternalId(namespaceId: Run["namespaceId"], externalId: string): Promise<RunDetail> {
    const runId = await this.#context.store.runs.findByExternalId(namespaceId, externalId);
    if (runId === undefined) throw notFound("run", externalId, "no run was started with this id");
    return this.get({ namespaceId, runId });
  }

  /** What has become of the run when it has ended, when `timeoutMs` is over or when the caller has gone. */
  async wait(reference: RunReference, timeoutMs: number, signal: AbortSignal): Promise<RunOutcome> {
    checkInteger("timeout_ms", timeoutMs, 0, LONGEST_WAIT_CALL_MS);
    // First in line and then looking: an end that comes between is not missed.
    const { ended, leave } = this.#waiters.add(reference);
    const cancelTimer = this.#context.env.setTimer(timeoutMs, leave);
    signal.addEventListener("abort", leave, { once: true });
    try {
      // Who executes the run here will tell how it ends.
      if (timeoutMs === 0 || !this.#workers.holds(reference)) {
        const outcome = await this.#outcome(reference);
        if (isTerminal(outcome.status) || timeoutMs === 0) return outcome;
      }
      return (await ended) ?? (await this.#outcome(reference));
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", leave);
      leave();
    }
  }

  async #outcome(reference: RunReference): Promise<RunOutcome> {
    const { continuedAs, error, output, run } = await this.get(reference);
    const end = { ...(output && { output }), ...(error && { error }), ...(continuedAs && { continuedAs }) };
    return { ...reference, status: run.status, ...end };
  }

  /** Runs without their payloads, the newest first. */
  async list(filter: RunFilter, page: PageRequest): Promise<Page<Run>> {
    const limit = pageSize(page);
    const before = page.token === "" ? undefined : (checkToken(page.token) as RunId);
    const { runs } = this.#context.store;
    const [found, total] = await Promise.all([
      runs.list(filter, { limit: limit + 1, ...(before !== undefined && { before }) }),
      page.withTotal ? runs.count(filter, LIMITS.count) : undefined,
    ]);
    return pageOf(found, limit, (run) => run.runId, total);
  }

  /** The whole history of a run. */
  async history(reference: RunReference): Promise<readonly HistoryRecord[]> {
    const records: HistoryRecord[] = [];
    for (;;) {
      const position = { ...reference, afterSeq: records.at(-1)?.seq ?? 0 };
      const [page] = await this.#context.store.history.read([position], this.#context.config.pageBytes);
      records.push(...(page?.records ?? []));
      if (page?.more !== true) return records;
    }
  }

  /** The steps of a run, in the order in which they were first recorded. @throws KagziError `NOT_FOUND` */
  async steps(reference: RunReference): Promise<readonly Step[]> {
    const { activity, run } = await this.get(reference);
    const steps = stepsOf(await this.history(reference));
    const isNow = run.status === "running" && activity?.epoch === run.epoch;
    return [...(isNow ? withRunning(steps, activity) : steps).values()];
  }

  close(): Promise<void> {
    return this.#reads.close();
  }
}

/** How many items a page has. @throws KagziError `INVALID_ARGUMENT` */
export function pageSize(page: PageRequest): number {
  if (page.size === 0) return LIMITS.defaultPageSize;
  return checkInteger("page_size", page.size, 1, LIMITS.pageSize);
}

function checkToken(token: string): string {
  if (!isUuid(token)) throw new KagziError("INVALID_ARGUMENT", "page_token is not one that a list gave out");
  return token;
}

/** A page of what was found when one more than `limit` was asked for. */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  tokenOf: (item: Item) => string,
  total?: number,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next = found.length > limit && last !== undefined ? tokenOf(last) : "";
  return { items, next, ...(total !== undefined && { total }) };
}
