import {
  type Lease,
  LIMITS,
  type LimitSettings,
  type NamespaceId,
  type NewWorker,
  type Run,
  type RunId,
  type RunReference,
  type Signals as RunSignals,
  type Worker,
  type WorkerId,
  type WorkerStats,
  type WorkerStatus,
  type WorkflowLimits,
  checkLimits,
  compareLeases,
  matchLeases,
  isUuid,
  KagziError,
  notFound,
} from "@kagzi/core";
import type { Catalog } from "./catalog.ts";
import { checkWorker } from "./check-worker.ts";
import { heartbeatIntervalMs } from "./config.ts";
import { type Declaration, type DeclaredSchedules, checkDeclarations } from "./declared-schedules.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EngineContext } from "./engine.ts";
import { schemasIn } from "./input-schemas.ts";
import { bring } from "./messages.ts";
import { type Page, type PageRequest, pageOf, pageSize } from "./runs.ts";
import { type WorkerLink, WorkerSession } from "./session.ts";

/** What a worker hears back on its heartbeat. */
export interface HeartbeatAnswer {
  readonly lost: readonly Lease[];
  /** Runs that are to be cancelled. */
  readonly cancelling: readonly RunId[];
  readonly drain: boolean;
}

type RunningRun = Extract<Run, { status: "running" }>;

/** The comings and goings of workers. */
export class Workers {
  readonly #context: EngineContext;
  readonly #catalog: Catalog;
  readonly #declared: DeclaredSchedules;
  readonly #dispatcher: Dispatcher;
  /** Of the workers that have a stream to this server. */
  readonly #streams = new Map<WorkerId, WorkerSession>();

  constructor(
    context: EngineContext,
    parts: { readonly catalog: Catalog; readonly declared: DeclaredSchedules; readonly dispatcher: Dispatcher },
  ) {
    this.#context = context;
    this.#catalog = parts.catalog;
    this.#declared = parts.declared;
    this.#dispatcher = parts.dispatcher;
  }

  /**
   * Adds a worker, with the schedules that stand in the code of its workflows.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for the namespace
   */
  async register(
    worker: Omit<NewWorker, "workerId">,
    declarations: readonly Declaration[],
  ): Promise<{
    readonly workerId: WorkerId;
    readonly heartbeatMs: number;
    readonly leaseMs: number;
    readonly warnings: readonly string[];
  }> {
    checkWorker(worker);
    checkDeclarations(declarations);
    const { config, env, store } = this.#context;
    const workerId = env.newUuid() as WorkerId;
    await store.workers.register({ ...worker, workerId }, config.leaseMs);
    this.#catalog.forget(
      worker.namespaceId,
      worker.workflows.map((workflow) => workflow.workflowType),
    );
    await this.#declareLimits(worker);
    await this.#unblock(worker);
    const warnings = await this.#declared.apply(worker, declarations);
    return { workerId, heartbeatMs: heartbeatIntervalMs(config), leaseMs: config.leaseMs, warnings };
  }

  /**
   * Renews the worker's leases. Where it names the runs it holds, those that it forgot go back, and it hears of those
   * it has lost. @throws KagziError `NOT_FOUND` if it is not registered (any more)
   */
  async heartbeat(
    worker: Pick<Worker, "namespaceId" | "workerId">,
    stats: WorkerStats,
    named: readonly Lease[] | undefined,
  ): Promise<HeartbeatAnswer> {
    const { config, store } = this.#context;
    const renewed = await store.workers.heartbeat(worker, config.leaseMs, stats);
    if (renewed === undefined) throw unknownWorker(worker.workerId);
    this.#context.clock.observe(renewed.now);
    this.#heardOf(worker.workerId);
    const drain = renewed.status === "draining";
    const cancelling = renewed.granted.filter((lease) => lease.cancelling).map(({ runId }) => runId);
    if (named === undefined) return { lost: [], cancelling, drain };
    const { lost, forgotten } = compareLeases({ named, granted: renewed.granted, now: renewed.now });
    this.#letGo(worker.workerId, [...lost, ...forgotten]);
    if (lost.length > 0) await store.workers.excuse(worker.namespaceId, lost);
    if (forgotten.length > 0) await this.#giveBack(worker, forgotten);
    return { lost, cancelling, drain };
  }

  /** Gives back what the worker holds. @throws KagziError `NOT_FOUND` */
  async deregister(namespaceId: NamespaceId, workerId: WorkerId): Promise<void> {
    const found = await this.#context.store.workers.deregister(namespaceId, workerId);
    if (!found) throw unknownWorker(workerId);
    this.#dispatcher.lookAgain();
  }

  /** Lets the worker finish what it holds. @throws KagziError `NOT_FOUND` if it is not there or offline */
  async drain(namespaceId: NamespaceId, workerId: WorkerId): Promise<Worker> {
    const found = await this.#context.store.workers.drain(namespaceId, workerId);
    if (!found) throw unknownWorker(workerId);
    const worker = await this.get(namespaceId, workerId);
    const session = this.#streams.get(workerId);
    if (session !== undefined) {
      session.draining = true;
      session.link.drain();
    }
    return worker;
  }

  /** @throws KagziError `NOT_FOUND` */
  async get(namespaceId: NamespaceId, workerId: WorkerId): Promise<Worker> {
    const worker = await this.#context.store.workers.get(namespaceId, workerId);
    if (worker === undefined) throw unknownWorker(workerId);
    return worker;
  }

  /** By version: the JSON Schemas of a workflow's input that workers have told, the newest thousand that are online. */
  async inputSchemas(namespaceId: NamespaceId, workflowType: string): Promise<Readonly<Record<string, string>>> {
    const { workers } = this.#context.store;
    return schemasIn(await workers.list({ namespaceId, status: "online" }, { limit: LIMITS.pageSize }), workflowType);
  }

  /** The newest first. */
  async list(
    filter: { readonly namespaceId: NamespaceId; readonly status?: WorkerStatus; readonly taskQueue?: string },
    page: PageRequest,
  ): Promise<Page<Worker>> {
    const limit = pageSize(page);
    if (page.token !== "" && !isUuid(page.token)) {
      throw new KagziError("INVALID_ARGUMENT", "page_token is not one that a list gave out");
    }
    const before = page.token === "" ? {} : { before: page.token as WorkerId };
    const found = await this.#context.store.workers.list(filter, { limit: limit + 1, ...before });
    return pageOf(found, limit, (worker) => worker.workerId);
  }

  /**
   * Begins to give runs to a worker over `link`. After a broken stream `held` are the runs that it still executes; those
   * that it has lost meanwhile are cancelled, and those that were on their way to it when the stream broke go back.
   * @throws KagziError `NOT_FOUND`
   */
  async open(
    worker: { readonly namespaceId: NamespaceId; readonly workerId: WorkerId; readonly held: readonly Lease[] },
    link: WorkerLink,
  ): Promise<WorkerSession> {
    const registered = await this.get(worker.namespaceId, worker.workerId);
    const session = new WorkerSession({ ...registered, capacity: registered.maxConcurrent, link });
    // Nothing more goes to the stream that this one follows.
    const before = this.#streams.get(worker.workerId);
    if (before !== undefined) this.close(before);
    before?.link.end();
    // There first and then looking: whoever asks it to drain in between is heard, here or there.
    this.#streams.set(worker.workerId, session);
    try {
      const { granted, status } = await this.#renewed(registered);
      if (status === "draining") session.draining = true;
      await this.#resume(session, worker.held, granted);
    } catch (error) {
      this.close(session);
      throw error;
    }
    this.#dispatcher.open(session);
    return session;
  }

  /** Gives the worker nothing more. What it holds stays its own until its lease ends. */
  close(session: WorkerSession): void {
    if (this.#streams.get(session.workerId) === session) this.#streams.delete(session.workerId);
    this.#dispatcher.close(session);
  }

  /** Whether there is room on the worker's stream: it is given runs, and word of them, only where there is. */
  crowd(session: WorkerSession, isFull: boolean): void {
    session.crowded = isFull;
    if (!isFull) this.#dispatcher.freed(session);
  }

  /** The run has ended without its worker, which is to drop it. Over another server it hears so at its next write. */
  drop(namespaceId: NamespaceId, runId: RunId): void {
    for (const session of this.#streams.values()) {
      if (session.namespaceId !== namespaceId || !session.held.delete(runId)) continue;
      session.link.drop([runId]);
      this.#dispatcher.freed(session);
    }
  }

  /** Whether a worker that has a stream to this server executes the run: its end will be heard of here. */
  holds({ namespaceId, runId }: RunReference): boolean {
    for (const session of this.#streams.values()) {
      const held = session.namespaceId === namespaceId ? session.held.get(runId) : undefined;
      if (held !== undefined && held.hasEnded !== true) return true;
    }
    return false;
  }

  /** By namespace: the workers that have a stream to this server, their slots, and how many of these runs are in. */
  slots(): ReadonlyMap<NamespaceId, { workers: number; used: number; capacity: number }> {
    const slots = new Map<NamespaceId, { workers: number; used: number; capacity: number }>();
    for (const { capacity, held, namespaceId } of this.#streams.values()) {
      const own = slots.get(namespaceId) ?? { workers: 0, used: 0, capacity: 0 };
      own.workers += 1;
      own.used += held.size;
      own.capacity += capacity;
      slots.set(namespaceId, own);
    }
    return slots;
  }

  /** Whether the worker has a stream to this server. */
  isHere(workerId: WorkerId): boolean {
    return this.#streams.has(workerId);
  }

  /** Whether there is no room on the worker's stream: it hears of its signals once there is. */
  isCrowded(workerId: WorkerId): boolean {
    return this.#streams.get(workerId)?.crowded === true;
  }

  /** The workers that have a stream to this server with room on it, by namespace. */
  here(): ReadonlyMap<NamespaceId, readonly WorkerId[]> {
    const here = new Map<NamespaceId, WorkerId[]>();
    for (const { crowded, namespaceId, workerId } of this.#streams.values()) {
      if (!crowded) here.set(namespaceId, [...(here.get(namespaceId) ?? []), workerId]);
    }
    return here;
  }

  /** Brings word to runs that workers of this server hold. */
  signal(signals: readonly RunSignals[]): void {
    for (const each of signals) {
      const session = this.#streams.get(each.workerId);
      if (session !== undefined) bring(this.#context, session, [each]);
    }
  }

  /** Ends every stream: the server is closing. */
  closeAll(): void {
    for (const session of this.#streams.values()) session.link.end();
  }

  /**
   * Says how the runs of a workflow are held back, whatever its code says; `undefined`: the code's word counts again.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for the namespace
   */
  async setLimits(namespaceId: NamespaceId, workflowType: string, limits: WorkflowLimits | undefined): Promise<void> {
    const { store } = this.#context;
    if (limits !== undefined) checkLimits(`workflow ${JSON.stringify(workflowType)}`, limits);
    if ((await store.namespaces.get(namespaceId)) === undefined) throw notFound("namespace", namespaceId);
    await store.limits.override(namespaceId, workflowType, limits);
    this.#catalog.forget(namespaceId, [workflowType]);
    this.#dispatcher.placeFreed({ namespaceId, workflowType });
  }

  /** The version that new runs take says how all runs of a workflow are held back. */
  async #declareLimits({ namespaceId, workflows }: Omit<NewWorker, "workerId">): Promise<void> {
    const { limits } = this.#context.store;
    const types = [...new Set(workflows.map(({ workflowType }) => workflowType))];
    const known = await limits.get(namespaceId, types);
    const before = new Map(known.map((each) => [each.workflowType, JSON.stringify(each.declared)]));
    const changed: Omit<LimitSettings, "override">[] = [];
    for (const { limits: declared, version, workflowType } of workflows) {
      if (before.get(workflowType) === (declared && JSON.stringify(declared))) continue;
      if (version !== (await this.#catalog.version(namespaceId, workflowType))) continue;
      changed.push({ workflowType, ...(declared !== undefined && { declared }) });
    }
    if (changed.length === 0) return;
    await limits.declare(namespaceId, changed);
    this.#catalog.forget(
      namespaceId,
      changed.map(({ workflowType }) => workflowType),
    );
    for (const { workflowType } of changed) this.#dispatcher.placeFreed({ namespaceId, workflowType });
  }

  /** New code may match what the old code did not: runs that are paused for that get another try. */
  async #unblock({ namespaceId, workflows }: Omit<NewWorker, "workerId">): Promise<void> {
    const unblocked = await this.#context.store.runs.unblock(namespaceId, workflows);
    if (unblocked > 0) this.#dispatcher.lookAgain();
  }

  /** What the worker no longer holds takes up none of its slots here. Over another server its own last words say so. */
  #letGo(workerId: WorkerId, leases: readonly Lease[]): void {
    const session = this.#streams.get(workerId);
    if (session === undefined || leases.length === 0) return;
    for (const lease of leases) session.letGo(lease);
    this.#dispatcher.freed(session);
  }

  /** One that was left alone because it was silent is given runs again. */
  #heardOf(workerId: WorkerId): void {
    const session = this.#streams.get(workerId);
    if (session?.lapsed !== true) return;
    session.lapsed = false;
    this.#dispatcher.lookAgain();
  }

  /** What the worker holds by the store. That it opens a stream is a sign of life, too. */
  async #renewed(worker: Worker) {
    const { config, store } = this.#context;
    const renewed = await store.workers.heartbeat(worker, config.leaseMs, worker);
    if (renewed === undefined) throw unknownWorker(worker.workerId);
    return renewed;
  }

  async #resume(session: WorkerSession, held: readonly Lease[], granted: readonly Lease[]): Promise<void> {
    const { kept, lost, undelivered } = matchLeases(held, granted);
    if (undelivered.length > 0) await this.#giveBack(session, undelivered);
    if (lost.length > 0) {
      session.link.drop(lost.map(({ runId }) => runId));
      await this.#context.store.workers.excuse(session.namespaceId, lost);
    }
    const runs = await this.#running(
      session,
      kept.map(({ runId }) => runId),
    );
    for (const run of runs) session.held.set(run.runId, run);
    await this.#remind(session, runs);
  }

  /** Brings a worker of this server everything anew that its runs have not taken. */
  async remind(workerId: WorkerId): Promise<void> {
    const session = this.#streams.get(workerId);
    if (session === undefined) return;
    const runs = await this.#running(session, [...session.held.keys()]);
    await this.#remind(
      session,
      runs.filter(({ epoch, runId }) => session.held.get(runId)?.epoch === epoch),
    );
  }

  async #running(session: WorkerSession, runIds: readonly RunId[]): Promise<readonly RunningRun[]> {
    if (runIds.length === 0) return [];
    const references = runIds.map((runId) => ({ namespaceId: session.namespaceId, runId }));
    const details = await this.#context.store.runs.get(references);
    return details.flatMap((detail) => (detail?.run.status === "running" ? [detail.run] : []));
  }

  /** What was brought to the runs may have been lost with the stream. */
  async #remind(session: WorkerSession, held: readonly RunningRun[]): Promise<void> {
    const runs = held.filter((run) => run.signals > 0);
    if (runs.length === 0) return;
    const { config, store } = this.#context;
    const pages = await store.inbox.read(
      runs.map((run) => ({ ...run, after: 0 })),
      config.pageBytes,
    );
    bring(
      this.#context,
      session,
      runs.map((run, index) => ({ ...run, ...(pages[index] ?? { messages: [], more: false }) })),
    );
  }

  async #giveBack(worker: Pick<Worker, "namespaceId" | "workerId">, leases: readonly Lease[]): Promise<void> {
    this.#context.log.warn("a worker has forgotten runs, they go back", {
      workerId: worker.workerId,
      runIds: leases.map((lease) => lease.runId),
    });
    await this.#context.store.workers.release(worker.namespaceId, leases);
    this.#dispatcher.lookAgain();
  }
}

function unknownWorker(workerId: WorkerId): KagziError {
  return notFound("worker", workerId, "it did not register, or has been offline for long; register again");
}
