import {
  type Assignment,
  type Candidate,
  type ClaimRequest,
  type ClaimResult,
  type ClaimedRun,
  type NamespaceId,
  type RunId,
  type RunReference,
  type Store,
  type Wanted,
  type WorkerId,
  type WorkflowVersion,
  assignRuns,
} from "@kagzi/core";
import type { Catalog } from "./catalog.ts";
import type { EngineConfig } from "./config.ts";
import { type Env, sleep } from "./env.ts";
import { keysOfInput } from "./limit-keys.ts";
import { type Log, errorField } from "./log.ts";
import { type WorkerSession, workflowKey } from "./session.ts";

/** Runs taken in one claim at most: their rows are locked meanwhile. */
const CLAIM_LIMIT = 500;

const NO_WORKFLOW: WorkflowVersion = { workflowType: "", version: "" };

/** A claimed run on its way to its worker. */
export interface Delivery {
  readonly session: WorkerSession;
  readonly claimed: ClaimedRun;
}

/** What a place works with. */
export interface PlaceContext {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly env: Env;
  readonly log: Log;
  readonly config: EngineConfig;
  /** Hands claimed runs to their workers. */
  readonly deliver: (deliveries: readonly Delivery[]) => void;
  /** Ends runs that were found ready after their deadline. */
  readonly end: (overdue: readonly RunReference[]) => Promise<void>;
}

/**
 * The workers of one namespace and task queue that this server gives runs to, and what it knows of the runs that wait
 * for them. One claim at a time is in flight; another follows while there is something to claim and somebody free.
 */
export class Place {
  readonly #context: PlaceContext;
  readonly namespaceId: NamespaceId;
  readonly #taskQueue: string;
  readonly #sessions = new Set<WorkerSession>();
  /** Workflows of which runs may be waiting in the store. Of all others none is, so a new run may be taken at once. */
  readonly #backlog = new Set<string>();
  #claiming = false;
  #again = false;
  #turn = 0;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(context: PlaceContext, namespaceId: NamespaceId, taskQueue: string) {
    this.#context = context;
    this.namespaceId = namespaceId;
    this.#taskQueue = taskQueue;
  }

  get isEmpty(): boolean {
    return this.#sessions.size === 0;
  }

  add(session: WorkerSession): void {
    const known = this.#offered();
    this.#sessions.add(session);
    for (const workflow of session.workflows) {
      const key = workflowKey(workflow);
      // What came while nobody here wanted it is in the store.
      if (!known.has(key)) this.#backlog.add(key);
    }
    this.claim();
  }

  remove(session: WorkerSession): void {
    this.#sessions.delete(session);
    if (!this.isEmpty) return;
    this.#cancelTimer?.();
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  /** The worker that a new run may be given to with its start: one that is free, if no older run waits for it. */
  reserve(workflow: WorkflowVersion): WorkerSession | undefined {
    if (this.#backlog.has(workflowKey(workflow))) return undefined;
    let best: WorkerSession | undefined;
    for (const session of this.#sessions) {
      if (session.free > (best?.free ?? 0) && session.offers(workflow)) best = session;
    }
    if (best !== undefined) best.reserved += 1;
    return best;
  }

  /** Runs of this workflow wait in the store. */
  ready(workflow: WorkflowVersion): void {
    this.#backlog.add(workflowKey(workflow));
    this.claim();
  }

  /** A run of this workflow will be ready in `ms`. It may sleep until then, and is looked for ahead of that. */
  readyIn(workflow: WorkflowVersion, ms: number): void {
    const waitMs = ms - this.#aheadMs();
    if (waitMs <= 0) this.ready(workflow);
    else this.#lookIn(waitMs);
  }

  #lookIn(ms: number): void {
    const at = this.#context.env.now() + ms;
    if (at >= this.#timerAt || this.isEmpty) return;
    this.#cancelTimer?.();
    this.#timerAt = at;
    this.#cancelTimer = this.#context.env.setTimer(ms, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#look();
    });
  }

  /** Somebody has become free. */
  freed(): void {
    if (this.#backlog.size > 0) this.claim();
  }

  /** A run of this workflow, in whatever version, has given up its place. */
  placeFreed(workflowType: string): void {
    for (const session of this.#sessions) {
      for (const each of session.workflows) {
        if (each.workflowType === workflowType) this.#backlog.add(workflowKey(each));
      }
    }
    if (this.#backlog.size > 0) this.claim();
  }

  /** Whatever is known, look: workers may have been heard of by another server. */
  lookAgain(): void {
    for (const session of this.#sessions) session.lapsed = false;
    this.#look();
  }

  #look(): void {
    for (const key of this.#offered()) this.#backlog.add(key);
    this.claim();
  }

  /** Claims what waits for those who are free, now or after the claim that is in flight. */
  claim(): void {
    if (this.#claiming) {
      this.#again = true;
      return;
    }
    void this.#claimAll();
  }

  async #claimAll(): Promise<void> {
    this.#claiming = true;
    try {
      do {
        this.#again = false;
        const wanted = this.#wanted();
        if (wanted.length === 0) break;
        for (const group of await this.#groups(wanted)) await this.#end(await this.#claimOnce(group));
      } while (this.#again);
    } catch (error) {
      this.#context.log.warn("runs could not be claimed", { error: errorField(error) });
      const { env, config } = this.#context;
      void sleep(env, config.pollMs * env.random()).then(() => this.claim());
    } finally {
      this.#claiming = false;
    }
  }

  /**
   * Workflows without limits are claimed together, each of the others alone. Who comes first changes from time to time:
   * where nobody has a slot for all of them, each has its turn.
   */
  async #groups(wanted: readonly Wanted[]): Promise<readonly Wanted[][]> {
    const { catalog } = this.#context;
    const limits = await Promise.all(wanted.map((each) => catalog.limits(this.namespaceId, each.workflowType)));
    const together = wanted.filter((_, index) => limits[index] === undefined);
    const alone = wanted.filter((_, index) => limits[index] !== undefined).map((each) => [each]);
    const groups = together.length === 0 ? alone : [together, ...alone];
    this.#turn = (this.#turn + 1) % groups.length;
    return [...groups.slice(this.#turn), ...groups.slice(0, this.#turn)];
  }

  /** `undefined`: they had limits until now. */
  async #ask(
    wanted: readonly Wanted[],
    aheadMs: number,
    assign: ClaimRequest["assign"],
  ): Promise<ClaimResult | undefined> {
    const { catalog, store } = this.#context;
    const { namespaceId } = this;
    const request = { namespaceId, taskQueue: this.#taskQueue, assign };
    const [first] = wanted;
    if (first === undefined || (await catalog.limits(namespaceId, first.workflowType)) === undefined) {
      return store.runs.claim({ ...request, wanted, aheadMs });
    }
    const result = await store.runs.claimLimited({ ...request, wanted: first, keysOf: keysOfInput });
    if (result === undefined) catalog.forget(namespaceId, [first.workflowType]);
    return result;
  }

  /** Those behind them have their turn then. */
  async #end(overdue: readonly RunId[]): Promise<void> {
    if (overdue.length === 0) return;
    await this.#context.end(overdue.map((runId) => ({ namespaceId: this.namespaceId, runId })));
    this.#again = true;
  }

  /** Answers with runs that are overdue and stand before others. */
  async #claimOnce(group: readonly Wanted[]): Promise<readonly RunId[]> {
    // Those before it may have taken the slots.
    const keys = new Set(group.map(workflowKey));
    const aheadMs = this.#aheadMs();
    const wanted = this.#wanted(aheadMs > 0).filter((each) => keys.has(workflowKey(each)));
    if (wanted.length === 0) return [];
    for (const workflow of wanted) this.#backlog.delete(workflowKey(workflow));
    const chosen = new Map<RunId, WorkerSession>();
    const unreserve = () => {
      for (const session of chosen.values()) session.reserved -= 1;
      chosen.clear();
    };
    try {
      const result = await this.#ask(wanted, aheadMs, (candidates) => {
        // A transaction that lost to another one is run again.
        unreserve();
        return this.#assign(candidates, chosen);
      });
      if (result === undefined) {
        for (const workflow of wanted) this.#backlog.add(workflowKey(workflow));
        this.#again = true;
        return [];
      }
      const deliveries = result.claimed.flatMap((claimed) => {
        const session = chosen.get(claimed.run.runId);
        return session === undefined ? [] : [{ session, claimed }];
      });
      this.#context.deliver(deliveries);
      for (const workflow of result.more) this.#backlog.add(workflowKey(workflow));
      const isRefused = this.#refuse(result.refused);
      if (result.more.length > 0 && (deliveries.length > 0 || isRefused)) this.#again = true;
      if (result.nextAt !== undefined) this.#lookIn(result.nextAt - result.now);
      return result.overdue;
    } catch (error) {
      for (const workflow of wanted) this.#backlog.add(workflowKey(workflow));
      throw error;
    } finally {
      unreserve();
    }
  }

  /** How long before their time runs are taken: not at all where a worker has no slots to spare. */
  #aheadMs(): number {
    for (const session of this.#sessions) if (session.free > 0 && session.spare === 0) return 0;
    return this.#context.config.claimAheadMs;
  }

  /** Leaves workers alone that were not heard of in time. Whether there are any. */
  #refuse(workerIds: readonly WorkerId[]): boolean {
    for (const session of this.#sessions) if (workerIds.includes(session.workerId)) session.lapsed = true;
    return workerIds.length > 0;
  }

  #assign(candidates: readonly Candidate[], chosen: Map<RunId, WorkerSession>): readonly Assignment[] {
    const assigned = assignRuns(candidates, [...this.#sessions]);
    const workflowOf = new Map<RunId, WorkflowVersion>(candidates.map((each) => [each.runId, each]));
    return Array.from(assigned, ([runId, session]) => {
      session.reserved += 1;
      chosen.set(runId, session);
      const timeoutMs = session.timeoutOf(workflowOf.get(runId) ?? NO_WORKFLOW);
      return { runId, workerId: session.workerId, ...(timeoutMs !== undefined && { timeoutMs }) };
    });
  }

  /** The workflows with a backlog that somebody free has, each with how many of its runs could be taken. */
  #wanted(onlySpare = false): Wanted[] {
    const wanted = new Map<string, Wanted>();
    for (const session of this.#sessions) {
      if (session.free === 0) continue;
      for (const workflow of session.workflows) {
        const key = workflowKey(workflow);
        if (!this.#backlog.has(key)) continue;
        const slots = onlySpare ? session.spare : session.free;
        const limit = Math.min(CLAIM_LIMIT, (wanted.get(key)?.limit ?? 0) + slots);
        wanted.set(key, { workflowType: workflow.workflowType, version: workflow.version, limit });
      }
    }
    return [...wanted.values()];
  }

  #offered(): Set<string> {
    const offered = new Set<string>();
    for (const session of this.#sessions) for (const each of session.workflows) offered.add(workflowKey(each));
    return offered;
  }
}
