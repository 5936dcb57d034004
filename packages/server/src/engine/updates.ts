import {
  type Command,
  type HeldRun,
  type HistoryRecord,
  type Instant,
  type NewRecord,
  KagziError,
  type Refusal,
  type RunStatus,
  type RunUpdate,
  type RunWrite,
  type Touched,
  type WriteOutcome,
  checkInteger,
  checkName,
  checkPayload,
  checkRetryPolicy,
  checkStepName,
  checkWaitMs,
  explainRefusal,
  formatStepKey,
  isTerminal,
  leaseLost,
  notFound,
  payloadBytes,
  planUpdate,
} from "@kagzi/core";
import { type Dispatcher, dispatchKey } from "./dispatcher.ts";
import type { EngineContext } from "./engine.ts";
import type { EventRouter } from "./event-router.ts";
import { sleep } from "./env.ts";
import { GroupCommit } from "./group-commit.ts";
import type { HintOutbox } from "./hint-outbox.ts";
import type { Others } from "./others.ts";
import type { Runs } from "./runs.ts";
import type { HeldTask, UpdateAnswer, WorkerSession } from "./session.ts";
import type { Signals } from "./signals.ts";
import type { UpdateRequest } from "./update-request.ts";
import type { RunOutcome, Waiters } from "./waiters.ts";

/** How far a worker's clock may be ahead of the store's before it has to read the history anew. */
const LONGEST_AHEAD_MS = 5000;

/** A write that was made, by this call or by one before it whose answer was lost. */
export interface Written {
  /** Absent if the answer was lost. */
  readonly now?: Instant;
  readonly dueAt: ReadonlyMap<number, Instant>;
  readonly status?: RunStatus;
  readonly wakeAt?: Instant;
  readonly told?: Touched;
}

/** What workers say of their runs: committed together, and told to everyone whom it concerns. */
export class Updates {
  readonly #context: EngineContext;
  readonly #dispatcher: Dispatcher;
  readonly #hints: HintOutbox;
  readonly #waiters: Waiters;
  readonly #runs: Runs;
  readonly #signals: Signals;
  readonly #others: Others;
  readonly #router: EventRouter;
  readonly #commits: GroupCommit<RunWrite, WriteOutcome>;
  readonly #closed = new AbortController();

  constructor(
    context: EngineContext,
    parts: {
      readonly dispatcher: Dispatcher;
      readonly hints: HintOutbox;
      readonly waiters: Waiters;
      readonly runs: Runs;
      readonly signals: Signals;
      readonly router: EventRouter;
    },
    others: Others,
  ) {
    this.#context = context;
    this.#dispatcher = parts.dispatcher;
    this.#hints = parts.hints;
    this.#waiters = parts.waiters;
    this.#runs = parts.runs;
    this.#signals = parts.signals;
    this.#router = parts.router;
    this.#others = others;
    const { config, env, store } = context;
    this.#commits = new GroupCommit({
      env,
      commit: (writes) => store.runs.write(writes),
      maxItems: config.commitItems,
      bytesOf: (write) =>
        write.records.reduce((bytes, { payload, input }) => bytes + payloadBytes(payload) + payloadBytes(input), 0),
      maxBytes: config.commitBytes,
      keyOf: (write) => write.runId,
    });
  }

  /** Writes an update of a worker's over its stream. Answers, and never throws, whatever becomes of it. */
  apply(session: WorkerSession, held: HeldRun, request: UpdateRequest): Promise<UpdateAnswer> {
    const { runId, epoch } = held;
    const task = session.held.get(runId);
    if (task === undefined || task.epoch !== epoch) return Promise.resolve({ runId, epoch, result: "leaseLost" });
    const needsOthers = request.outcome?.become === "continued" || request.commands.some(mayTakeTime);
    if (!needsOthers && task.turn === undefined) return this.#apply(session, held, task, request as RunUpdate);
    // What is done for others first, and a wait that is not over yet, take time, and the updates of a run keep their order.
    const turn = Promise.resolve(task.turn).then(() => this.#applyInTurn(session, held, task, request));
    task.turn = turn;
    return turn;
  }

  async #applyInTurn(
    session: WorkerSession,
    held: HeldRun,
    task: HeldTask,
    request: UpdateRequest,
  ): Promise<UpdateAnswer> {
    try {
      return await this.#apply(session, held, task, await this.#others.settle(task, request));
    } catch (error) {
      return { runId: held.runId, epoch: held.epoch, result: "rejected", error };
    }
  }

  async #apply(session: WorkerSession, held: HeldRun, task: HeldTask, update: RunUpdate): Promise<UpdateAnswer> {
    const { runId, epoch } = held;
    try {
      checkUpdate(update);
      const write = planUpdate(held, task, update, this.#context.env.random);
      const outcome = await this.#writeWhenDue(write, task, update);
      if (outcome === "leaseLost" || outcome === "notFound" || write.next !== undefined) this.#freed(session, held);
      if (typeof outcome !== "string") return acknowledge(write, outcome);
      return { runId, epoch, result: outcome === "reload" ? "reload" : "leaseLost" };
    } catch (error) {
      return { runId, epoch, result: "rejected", error };
    }
  }

  /** Commits a write, and tells everyone whom it concerns. A refusal changed nothing. */
  async write(write: RunWrite, task: HeldTask): Promise<Written | Exclude<Refusal, "applied">> {
    const outcome = await this.#commits.submit(write);
    if (outcome.became === "refused") {
      const refusal = explainRefusal(write, outcome.facts);
      if (refusal === "leaseLost") {
        this.#context.metrics.leasesLost.of(task.namespaceId, task.workflowType).add();
        // Whoever speaks under a lease that it lost is alive.
        await this.#context.store.workers.excuse(write.namespaceId, [write]);
      }
      if (refusal !== "applied") return refusal;
      const written = { dueAt: dueTimes(outcome.facts?.tail ?? []) };
      this.#tell(write, task, written);
      return written;
    }
    this.#context.clock.observe(outcome.now);
    this.#count(write, task, outcome);
    this.#tell(write, task, outcome);
    return outcome;
  }

  close(): Promise<void> {
    this.#closed.abort();
    return this.#commits.close();
  }

  /**
   * A worker whose clock is ahead of the store's takes a wait to be over that is not. That is no reason to take the run, with
   * the functions that it is executing, out of its hands: what it says is written when the time has come.
   */
  async #writeWhenDue(write: RunWrite, task: HeldTask, update: RunUpdate) {
    const { env } = this.#context;
    for (const until = env.now() + LONGEST_AHEAD_MS; ;) {
      const outcome = await this.writeOrCancel(write, task, update);
      // Where the store cannot say, the worker reads the history anew.
      const earlyMs = outcome === "reload" ? await this.#earlyMs(write).catch(() => 0) : 0;
      if (earlyMs <= 0 || env.now() + earlyMs > until || this.#closed.signal.aborted) return outcome;
      await sleep(env, earlyMs, this.#closed.signal);
    }
  }

  /** How long it is until the waits are over whose end is written; 0 if they are. */
  async #earlyMs({ namespaceId, records, runId }: RunWrite): Promise<number> {
    const { store } = this.#context;
    const begun = records.flatMap(({ startedSeq }) => startedSeq ?? []);
    if (begun.length === 0) return 0;
    const positions = begun.map((seq) => ({ namespaceId, runId, afterSeq: Math.max(0, seq - 1) }));
    const [now, pages] = await Promise.all([store.now(), store.history.read(positions, 1)]);
    return Math.max(0, ...pages.map(({ records: [first] }) => (first?.dueAt ?? now) - now));
  }

  /** A write that comes after a request to cancel the run ends it as cancelled, whatever it wanted. */
  async writeOrCancel(
    write: RunWrite,
    task: HeldTask,
    update: RunUpdate,
  ): Promise<Written | Exclude<Refusal, "applied" | "cancelled">> {
    const outcome = await this.write(write, task);
    if (outcome !== "cancelled") return outcome;
    const { run } = await this.#runs.get(write);
    const error = run.cancelError ?? leaseLost(run.runId, run.epoch).detail;
    const cancelled = planUpdate(write, task, { ...update, outcome: { become: "cancelled", error } }, () => 0);
    const second = await this.write(cancelled, task);
    return second === "cancelled" ? "leaseLost" : second;
  }

  #count(write: RunWrite, task: HeldTask, { now, status = write.next?.status }: Written): void {
    const { log, metrics } = this.#context;
    for (const record of write.records) {
      metrics.recorded(task, record);
      if (record.type === "retrying" && record.kind === "function") this.#logRetry(task, record);
    }
    if (write.next !== undefined && "attempt" in write.next) metrics.runRetried(task);
    if (status === undefined || !isTerminal(status)) return;
    const { createdAt, namespaceId, runId, workflowType } = task;
    log.debug("a run has ended", { namespaceId, runId, workflow: workflowType, status });
    metrics.finished(task, status, createdAt === undefined || now === undefined ? undefined : now - createdAt);
  }

  /** What the error says stays in the run: it may quote what was passed. */
  #logRetry({ namespaceId, runId, workflowType }: HeldTask, { attempt, error, ...step }: NewRecord): void {
    this.#context.log.debug("an attempt of a step has failed and will be followed by another one", {
      namespaceId,
      runId,
      workflow: workflowType,
      step: formatStepKey(step),
      attempt,
      error: { message: error?.name ?? error?.code },
    });
  }

  #placeFreed(task: HeldTask): void {
    this.#dispatcher.placeFreed(task);
    this.#hints.ready(dispatchKey(task));
  }

  /** There may be an event for a wait that has just begun, or that another one took the event of. */
  #route({ records }: RunWrite): void {
    if (records.some(mayWait)) this.#router.kick();
  }

  #freed(session: WorkerSession, held: HeldRun): void {
    session.letGo(held);
    this.#dispatcher.freed(session);
  }

  #tell(write: RunWrite, task: HeldTask, { now, status = write.next?.status, told, wakeAt }: Written): void {
    if (told !== undefined) void this.#signals.touched(told);
    if (write.continuation !== undefined) this.#others.began(write.continuation);
    if (write.closing === true) this.#others.close();
    if (status === undefined || !isTerminal(status)) this.#route(write);
    if (status === undefined) return;
    if (task.limitKey !== undefined) this.#placeFreed(task);
    if (isTerminal(status)) {
      task.hasEnded = true;
      this.#waiters.ended(write.runId, outcomeOf(write, status));
      this.#hints.ended(write.runId);
    } else if (status === "pending") {
      this.#dispatcher.ready(dispatchKey(task));
      this.#hints.ready(dispatchKey(task));
    } else if (status === "sleeping" || status === "waiting") {
      // Where the answer was lost, the next claim tells when the run is ready.
      if (now === undefined) this.#dispatcher.ready(dispatchKey(task));
      else if (wakeAt !== undefined) this.#dispatcher.ready(dispatchKey(task), wakeAt - now);
    }
  }
}

/** The last record of a run that has ended says how. */
function outcomeOf({ namespaceId, records, runId }: RunWrite, status: RunStatus): RunOutcome {
  const { childRunId, error, payload } = records.at(-1) ?? {};
  return {
    namespaceId,
    runId,
    status,
    ...(payload && { output: payload }),
    ...(error && { error }),
    ...(childRunId && { continuedAs: childRunId }),
  };
}

function mayWait({ kind, takes, type }: RunWrite["records"][number]): boolean {
  return kind === "event" && (type === "started" || takes !== undefined);
}

function acknowledge(write: RunWrite, written: Written): UpdateAnswer {
  const afterSeq = write.afterSeq ?? 0;
  const decisions = write.records.flatMap((record, index) => {
    const seq = afterSeq + index + 1;
    const dueAt = written.dueAt.get(seq);
    const isDecided = record.error !== undefined || record.decided === true;
    if (dueAt === undefined && !isDecided) return [];
    const error = record.decided === true ? record.error : undefined;
    return [{ seq, type: record.type, ...(dueAt !== undefined && { dueAt }), ...(error !== undefined && { error }) }];
  });
  return {
    runId: write.runId,
    epoch: write.epoch,
    result: "ok",
    seq: afterSeq + write.records.length,
    decisions,
  };
}

function dueTimes(records: readonly HistoryRecord[]): ReadonlyMap<number, number> {
  return new Map(records.flatMap(({ seq, dueAt }) => (dueAt === undefined ? [] : [[seq, dueAt] as const])));
}

/** Everything in an update that a store could stumble over. @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function checkUpdate(update: RunUpdate): void {
  for (const command of update.commands) checkCommand(command);
  checkPayload("the progress of the run", update.progress);
  const { outcome } = update;
  if (outcome?.become === "completed") checkPayload("the output of the run", outcome.output);
  if (outcome?.become === "failed" && outcome.policy !== undefined) checkRetryPolicy(outcome.policy);
}

/** Whether the server has something to do, or to wait for, before the command can be recorded. */
function mayTakeTime(command: UpdateRequest["commands"][number]): boolean {
  const { do: what } = command;
  return (
    what === "start" ||
    what === "endWait" ||
    what === "send" ||
    (what === "cancelStep" && command.childRunId !== undefined)
  );
}

function checkCommand(command: Command): void {
  if (command.do === "cancelRun") return;
  checkStepName(command.name);
  checkInteger("the occurrence of a step", command.occurrence, 1, 2 ** 31 - 1);
  const step = `step ${JSON.stringify(formatStepKey(command))}`;
  if (command.do === "completeStep" || command.do === "failStep") {
    checkInteger(`the attempt of ${step}`, command.attempt, 1, 2 ** 31 - 1);
    checkPayload(`the input of ${step}`, command.input);
  }
  if (command.do === "completeStep") checkPayload(`the output of ${step}`, command.output);
  if (command.do === "failStep" && command.policy !== undefined) checkRetryPolicy(command.policy);
  if (command.do === "startEventWait" && command.due !== undefined && "afterMs" in command.due) {
    checkWaitMs(`the timeout of ${step}`, command.due.afterMs);
  }
  if (command.do === "startEventWait" && command.key !== undefined) checkName(`the key of ${step}`, command.key);
  if (command.do === "startSleep" && "afterMs" in command.due) checkWaitMs(`the wait of ${step}`, command.due.afterMs);
}

/** A refusal as an error, for callers who have no other way to hear of it. */
export function refusalError(refusal: Exclude<Refusal, "applied" | "cancelled">, held: HeldRun): KagziError {
  switch (refusal) {
    case "notFound":
      return notFound("run", held.runId);
    case "leaseLost":
      return leaseLost(held.runId, held.epoch);
    default:
      return new KagziError("CONFLICT", `run ${held.runId} was written to at the same time: make the call again`, {
        nonRetryable: false,
        subject: "run",
        subjectId: held.runId,
      });
  }
}
