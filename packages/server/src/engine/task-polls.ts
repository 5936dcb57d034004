import { KagziError, type NamespaceId, type WorkerId, type WorkflowVersion, checkInteger } from "@kagzi/core";
import { deferred } from "./deferred.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EngineContext } from "./engine.ts";
import { sleep } from "./env.ts";
import { type Task, WorkerSession } from "./session.ts";
import type { Workers } from "./workers.ts";

/** The longest that one poll waits for a task. */
export const LONGEST_POLL_MS = 60_000;

/** A worker's wait for one task. */
export interface PollRequest {
  readonly namespaceId: NamespaceId;
  readonly workerId: WorkerId;
  /** Of the registered ones; empty: all. */
  readonly workflowTypes: readonly string[];
  readonly timeoutMs: number;
}

/** Polls for tasks: each is a worker with one free slot for as long as it waits. */
export class TaskPolls {
  readonly #context: EngineContext;
  readonly #workers: Workers;
  readonly #dispatcher: Dispatcher;

  constructor(context: EngineContext, parts: { readonly workers: Workers; readonly dispatcher: Dispatcher }) {
    this.#context = context;
    this.#workers = parts.workers;
    this.#dispatcher = parts.dispatcher;
  }

  /**
   * Waits for a run and takes its lease; `undefined` when the wait is over or the caller has gone.
   * @throws KagziError `NOT_FOUND` if the worker is not registered, `PRECONDITION_FAILED` if it was not heard of in time
   */
  async poll(request: PollRequest, signal: AbortSignal): Promise<Task | undefined> {
    checkInteger("timeout_ms", request.timeoutMs, 0, LONGEST_POLL_MS);
    const worker = await this.#workers.get(request.namespaceId, request.workerId);
    if (worker.status === "offline") throw silentWorker(request.workerId);
    const { workflowTypes: types } = request;
    const isWanted = ({ workflowType }: WorkflowVersion) => types.length === 0 || types.includes(workflowType);
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const { session, task } = this.#session({ ...worker, workflows: worker.workflows.filter(isWanted) }, until);
    session.draining = worker.status === "draining";
    this.#dispatcher.open(session);
    try {
      return await Promise.race([task, sleep(this.#context.env, request.timeoutMs, until).then(() => undefined)]);
    } finally {
      over.abort();
      this.#dispatcher.close(session);
    }
  }

  #session(
    worker: Pick<WorkerSession, "workerId" | "namespaceId" | "taskQueue" | "workflows">,
    until: AbortSignal,
  ): { readonly session: WorkerSession; readonly task: Promise<Task> } {
    const task = deferred<Task>();
    const link = {
      give: ([given]: readonly Task[]) => {
        if (given === undefined) return;
        // Claimed for a poll that has ended meanwhile.
        if (until.aborted) void this.#giveBack(given);
        else task.resolve(given);
      },
      // A worker that polls hears of a cancellation with its heartbeat.
      signal: () => {},
      drop: () => {},
      drain: () => {},
      room: async () => {},
      end: () => {},
    };
    return { session: new WorkerSession({ ...worker, capacity: 1, link }), task: task.promise };
  }

  async #giveBack({ held }: Task): Promise<void> {
    try {
      await this.#context.store.workers.release(held.namespaceId, [held]);
      this.#dispatcher.ready(held);
    } catch {
      // A heartbeat that does not name the run gives it back as well, and so does the end of the lease.
    }
  }
}

function silentWorker(workerId: WorkerId): KagziError {
  return new KagziError(
    "PRECONDITION_FAILED",
    `worker ${workerId} is offline: it deregistered, or was not heard of in time; call Heartbeat as often as Register said`,
    { subject: "worker", subjectId: workerId },
  );
}
