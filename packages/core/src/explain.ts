import type { Activity, RunningStep } from "./activity.ts";
import type { ErrorDetail } from "./error.ts";
import { type SlotWait, type Standing, heldBack, slotReason } from "./held-back.ts";
import type { RunId } from "./ids.ts";
import { type HistoryRecord, formatStepKey } from "./record.ts";
import { type Run, type RunStatus, type TerminalStatus, isTerminal } from "./run.ts";
import type { Step } from "./steps.ts";
import type { Instant } from "./time.ts";
import { MAX_NAMED, type WaitingFor } from "./waiting-for.ts";
import type { Worker } from "./worker.ts";

/** What is known of a run that is to be explained. What its state makes pointless need not be read. */
export interface ExplainFacts {
  readonly run: Run;
  readonly now: Instant;
  readonly error?: ErrorDetail;
  readonly continuedAs?: RunId;
  readonly activity?: Activity;
  readonly steps: readonly Step[];
  /** Of its waits for events that ask for one, by step. */
  readonly eventKeys?: ReadonlyMap<string, string>;
  /** The last one of its history. */
  readonly lastRecord?: HistoryRecord;
  /** Those of the namespace that are online or draining. */
  readonly workers: readonly Worker[];
  readonly holder?: Worker;
  readonly running: readonly Run[];
  readonly ahead: number;
  readonly children: ReadonlyMap<RunId, RunStatus>;
  readonly isDisabled: boolean;
  /** Of a run that is ready and whose workflow has limits. */
  readonly standing?: Standing;
  readonly slotWaits: readonly SlotWait[];
}

/** Why the run is not moving: what holds it back most comes first. Never empty. */
export function reasonsOf(facts: ExplainFacts): readonly [WaitingFor, ...WaitingFor[]] {
  const { run } = facts;
  const own = isTerminal(run.status) ? [] : [...overdue(run, facts.now), ...asked(run)];
  const [first = longAgo(run), ...others] = [...own, ...ofState(facts)];
  const reasons = [first, ...others] as const;
  const isRefused = reasons.some((each) => "error" in each && each.error?.subject === "namespace");
  const matters = facts.isDisabled && (isTerminal(run.status) || isRefused);
  return matters ? [...reasons, { reason: "namespace", namespaceId: run.namespaceId }] : reasons;
}

/** The time that a run has is over, also where that was for its clean-up. */
function overdue({ deadlineAt }: Run, now: Instant): readonly WaitingFor[] {
  return deadlineAt === undefined || deadlineAt > now ? [] : [{ reason: "time", timer: "deadline", until: deadlineAt }];
}

/** What somebody asked of a run that has not come to it yet. */
function asked({ cancelError, deadlineAt, pauseError, status, workerId }: Run): readonly WaitingFor[] {
  const until = deadlineAt === undefined ? {} : { until: deadlineAt };
  const by = workerId === undefined ? {} : { workerId };
  return [
    ...(cancelError === undefined ? [] : [{ reason: "cancelling", error: cancelError, ...until } as const]),
    ...(pauseError === undefined || status === "paused"
      ? []
      : [{ reason: "paused", error: pauseError, ...by } as const]),
  ];
}

function ofState(facts: ExplainFacts): readonly WaitingFor[] {
  const { run } = facts;
  switch (run.status) {
    case "running":
      return [...busyWith(run, facts), ...facts.slotWaits.map(slotReason), ...openWaits(facts)];
    case "pending":
    case "sleeping":
      return run.availableAt > facts.now ? timersOf(run, facts) : [wanting(run, facts)];
    case "waiting": {
      const waits = [...facts.slotWaits.map(slotReason), ...openWaits(facts)];
      const isReady = run.availableAt !== undefined && run.availableAt <= facts.now;
      return isReady ? [wanting({ ...run, availableAt: run.availableAt }, facts), ...waits] : waits;
    }
    case "paused":
      return [{ reason: "paused", error: run.pauseError }];
    default:
      return [endOf(run, facts)];
  }
}

function busyWith(
  { claimedAt: since, epoch, workerId }: Extract<Run, { status: "running" }>,
  { activity, holder }: ExplainFacts,
): readonly WaitingFor[] {
  if (activity?.epoch !== epoch) {
    const heard = holder === undefined ? {} : { heardAt: holder.lastHeartbeatAt };
    return [{ reason: "running", since, workerId, ...heard }];
  }
  if (activity.steps.length === 0) return [{ reason: "code", since, workerId }];
  const named = (step: RunningStep): WaitingFor => ({
    reason: "step",
    step: formatStepKey(step),
    since: step.startedAt,
    attempt: step.attempt,
    workerId,
  });
  return activity.steps.slice(0, MAX_NAMED).map(named);
}

function timersOf(run: Run & { readonly availableAt: Instant }, facts: ExplainFacts): readonly WaitingFor[] {
  const until = run.availableAt;
  const { lastRecord: last } = facts;
  if (last?.kind === "run" && last.type === "retrying") {
    const error = last.error === undefined ? {} : { error: last.error };
    return [{ reason: "time", timer: "runRetry", until, since: last.recordedAt, attempt: last.attempt, ...error }];
  }
  if (run.status === "sleeping") return openWaits(facts);
  if (run.crashes > 0) return [{ reason: "time", timer: "takeover", until, attempt: run.crashes }];
  return [{ reason: "time", timer: "start", until, since: run.createdAt }];
}

/** Of a run that waits for what is not among the records that were looked at. */
function longAgo(run: Run): WaitingFor {
  const until = "availableAt" in run ? run.availableAt : undefined;
  if (until !== undefined) return { reason: "time", timer: "sleep", until };
  return { reason: "event", step: "", since: run.startedAt ?? run.createdAt };
}

const WAIT_ORDER = { child: 0, event: 1, function: 2, sleep: 3 } as const;

/** What the code of a run waits for: others first, then times. */
function openWaits({ children, eventKeys, steps }: ExplainFacts): readonly WaitingFor[] {
  const open = steps.flatMap((step) => (step.status === "waiting" ? [step] : []));
  const inOrder = open.toSorted((a, b) => WAIT_ORDER[a.kind] - WAIT_ORDER[b.kind] || a.seq - b.seq);
  return inOrder.slice(0, MAX_NAMED).map((step) => waitOf(step, { children, eventKeys }));
}

function waitOf(
  step: Extract<Step, { status: "waiting" }>,
  { children, eventKeys }: { readonly [Key in "children" | "eventKeys"]: ExplainFacts[Key] },
): WaitingFor {
  const about = { step: formatStepKey(step), since: step.createdAt };
  const { attempt, childRunId, dueAt, error } = step;
  if (step.kind === "child" && childRunId !== undefined) {
    const childStatus = children.get(childRunId);
    return { reason: "child", ...about, childRunId, ...(childStatus !== undefined && { childStatus }) };
  }
  if (step.kind === "event" || dueAt === undefined) {
    const key = eventKeys?.get(about.step);
    return {
      reason: "event",
      ...about,
      ...(dueAt !== undefined && { until: dueAt }),
      ...(key !== undefined && { key }),
    };
  }
  if (step.kind === "sleep") return { reason: "time", timer: "sleep", ...about, until: dueAt };
  const failed = error === undefined ? {} : { error };
  return { reason: "time", timer: "stepRetry", ...about, until: dueAt, attempt, ...failed };
}

/** A run that is ready: nobody has it, or nobody has room for it. */
function wanting(run: Run & { readonly availableAt: Instant }, facts: ExplainFacts): WaitingFor {
  const has = (worker: Worker) =>
    worker.workflows.some((each) => each.workflowType === run.workflowType && each.version === run.version);
  const near = facts.workers.filter((worker) => worker.taskQueue === run.taskQueue);
  const able = near.filter((worker) => worker.status === "online" && has(worker));
  const since = run.availableAt;
  if (able.length > 0) return (facts.standing && heldBack(run, facts.standing)) ?? slotsOf(since, able, facts);
  const online = facts.workers.filter((worker) => worker.status === "online");
  const elsewhere = online.filter((worker) => worker.taskQueue !== run.taskQueue && has(worker));
  return {
    reason: "worker",
    since,
    workflow: `${run.workflowType}@${run.version}`,
    offered: offeredBy(
      run,
      online.filter((worker) => worker.taskQueue === run.taskQueue),
    ),
    draining: near.filter((worker) => worker.status === "draining" && has(worker)).length,
    taskQueues: [...new Set(elsewhere.map((worker) => worker.taskQueue))].slice(0, MAX_NAMED),
  };
}

function offeredBy({ workflowType }: Run, workers: readonly Worker[]): readonly string[] {
  const offers = workers.flatMap((worker) => worker.workflows);
  const own = offers.filter((each) => each.workflowType === workflowType);
  const names = [...own, ...offers].map((each) => `${each.workflowType}@${each.version}`);
  return [...new Set(names)].slice(0, MAX_NAMED);
}

function slotsOf(since: Instant, able: readonly Worker[], { ahead, running }: ExplainFacts): WaitingFor {
  const workers = able.map(({ activeCount: taken, maxConcurrent: slots, workerId }) => ({ workerId, taken, slots }));
  const ids = new Set(able.map(({ workerId }) => workerId));
  const holders = running.filter(({ workerId }) => workerId !== undefined && ids.has(workerId));
  return {
    reason: "slot",
    since,
    workerCount: able.length,
    slots: workers.reduce((sum, each) => sum + each.slots, 0),
    taken: workers.reduce((sum, each) => sum + each.taken, 0),
    workers: workers.slice(0, MAX_NAMED),
    holders: holders.slice(0, MAX_NAMED).map(({ runId }) => runId),
    ahead,
  };
}

function endOf(
  { finishedAt: since, status }: Extract<Run, { status: TerminalStatus }>,
  { continuedAs, error }: ExplainFacts,
): WaitingFor {
  return {
    reason: "ended",
    status,
    since,
    ...(error !== undefined && { error }),
    ...(continuedAs !== undefined && { continuedAs }),
  };
}
