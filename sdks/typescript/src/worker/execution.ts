import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ErrorDetail, RecordType, type RunAck } from "@kagzi/proto";
import type { Context } from "../context/context.ts";
import { type StepRequest, createContext } from "../context/create-context.ts";
import { KagziError } from "../error.ts";
import { toErrorDetail } from "../error-detail.ts";
import type { Logger } from "../logger.ts";
import { checkPayloadSize, decodePayload, encodePayload } from "../payload/payload.ts";
import { inRun } from "../context/scope.ts";
import { planCalls } from "../replay/plan.ts";
import type { Outcome, ReplayRecord } from "../replay/records.ts";
import { type Call, Mismatch, Replay } from "../replay/replay.ts";
import { type RetryPolicy, toWirePolicy } from "../retry.ts";
import type { Runtime } from "../runtime.ts";
import { type Workflow, checkInput } from "../workflow.ts";
import { afterMicrotasks } from "./after-microtasks.ts";
import { describeRecord, hand, notAskedFor, reasonOf, workerStops } from "./execution-parts.ts";
import type { ServerClock } from "./server-clock.ts";
import { attemptStep } from "./step-body.ts";
import { type WorkerTask, instantOf } from "./task.ts";
import { type CommandCase, UpdateBuffer, type WireOutcome } from "./update-buffer.ts";

/** How long the code may take to ask for a step that is recorded before it counts as other code. */
const MISSING_MS = 1000;

/** What an execution needs of its worker. */
export interface ExecutionHost {
  readonly runtime: Runtime;
  readonly clock: ServerClock;
  readonly logger: Logger;
  readonly namespace: string;
  /** Of steps that name none. */
  readonly retry: RetryPolicy | undefined;
  /** The execution has something to send. */
  readonly send: (execution: Execution) => void;
}

/**
 * `running`: holds the lease. `leaving`: has said what becomes of the run, and waits for the answer. `parked`: gave the
 * lease up until a wait is over. `over`: nothing happens any more.
 */
type State = "running" | "leaving" | "parked" | "over";

type SleepUntil = { readonly afterMs: number } | { readonly at: number };

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
  readonly #abort = new AbortController();
  readonly #requests = new Map<Call, StepRequest | SleepUntil>();
  /** Calls whose function runs. */
  readonly #bodies = new Set<Call>();
  #updates: UpdateBuffer;
  #state: State = "running";
  #leavesBy: WireOutcome["case"] | undefined;
  #codeHasEnded = false;
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

  /** What is to be said to the server, under the lease that this execution has. */
  get updates(): UpdateBuffer {
    return this.#updates;
  }

  start(): void {
    void inRun(this.runId, this.#onStray, () => this.#runCode());
    this.#pumpSoon();
  }

  /** Goes on after a wait, under a new lease. */
  resume(epoch: number): void {
    this.#updates = new UpdateBuffer({ runId: this.runId, epoch, seq: this.seq });
    this.#state = "running";
    this.#pumpSoon();
  }

  /** The server's answer to the oldest update: it is durable, and this is what was decided in it. */
  acknowledged(ack: RunAck): void {
    this.#updates.acknowledge();
    for (const { seq, type, dueAt } of ack.decisions) {
      const retry = type === RecordType.RETRYING;
      this.#replay.decide(seq, { retry, dueAt: dueAt === undefined ? undefined : instantOf(dueAt) });
    }
    if (this.#state === "leaving" && this.#updates.isAnswered) this.#left();
    else this.#pumpSoon();
  }

  /** The update was refused for what it says. It would be refused again, so the run fails with the reason. */
  rejected(error: ErrorDetail | undefined): void {
    const reason =
      error ?? toErrorDetail(new KagziError("INTERNAL", "the server refused an update and gave no reason"));
    this.#updates = new UpdateBuffer({ runId: this.runId, epoch: this.#updates.epoch, seq: this.#updates.acked });
    this.#leave({ case: "fail", value: { error: { ...reason, nonRetryable: true } } });
  }

  /** The run is somebody else's, or has ended: nothing of it is done any more, and its code is never heard of again. */
  drop(reason: KagziError): void {
    this.#state = "over";
    this.#cancelTimer?.();
    this.#abort.abort(reason);
  }

  /** Gives the run back as soon as no function of its steps is running. */
  stop(): void {
    this.#stopping = true;
    if (this.#state === "parked") this.drop(workerStops());
    else this.#pumpSoon();
  }

  /** Gives the run back now. What still runs is aborted, and forgotten. */
  stopNow(): void {
    this.#stopping = true;
    if (this.#state === "running") this.#leave({ case: "release", value: {} });
    this.#abort.abort(workerStops());
  }

  async #runCode(): Promise<void> {
    try {
      const input = await checkInput(this.#workflow, decodePayload(this.#replay.input));
      const output = await this.#workflow.run(this.#context(), input);
      const what = `the output of run ${this.runId}`;
      const payload = checkPayloadSize(encodePayload(output, "output"), what);
      this.#finish({ case: "complete", value: { ...(payload && { output: payload }) } });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const { retry } = this.#workflow;
    const policy = retry && { retryPolicy: toWirePolicy(retry) };
    this.#finish({ case: "fail", value: { error: toErrorDetail(error), ...policy } });
  }

  /** A promise that nobody waits for has failed: the code thinks that something was done which was not. */
  readonly #onStray = (reason: unknown, where: string): void => {
    const message = `a promise in ${where} was rejected and nobody handles it: ${reasonOf(reason)}`;
    const about = { cause: reason, subject: "run", subjectId: this.runId };
    if (this.#state === "running") this.#fail(new KagziError("INTERNAL", message, about));
    else this.#host.logger.warn(message, { runId: this.runId });
  };

  #finish(outcome: WireOutcome): void {
    this.#codeHasEnded = true;
    if (this.#state !== "running") return;
    const missing = this.#replay.missing();
    if (missing !== undefined) return this.#block(`${describeRecord(missing)}, and the code has ended without it`);
    this.#leave(outcome);
    // A step that lost a race is of no more use.
    this.#abort.abort(new KagziError("CANCELLED", `run ${this.runId} has ended`));
  }

  #context(): Context {
    const { namespace, logger } = this.#host;
    const { runId, version, externalId, attempt } = this.task;
    const { name: workflow } = this.#workflow;
    const facts = { runId, namespace, workflow, version, externalId, attempt, signal: this.#abort.signal };
    const host = {
      checkOpen: (what: string) => this.#checkOpen(what),
      step: (request: StepRequest) => this.#ask(request.name, "function", request),
      sleep: async (name: string, until: SleepUntil) => {
        await this.#ask(name, "sleep", until);
      },
      now: () => this.#replay.now,
      isReplaying: () => this.#replay.isReplaying || this.#state === "over",
    };
    return createContext(facts, host, logger);
  }

  #checkOpen(what: string): void {
    if (!this.#codeHasEnded) return;
    const message = `${what} was called after run ${this.runId} had ended: await every step before the workflow returns`;
    throw new KagziError("PRECONDITION_FAILED", message, { subject: "run", subjectId: this.runId });
  }

  /** The code asks for something. Its promise settles when the outcome is handed to it, and never while the run is parked. */
  #ask(name: string, kind: Call["kind"], request: StepRequest | SleepUntil): Promise<unknown> {
    const promise = new Promise<unknown>((resolve, reject) => {
      if (this.#state === "over") return;
      try {
        const call = this.#replay.call(name, kind, (outcome) => hand(outcome, resolve, reject));
        this.#requests.set(call, request);
      } catch (error) {
        this.#mismatch(error);
      }
    });
    // A branch that the code no longer listens to may fail without harm to the process.
    promise.catch(() => {});
    this.#pumpSoon();
    return promise;
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
    if (this.#stopping && this.#bodies.size === 0) return this.#leave({ case: "release", value: {} });
    try {
      const next = this.#replay.next();
      if (next.do === "live") return this.#advance();
      if (next.do === "missing") return this.#wake(MISSING_MS, () => this.#mismatch(notAskedFor(next.record)));
      if (next.do === "wait") return;
      this.#requests.delete(next.call);
      next.call.settle(next.outcome);
      this.#pumpSoon();
    } catch (error) {
      this.#mismatch(error);
    }
  }

  #advance(): void {
    const plan = planCalls(this.#replay.open, {
      now: this.#host.clock.now(),
      ackedSeq: this.#updates.acked,
      sentSeq: this.#updates.sent,
      running: this.#bodies,
      stopping: this.#stopping,
    });
    for (const call of plan.begin) this.#beginSleep(call);
    for (const call of plan.end) this.#endSleep(call);
    // What was just recorded is noted, or handed out, before anything else is done.
    if (plan.begin.length + plan.end.length > 0) return this.#pump();
    for (const call of plan.run) void this.#runStep(call);
    if (plan.run.length > 0) return this.#advance();
    const { next } = plan;
    if (next.do === "release") this.#leave({ case: "release", value: {} });
    else if (next.do === "park") this.#leave({ case: "park", value: wakeUpAt(next.wakeAt) });
    else if (next.until !== undefined) this.#wake(next.until - this.#host.clock.now(), () => this.#pumpSoon());
  }

  #beginSleep(call: Call): void {
    const request = this.#requests.get(call);
    if (request === undefined || "fn" in request) return;
    const until =
      "at" in request
        ? ({ case: "at", value: timestampFromMs(request.at) } as const)
        : ({ case: "durationMs", value: BigInt(request.afterMs) } as const);
    this.#record(call, { type: "started", attempt: 1 }, { case: "startSleep", value: { until } });
  }

  #endSleep(call: Call): void {
    const value = { startedSeq: call.startedSeq ?? 0 };
    this.#record(call, { type: "completed", attempt: 1 }, { case: "completeSleep", value });
  }

  async #runStep(call: Call): Promise<void> {
    const request = this.#requests.get(call);
    if (request === undefined || !("fn" in request)) return;
    this.#bodies.add(call);
    const { key, failures } = call;
    const { retry, runtime } = this.#host;
    const { signal } = this.#abort;
    const step = { runId: this.runId, key, attempt: failures + 1, request, signal, runtime, onStray: this.#onStray };
    const { record, command } = await attemptStep(step, retry);
    this.#bodies.delete(call);
    // Whoever holds the run now executes the step itself.
    if (this.#state !== "running") return;
    this.#record(call, record, command);
    this.#pumpSoon();
  }

  #record(call: Call, outcome: Outcome, command: CommandCase): void {
    const { name, occurrence, kind } = call;
    const observedAt = Math.max(this.#host.clock.now(), this.#replay.now);
    this.#replay.append({ name, occurrence, kind, observedAt, ...outcome });
    this.#updates.add({ stepName: name, occurrence, observedAt: timestampFromMs(observedAt), command });
    this.#host.send(this);
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
    const about = { subject: "run", subjectId: this.runId };
    const error = new KagziError("NONDETERMINISM", `run ${this.runId} of ${this.#workflow.name}: ${message}`, about);
    this.#host.logger.error(error.message, { runId: this.runId });
    this.#leave({ case: "block", value: { error: toErrorDetail(error) } });
  }

  #leave(outcome: WireOutcome): void {
    this.#state = "leaving";
    this.#leavesBy = outcome.case;
    this.#cancelTimer?.();
    this.#updates.end(outcome);
    this.#host.send(this);
  }

  #left(): void {
    if (this.#leavesBy === "park" && !this.#stopping) this.#state = "parked";
    else this.drop(new KagziError("CANCELLED", `run ${this.runId} is no longer executed here`));
  }
}

function wakeUpAt(at: number | undefined) {
  return at === undefined ? {} : { wakeUpAt: timestampFromMs(at) };
}
