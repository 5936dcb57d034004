import type { NamespaceId, RunId, WorkerId } from "./ids.ts";
import type { Instant } from "./time.ts";
import type { WorkflowVersion } from "./worker.ts";

/** Which runs a worker may be given: those of its namespace and task queue, of a workflow in a version that it has. */
export interface DispatchKey extends WorkflowVersion {
  readonly namespaceId: NamespaceId;
  readonly taskQueue: string;
}

/** A run that is ready, in the order in which runs are to be taken. */
export interface Candidate extends WorkflowVersion {
  readonly runId: RunId;
  /** Who held it last, and may still have it in memory. */
  readonly workerId?: WorkerId;
  /** Since when it is ready; of one that is taken ahead of its time, when it will be. */
  readonly availableAt: Instant;
  /** It sleeps, or waits, and its time is over. */
  readonly isDue: boolean;
}

/** A worker that waits for runs. */
export interface FreeWorker {
  readonly workerId: WorkerId;
  readonly free: number;
  offers(workflow: WorkflowVersion): boolean;
}

/** Runs that are wanted: of one workflow in one version, so many at most. */
export interface Wanted extends WorkflowVersion {
  readonly limit: number;
}

/** Of which of the wanted workflows more may be ready than were taken. */
export function leftOvers(
  wanted: readonly Wanted[],
  ready: readonly Candidate[],
  taken: ReadonlySet<RunId>,
): readonly WorkflowVersion[] {
  return wanted.filter(({ workflowType, version, limit }) => {
    const own = ready.filter((run) => run.workflowType === workflowType && run.version === version);
    return own.length >= limit || own.some((run) => !taken.has(run.runId));
  });
}

/** Workers that were to take runs and were given none of them: the store does not lease to who was not heard of. */
export function refusedWorkers(
  assignments: readonly Assignment[],
  claimed: readonly { readonly run: { readonly workerId: WorkerId } }[],
): readonly WorkerId[] {
  const served = new Set(claimed.map(({ run }) => run.workerId));
  return [...new Set(assignments.map(({ workerId }) => workerId).filter((workerId) => !served.has(workerId)))];
}

/** Which worker takes which run. */
export interface Assignment {
  readonly runId: RunId;
  readonly workerId: WorkerId;
  /** The deadline of the run's workflow from now, which counts if this is the first claim and the run has none of its own. */
  readonly timeoutMs?: number;
}

/**
 * Gives ready runs to workers with free slots: to the one that held the run last, which need not read its history
 * again, else to the one with the most free slots. A candidate that nobody can take is left out.
 */
export function assignRuns<Worker extends FreeWorker>(
  candidates: readonly Candidate[],
  workers: readonly Worker[],
): ReadonlyMap<RunId, Worker> {
  const free = new Map(workers.map((worker) => [worker, worker.free]));
  const assigned = new Map<RunId, Worker>();
  for (const candidate of candidates) {
    const chosen = choose(candidate, free);
    if (chosen === undefined) continue;
    const [worker, slots] = chosen;
    free.set(worker, slots - 1);
    assigned.set(candidate.runId, worker);
  }
  return assigned;
}

function choose<Worker extends FreeWorker>(
  candidate: Candidate,
  free: ReadonlyMap<Worker, number>,
): readonly [Worker, number] | undefined {
  let best: readonly [Worker, number] | undefined;
  for (const [worker, slots] of free) {
    if (slots <= 0 || !worker.offers(candidate)) continue;
    if (worker.workerId === candidate.workerId) return [worker, slots];
    if (best === undefined || slots > best[1]) best = [worker, slots];
  }
  return best;
}
