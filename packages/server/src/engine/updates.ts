import {
  type Command,
  type HeldRun,
  type HistoryRecord,
  type Instant,
  KagziError,
  type Refusal,
  type RunUpdate,
  type RunWrite,
  type WriteOutcome,
  checkInteger,
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
import { GroupCommit } from "./group-commit.ts";
import type { HintOutbox } from "./hint-outbox.ts";
import type { HeldTask, UpdateAnswer, WorkerSession } from "./session.ts";
import type { Waiters } from "./waiters.ts";

/** A write that was made, by this call or by one before it whose answer was lost. */
export interface Written {
  /** Absent if the answer was lost. */
  readonly now?: Instant;
  readonly dueAt: ReadonlyMap<number, Instant>;
  readonly wakeAt?: Instant;
}

/** What workers say of their runs: committed together, and told to everyone whom it concerns. */
export class Updates {
  readonly #context: EngineContext;
  readonly #dispatcher: Dispatcher;
  readonly #hints: HintOutbox;
  readonly #waiters: Waiters;
  readonly #commits: GroupCommit<RunWrite, WriteOutcome>;

  constructor(
    context: EngineContext,
    parts: { readonly dispatcher: Dispatcher; readonly hints: HintOutbox; readonly waiters: Waiters },
  ) {
    this.#context = context;
    this.#dispatcher = parts.dispatcher;
    this.#hints = parts.hints;
    this.#waiters = parts.waiters;
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
  async apply(session: WorkerSession, held: HeldRun, update: RunUpdate): Promise<UpdateAnswer> {
    const { runId, epoch } = held;
    const task = session.held.get(runId);
    if (task === undefined || task.epoch !== epoch) return { runId, epoch, result: "leaseLost" };
    try {
      checkUpdate(update);
      const write = planUpdate(held, task, update, this.#context.env.random);
      const outcome = await this.write(write, task);
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
      if (refusal !== "applied") return refusal;
      const written = { dueAt: dueTimes(outcome.facts?.tail ?? []) };
      this.#tell(write, task, written);
      return written;
    }
    this.#context.clock.observe(outcome.now);
    this.#tell(write, task, outcome);
    return outcome;
  }

  close(): Promise<void> {
    return this.#commits.close();
  }

  #freed(session: WorkerSession, held: HeldRun): void {
    session.letGo(held);
    this.#dispatcher.freed(session);
  }

  #tell(write: RunWrite, task: HeldTask, { now, wakeAt }: Written): void {
    const { next } = write;
    if (next === undefined) return;
    if (isTerminal(next.status)) {
      this.#waiters.ended(write.runId);
      this.#hints.ended(write.runId);
    } else if (next.status === "pending") {
      this.#dispatcher.ready(dispatchKey(task));
      this.#hints.ready(dispatchKey(task));
    } else if (next.status === "sleeping") {
      // Where the answer was lost, the next claim tells when the run is ready.
      this.#dispatcher.ready(dispatchKey(task), now === undefined || wakeAt === undefined ? 0 : wakeAt - now);
    }
  }
}

function acknowledge(write: RunWrite, written: Written): UpdateAnswer {
  const afterSeq = write.afterSeq ?? 0;
  const decisions = write.records.flatMap((record, index) => {
    const seq = afterSeq + index + 1;
    const dueAt = written.dueAt.get(seq);
    if (dueAt === undefined && record.error === undefined) return [];
    return [{ seq, type: record.type, ...(dueAt !== undefined && { dueAt }) }];
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
  const { outcome } = update;
  if (outcome?.become === "completed") checkPayload("the output of the run", outcome.output);
  if (outcome?.become === "failed" && outcome.policy !== undefined) checkRetryPolicy(outcome.policy);
}

function checkCommand(command: Command): void {
  checkStepName(command.name);
  checkInteger("the occurrence of a step", command.occurrence, 1, 2 ** 31 - 1);
  const step = `step ${JSON.stringify(formatStepKey(command))}`;
  if (command.do === "completeStep" || command.do === "failStep") {
    checkInteger(`the attempt of ${step}`, command.attempt, 1, 2 ** 31 - 1);
    checkPayload(`the input of ${step}`, command.input);
  }
  if (command.do === "completeStep") checkPayload(`the output of ${step}`, command.output);
  if (command.do === "failStep" && command.policy !== undefined) checkRetryPolicy(command.policy);
  if (command.do === "startSleep" && "afterMs" in command.due) checkWaitMs(`the wait of ${step}`, command.due.afterMs);
}

/** A refusal as an error, for callers who have no other way to hear of it. */
export function refusalError(refusal: Exclude<Refusal, "applied">, held: HeldRun): KagziError {
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
