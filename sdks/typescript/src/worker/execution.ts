import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ErrorDetail, type Payload, type RunAck, type RunSignals } from "@kagzi/proto";
import { createContext } from "../context/create-context.ts";
import { KagziError } from "../error.ts";
import { fromErrorDetail, toErrorDetail } from "../error-detail.ts";
import { inRun } from "../context/scope.ts";
import { planCalls } from "../replay/plan.ts";
import type { ReplayRecord } from "../replay/records.ts";
import { type Call, Mismatch, Replay } from "../replay/replay.ts";
import { type RunTrace, beginTraced, errorTypeOf, runTrace, sentFrom, take } from "../tracing/trace-of.ts";
import type { Workflow } from "../workflow.ts";
import { type Recorded, begin, cancelStep, endWait, heed } from "./advance.ts";
import { afterMicrotasks } from "./after-microtasks.ts";
import { CodeHost, type CodeSide } from "./code-host.ts";
import {
  type Asked,
  CALLS,
  type ExecutionHost,
  describeRecord,
  failure,
  doesNotMatch,
  factsOf,
  givenUp,
  hand,
  keyOf,
  noReason,
  notAskedFor,
  parkUntil,
  strayFailure,
  recordedKind,
  withCause,
  workerStops,
} from "./execution-parts.ts";
import { derivedRunId } from "./ids.ts";
import { Inbox } from "./inbox.ts";
import { runCode } from "./run-code.ts";
import { LazySignal, type Reason } from "./lazy-signal.ts";
import { StepBodies } from "./step-bodies.ts";
import type { WorkerTask } from "./task.ts";
import { type CommandCase, UpdateBuffer, type WireOutcome } from "./update-buffer.ts";

/** How long the code may take to ask for a step that is recorded before it counts as other code. */
const MISSING_MS = 1000;

/**
 * `running`: holds the lease. `leaving`: has said what becomes of the run, and waits for the answer. `parked`: gave the
 * lease up until a wait is over. `over`: nothing happens any more.
 */
type State = "running" | "leaving" | "parked" | "over";

/**
 * One run in this process: the code of its workflow, and what stands between it and the server. The code is handed what
 * is recorded; what it asks for beyond that is done, recorded, and handed to it in the same way. It is handed a result
 * before the server has it, but nothing that it asks for then has an effect before that result is durable.
 */
export class Execution {
  readonly task: WorkerTask;
  readonly #host: ExecutionHost;
  readonly #workflow: Workflow<unknown, unknown>;
  readonly #replay: Replay;
  /** The code's own signal: the run is to be cancelled, or is no longer executed here. */
  readonly #signal = new LazySignal();
  readonly #asked = new Map<Call, Asked>();
  /** What the plan of what to do next asks of a call. */
  readonly #asks = {
    slotOf: (call: Call) => this.#steps.slotOf(call, this.#asked.get(call)),
    keyOf: (call: Call) => keyOf(this.#asked.get(call)),
    isSend: (call: Call) => this.#asked.get(call)?.kind === "send",
  };
  readonly #steps: StepBodies;
  /** Where the process has set up tracing. */
  readonly #trace: RunTrace | undefined;
  readonly #inbox = new Inbox();
  #updates: UpdateBuffer;
  #state: State = "running";
  #leavesBy: WireOutcome["case"] | undefined;
  #codeHasEnded = false;
  #isCancelled = false;
  #stopping = false;
  #pumpIsDue = false;
  #cancelTimer: (() => void) | undefined;

  constructor(
    host: ExecutionHost,
    workflow: Workflow<unknown, unknown>,
    task: WorkerTask,
    history: readonly ReplayRecord[],
  ) {
    this.#host = host;
    this.#workflow = workflow;
    this.task = task;
    this.#replay = new Replay(history);
    this.#updates = new UpdateBuffer({ ...task, seq: history.length });
    this.#trace = runTrace({ ...task, namespace: host.namespace }, this.#replay.input);
    const owner = {
      runId: task.runId,
      workflow: workflow.name,
      onDone: (call: Call, recorded: Recorded) => this.#done(call, recorded),
      onChange: () => this.#pumpSoon(),
      onStray: (reason: unknown, where: string) => this.#onStray(reason, where),
      trace: this.#trace,
    };
    this.#steps = new StepBodies(host, owner, task.epoch);
    this.#inbox.begin(task.signals);
  }

  get runId(): string {
    return this.task.runId;
  }

  get state(): State {
    return this.#state;
  }

  /** What this execution has said becomes of the run. */
  get leavesBy(): WireOutcome["case"] | undefined {
    return this.#leavesBy;
  }

  /** How many records this execution knows. */
  get seq(): number {
    return this.#replay.length;
  }

  /** Bytes of payloads that the code was handed. */
  get bytes(): number {
    return this.#replay.bytes;
  }

  /** What is to be said to the server, under the lease that this execution has. */
  get updates(): UpdateBuffer {
    return this.#updates;
  }

  start(): void {
    beginTraced(this.#trace, () => void inRun(this.runId, this.#onStray, () => this.#runCode()));
    this.#pumpSoon();
  }

  /** Goes on after a wait, under a new lease. */
  resume({ epoch, signals }: Pick<WorkerTask, "epoch" | "signals">): void {
    this.#updates = new UpdateBuffer({ runId: this.runId, epoch, seq: this.seq });
    this.#steps.begin(epoch);
    this.#inbox.begin(signals);
    this.#state = "running";
    this.#trace?.begin();
    this.#pumpSoon();
  }

  /** Somebody has brought something for the run. */
  signalled(signals: RunSignals): void {
    this.#inbox.add(signals);
    this.#steps.signalled();
    if (signals.release) this.stop();
    this.#pumpSoon();
  }

  /** Says what the run is busy with, if that has been the same for a while. Called now and then. */
  look(): void {
    if (this.#state !== "running") return;
    const news = this.#steps.look(this.seq);
    if (news === undefined) return;
    this.#updates.busyWith(news);
    this.#host.send(this);
  }

  /** The server's answer to the oldest update: it is durable, and this is what was decided in it. */
  acknowledged(ack: RunAck): void {
    this.#updates.acknowledge();
    heed(ack, this.#replay);
    if (this.#state === "leaving" && this.#updates.isAnswered) this.#left();
    else this.#pumpSoon();
  }

  /** The update was refused for what it says. It would be refused again, so the run fails with the reason. */
  rejected(error: ErrorDetail | undefined): void {
    this.#updates = new UpdateBuffer({ runId: this.runId, epoch: this.#updates.epoch, seq: this.#updates.acked });
    this.#leave({ case: "fail", value: { error: { ...(error ?? noReason()), nonRetryable: true } } });
  }

  /** The run is somebody else's, or has ended: nothing of it is done any more, and its code is never heard of again. */
  drop(reason: Reason): void {
    this.#state = "over";
    this.#cancelTimer?.();
    this.#trace?.end("dropped");
    this.#abort(reason);
  }

  /** Gives the run back as soon as no function of its steps is running. */
  stop(): void {
    this.#stopping = true;
    if (this.#state === "parked") this.drop(workerStops);
    else this.#pumpSoon();
  }

  /** Gives the run back now. What still runs is aborted, and forgotten. */
  stopNow(): void {
    this.#stopping = true;
    if (this.#state === "running") this.#leave({ case: "release", value: {} });
    this.#abort(workerStops);
  }

  /** A promise that nobody waits for has failed: the code thinks that something was done which was not. */
  readonly #onStray = (reason: unknown, where: string): void => {
    const error = strayFailure(this.runId, reason, where);
    if (this.#state === "running") this.#finish(failure(error, this.#workflow.retry));
    else this.#host.logger.warn(error.message, { runId: this.runId });
  };

  /** The code has come to an end. A run that is to be cancelled ends so, whatever its code says. */
  #finish(outcome: WireOutcome): void {
    this.#codeHasEnded = true;
    if (this.#state !== "running") return;
    const missing = this.#replay.missing();
    if (missing !== undefined) return this.#block(`${describeRecord(missing)}, and the code has ended without it`);
    // Children that nobody waits for any more do not outlive the run.
    if (this.#replay.open.some((call) => call.childRunId !== undefined)) this.#updates.closeChildren();
    const error = this.#inbox.cancel;
    this.#leave(error === undefined ? outcome : { case: "cancel", value: { error: withCause(error, outcome) } });
    // A step that lost a race is of no more use.
    this.#abort(() => new KagziError("CANCELLED", `run ${this.runId} has ended`));
  }

  #runCode(): Promise<void> {
    const code: CodeSide = {
      runId: this.runId,
      signal: () => this.#signal.signal,
      now: () => this.#replay.now,
      isReplaying: () => this.#replay.isReplaying || this.#state === "over",
      hasEnded: () => this.#codeHasEnded,
      traceIds: () => this.#trace?.ids ?? {},
      ask: (asked, read) => this.#ask(asked, read),
      giveUp: (promise) => this.#giveUp(promise),
      report: (progress) => this.#report(progress),
      finish: (outcome) => this.#finish(outcome),
    };
    const context = () =>
      createContext(factsOf(this.task, this.#host), new CodeHost(code, this.#host), this.#host.logger);
    const started = { workflow: this.#workflow, task: this.task, replay: this.#replay, payloads: this.#host.payloads };
    return runCode(started, code, context);
  }

  /** The code asks for something. Its promise settles when the outcome is handed to it, and never while the run is parked. */
  #ask(asked: Asked, read: (payload: Payload | undefined) => unknown): Promise<unknown> {
    let made: Call | undefined;
    const promise = new Promise<unknown>((resolve, reject) => {
      if (this.#state === "over") return;
      try {
        made = this.#replay.call(asked.name, recordedKind(asked), (outcome) =>
          hand(outcome, { resolve, reject }, read),
        );
        this.#asked.set(made, asked);
      } catch (error) {
        this.#mismatch(error);
      }
    });
    // A branch that the code no longer listens to may fail without harm to the process.
    promise.catch(() => {});
    if (made !== undefined) CALLS.set(promise, made);
    this.#pumpSoon();
    return promise;
  }

  /** The code no longer wants what it asked for: it fails now, and its outcome is none of the run's any more. */
  #giveUp(promise: unknown): void {
    const call = CALLS.get(promise as object);
    if (call === undefined || !this.#replay.isOpen(call) || call.givenUpAfter !== undefined) return;
    this.#abandon(call, toErrorDetail(givenUp(this.runId, call.key)));
    this.#pumpSoon();
  }

  #abandon(call: Call, error: ErrorDetail): void {
    call.givenUpAfter = this.seq;
    call.settle({ type: "failed", error });
    this.#asked.delete(call);
    this.#steps.giveUp(call, fromErrorDetail(error));
  }

  /** The run is to be cancelled: all that its code waits for fails. What it asks for from now on is its clean-up. */
  #cancelCode(error: ErrorDetail): void {
    this.#isCancelled = true;
    this.#signal.abort(() => fromErrorDetail(error));
    for (const call of this.#replay.open) {
      if (call.givenUpAfter === undefined) this.#abandon(call, error);
      // A child has to be told, which is recorded; of others there is nothing more to say.
      if (call.childRunId === undefined) this.#replay.close(call);
    }
  }

  #report(progress: Payload | undefined): void {
    if (this.#replay.isReplaying || this.#state !== "running") return;
    this.#updates.report(progress);
    this.#host.send(this);
  }

  /** Nothing more is done for the run here. */
  #abort(reason: Reason): void {
    this.#signal.abort(reason);
    this.#steps.abortAll(reason);
  }

  #pumpSoon(): void {
    if (this.#pumpIsDue) return;
    this.#pumpIsDue = true;
    afterMicrotasks(() => {
      this.#pumpIsDue = false;
      if (this.#state === "running") this.#pump();
    });
  }

  /** Hands the next outcome to the code and lets it run; or, if it has them all, does what it has asked for. */
  #pump(): void {
    this.#cancelTimer?.();
    if (this.#stopping && this.#steps.running.size === 0) return this.#leave({ case: "release", value: {} });
    try {
      const next = this.#replay.next();
      if (next.do === "live") return this.#advance();
      if (next.do === "missing") return this.#wake(MISSING_MS, () => this.#mismatch(notAskedFor(next.record)));
      if (next.do === "wait") return;
      if (next.do === "cancel") this.#cancelCode(next.error);
      else {
        this.#asked.delete(next.call);
        next.call.settle(next.outcome);
      }
      this.#pumpSoon();
    } catch (error) {
      this.#mismatch(error);
    }
  }

  #advance(): void {
    const { cancel } = this.#inbox;
    if (cancel !== undefined && !this.#isCancelled) return this.#recordCancelling(cancel);
    const { open } = this.#replay;
    const plan = planCalls(open, {
      now: this.#host.clock.now(),
      ackedSeq: this.#updates.acked,
      sentSeq: this.#updates.sent,
      running: this.#steps.running,
      stopping: this.#stopping,
      inbox: this.#inbox,
      ...this.#asks,
    });
    for (const call of plan.cancel) this.#record(call, cancelStep(call, toErrorDetail(givenUp(this.runId, call.key))));
    for (const call of plan.begin) this.#begin(call);
    for (const [call, { position }] of plan.take)
      this.#record(call, take(call, this.#inbox.take(position), this.#trace));
    for (const call of plan.end) this.#record(call, endWait(call));
    // What was just recorded is noted, or handed out, before anything else is done.
    if (plan.cancel.length + plan.begin.length + plan.take.length + plan.end.length > 0) return this.#pump();
    for (const call of plan.ask) this.#steps.askForSlot(call, this.#asked.get(call));
    for (const call of plan.run) void this.#steps.run(call, this.#asked.get(call));
    // While all that was asked for runs there is nothing more to look at.
    if (plan.run.length > 0 && plan.run.length === open.length) return;
    if (plan.run.length + plan.ask.length > 0) return this.#advance();
    const { next } = plan;
    if (next.do === "release") this.#leave({ case: "release", value: {} });
    else if (next.do === "park") this.#leave({ case: "park", value: parkUntil(next, this.#inbox.count) });
    else if (next.until !== undefined) this.#wake(next.until - this.#host.clock.now(), () => this.#pumpSoon());
  }

  #begin(call: Call): void {
    const asked = this.#asked.get(call);
    if (asked === undefined || asked.kind === "function") return;
    const newId = () => derivedRunId(`${this.runId}/${call.key}@${this.task.attempt}`, call.askedAt);
    this.#record(call, begin(sentFrom(this.#trace, asked), newId));
  }

  /** An attempt has come to its end. */
  #done(call: Call, recorded: Recorded): void {
    // Whoever holds the run now executes the step itself; and what was given up is none of the run's.
    if (this.#state !== "running") return;
    if (this.#replay.isOpen(call) && call.givenUpAfter === undefined) this.#record(call, recorded);
    this.#pumpSoon();
  }

  #record(call: Call, { command, record }: Recorded): void {
    const { name, occurrence, kind } = call;
    const observedAt = this.#observe({ stepName: name, occurrence, command });
    this.#replay.append({ name, occurrence, kind, observedAt, ...record });
  }

  #recordCancelling(error: ErrorDetail): void {
    const command = { case: "cancelling", value: { error } } as const;
    const observedAt = this.#observe({ stepName: "", occurrence: 1, command });
    this.#replay.append({ kind: "run", type: "cancelling", error, observedAt });
    this.#pump();
  }

  /** Says something to the server, with the time at which the code hears of it. */
  #observe(said: { readonly stepName: string; readonly occurrence: number; readonly command: CommandCase }): number {
    const observedAt = Math.max(this.#host.clock.now(), this.#replay.now);
    this.#updates.add({ ...said, observedAt: timestampFromMs(observedAt) });
    this.#host.send(this);
    return observedAt;
  }

  #wake(ms: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#host.runtime.setTimer(Math.max(1, ms), run);
  }

  /** The code asks for something else than what is recorded: the run is paused until code that matches is there. */
  #mismatch(error: unknown): void {
    this.#block(error instanceof Mismatch ? error.message : `the replay failed: ${String(error)}`);
  }

  #block(message: string): void {
    if (this.#state !== "running") return;
    const error = doesNotMatch(this.runId, `run ${this.runId} of ${this.#workflow.name}: ${message}`);
    this.#host.logger.error(error.message, { runId: this.runId });
    this.#leave({ case: "block", value: { error: toErrorDetail(error) } });
  }

  #leave(outcome: WireOutcome): void {
    this.#state = "leaving";
    this.#leavesBy = outcome.case;
    this.#trace?.end(outcome.case, errorTypeOf(outcome));
    this.#cancelTimer?.();
    this.#updates.end(outcome);
    this.#host.send(this);
  }

  #left(): void {
    if (this.#leavesBy === "park" && !this.#stopping) this.#state = "parked";
    else this.drop(() => new KagziError("CANCELLED", `run ${this.runId} is no longer executed here`));
  }
}
