import {
  type ClaimedRun,
  type DispatchKey,
  type HistoryPage,
  type MessagePage,
  type NamespaceId,
  type RunId,
  type Signals,
  type WorkflowVersion,
} from "@kagzi/core";
import { deferred } from "./deferred.ts";
import { errorField } from "./log.ts";
import { bringInTurn, bringRest } from "./messages.ts";
import { type Delivery, Place, type PlaceContext } from "./place.ts";
import type { HeldTask, WorkerSession } from "./session.ts";

/** Brings runs to the workers of this server. */
export class Dispatcher {
  readonly #context: Omit<PlaceContext, "deliver">;
  readonly #places = new Map<string, Place>();

  constructor(context: Omit<PlaceContext, "deliver">) {
    this.#context = context;
  }

  open(session: WorkerSession): void {
    const key = placeKey(session.namespaceId, session.taskQueue);
    let place = this.#places.get(key);
    if (place === undefined) {
      const deliver = (deliveries: readonly Delivery[]) => void this.#deliver(deliveries);
      place = new Place({ ...this.#context, deliver }, session.namespaceId, session.taskQueue);
      this.#places.set(key, place);
    }
    place.add(session);
  }

  close(session: WorkerSession): void {
    const key = placeKey(session.namespaceId, session.taskQueue);
    const place = this.#places.get(key);
    place?.remove(session);
    if (place?.isEmpty === true) this.#places.delete(key);
  }

  /** A worker that takes a run with its start: see {@link Place.reserve}. */
  reserve(key: DispatchKey): WorkerSession | undefined {
    return this.#place(key.namespaceId, key.taskQueue)?.reserve(key);
  }

  /** A slot of the session is free again. */
  freed(session: WorkerSession): void {
    this.#place(session.namespaceId, session.taskQueue)?.freed();
  }

  /** Runs of this kind are ready in the store, now or in `ms`. */
  ready(key: DispatchKey, ms = 0): void {
    const place = this.#place(key.namespaceId, key.taskQueue);
    if (ms <= 0) place?.ready(key);
    else place?.readyIn(key, ms);
  }

  /** A run of a workflow with limits has given up its place: others of it may have their turn. */
  placeFreed(run: { readonly namespaceId: NamespaceId; readonly workflowType: string }): void {
    for (const place of this.#places.values()) {
      if (place.namespaceId === run.namespaceId) place.placeFreed(run.workflowType);
    }
  }

  /** Looks for work everywhere: hints may have been lost. */
  lookAgain(): void {
    for (const place of this.#places.values()) place.lookAgain();
  }

  #place(namespaceId: NamespaceId, taskQueue: string): Place | undefined {
    return this.#places.get(placeKey(namespaceId, taskQueue));
  }

  /** Hands claimed runs over, with their histories for workers that do not have them in memory. */
  async #deliver(deliveries: readonly Delivery[]): Promise<void> {
    const given = deferred<ReadonlyMap<RunId, Signals>>();
    for (const { session, claimed } of deliveries) {
      const task = heldTask(claimed);
      session.held.set(task.runId, task);
      // Word of the run that comes meanwhile waits: its worker does not know the run yet.
      bringInTurn(task, async () => {
        const first = (await given.promise).get(task.runId);
        if (first !== undefined) await bringRest(this.#context, session, first);
      });
    }
    const signals = await this.#give(deliveries).catch(async (error: unknown) => {
      this.#context.log.warn("claimed runs could not be handed over, they go back", { error: errorField(error) });
      await this.#giveBack(deliveries);
    });
    given.resolve(signals ?? new Map());
  }

  /** Answers with what the workers have heard of the runs. */
  async #give(deliveries: readonly Delivery[]): Promise<ReadonlyMap<RunId, Signals>> {
    const [histories, signals] = await Promise.all([this.#histories(deliveries), this.#signals(deliveries)]);
    // Some may have ended meanwhile.
    for (const [session, own] of groupBySession(deliveries.filter(isHeld))) {
      const tasks = own.map(({ claimed }) => {
        const history = histories.get(claimed.run.runId)?.records ?? [];
        const heard = signals.get(claimed.run.runId);
        const { lastSeq, readyAt } = claimed;
        return {
          held: heldTask(claimed),
          lastSeq,
          history,
          ...(heard !== undefined && { signals: heard }),
          ...(readyAt !== undefined && { readyAt }),
        };
      });
      session.link.give(tasks);
    }
    return signals;
  }

  async #histories(deliveries: readonly Delivery[]): Promise<ReadonlyMap<RunId, HistoryPage>> {
    const cold = deliveries.filter(({ claimed }) => !claimed.sameWorker);
    if (cold.length === 0) return new Map();
    const { store, config } = this.#context;
    const positions = cold.map(({ claimed: { run } }) => ({
      namespaceId: run.namespaceId,
      runId: run.runId,
      afterSeq: 0,
    }));
    const pages = await store.history.read(positions, config.pageBytes);
    return new Map(positions.map((position, index) => [position.runId, pages[index] ?? { records: [], more: false }]));
  }

  /** What was brought to the runs. A worker that has forgotten a run in the meantime needs all of it. */
  async #signals(deliveries: readonly Delivery[]): Promise<ReadonlyMap<RunId, Signals>> {
    const signalled = deliveries.filter(({ claimed }) => claimed.run.signals > 0);
    if (signalled.length === 0) return new Map();
    const { store, config } = this.#context;
    const positions = signalled.map(({ claimed: { run } }) => ({ ...run, after: 0 }));
    const pages = await store.inbox.read(positions, config.pageBytes);
    return new Map(signalled.map(({ claimed }, index) => [claimed.run.runId, signalsOf(claimed, pages[index])]));
  }

  async #giveBack(deliveries: readonly Delivery[]): Promise<void> {
    for (const { session, claimed } of deliveries) {
      const { namespaceId, runId, epoch } = claimed.run;
      session.letGo({ runId, epoch });
      // If this fails too, the worker's next heartbeat does not name the run, which gives it back as well.
      await this.#context.store.workers.release(namespaceId, [{ runId, epoch }]).catch(() => {});
    }
  }
}

function isHeld({ claimed: { run }, session }: Delivery): boolean {
  return session.held.get(run.runId)?.epoch === run.epoch;
}

function signalsOf({ run }: ClaimedRun, page: MessagePage = { messages: [], more: false }): Signals {
  const { cancelError, epoch, namespaceId, runId, signals, workerId } = run;
  return { namespaceId, runId, epoch, workerId, signals, ...page, ...(cancelError !== undefined && { cancelError }) };
}

function heldTask({ run }: ClaimedRun): HeldTask {
  return {
    namespaceId: run.namespaceId,
    runId: run.runId,
    taskQueue: run.taskQueue,
    workflowType: run.workflowType,
    version: run.version,
    epoch: run.epoch,
    attempt: run.attempt,
    createdAt: run.createdAt,
    ...(run.externalId !== undefined && { externalId: run.externalId }),
    ...(run.retryPolicy !== undefined && { retryPolicy: run.retryPolicy }),
    ...(run.parent !== undefined && { parent: run.parent }),
    ...(run.limitKey !== undefined && { limitKey: run.limitKey }),
    ...(run.scheduleId !== undefined && { scheduleId: run.scheduleId }),
    ...(run.scheduledAt !== undefined && { scheduledAt: run.scheduledAt }),
  };
}

function groupBySession(deliveries: readonly Delivery[]): ReadonlyMap<WorkerSession, readonly Delivery[]> {
  const groups = new Map<WorkerSession, Delivery[]>();
  for (const delivery of deliveries) {
    const group = groups.get(delivery.session);
    if (group === undefined) groups.set(delivery.session, [delivery]);
    else group.push(delivery);
  }
  return groups;
}

function placeKey(namespaceId: NamespaceId, taskQueue: string): string {
  return `${namespaceId}\0${taskQueue}`;
}

/** The kind of a run, as the dispatcher knows it. */
export function dispatchKey(
  run: WorkflowVersion & { readonly namespaceId: NamespaceId; readonly taskQueue: string },
): DispatchKey {
  const { namespaceId, taskQueue, workflowType, version } = run;
  return { namespaceId, taskQueue, workflowType, version };
}
