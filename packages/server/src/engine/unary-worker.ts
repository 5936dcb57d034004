import {
  type Command,
  type ErrorDetail,
  type Instant,
  KagziError,
  type Payload,
  type RetryPolicy,
  type Run,
  type RunUpdate,
  type Step,
  type StepKind,
  checkPayload,
  checkRetryPolicy,
  checkStepName,
  formatStepKey,
  isTerminal,
  leaseLost,
  parkOnWaits,
  planUpdate,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { type Journal, Journals } from "./journals.ts";
import type { Runs } from "./runs.ts";
import { type StepToken, type TaskToken, formatStepToken } from "./tokens.ts";
import { type Updates, type Written, checkUpdate, refusalError } from "./updates.ts";

/** Two calls for one run may meet at the same place of its history; then one is made again, so often at most. */
const TRIES = 10;

/** A lease as a call names it; without an epoch whatever lease the run has. */
export type LeaseClaim = Pick<TaskToken, "namespaceId" | "runId"> & Partial<Pick<TaskToken, "epoch">>;

/** A step that is about to be executed. */
export interface BeginRequest {
  readonly lease: LeaseClaim;
  readonly name: string;
  /** `undefined` where the caller does not count. */
  readonly occurrence: number | undefined;
  readonly kind: StepKind;
  readonly input?: Payload;
  readonly policy?: RetryPolicy;
}

export interface BeginAnswer {
  readonly stepToken: string;
  readonly shouldExecute: boolean;
  readonly output?: Payload;
  readonly error?: ErrorDetail;
  readonly attempt: number;
}

/** Whether and when a failed step or run is tried again. */
export interface FailAnswer {
  readonly retryAt?: Instant;
}

interface Held {
  readonly run: Extract<Run, { status: "running" }>;
  readonly journal: Journal;
}

/**
 * The worker's protocol as single calls, for workers in any language. Each goes the way of an update over a stream, as
 * a batch of one: the same plan, the same fence, the same commit. Each may be made again if its answer was lost.
 */
export class UnaryWorker {
  readonly #context: EngineContext;
  readonly #runs: Runs;
  readonly #updates: Updates;
  readonly #journals: Journals;

  constructor(context: EngineContext, parts: { readonly runs: Runs; readonly updates: Updates }) {
    this.#context = context;
    this.#runs = parts.runs;
    this.#updates = parts.updates;
    this.#journals = new Journals(context.store.history);
  }

  /**
   * Tells what is recorded of a step. A run that is to be paused is, here. @throws KagziError `NONDETERMINISM` if it is
   * recorded as another kind of step, and the run is paused; `CANCELLED` if the run is to clean up
   */
  async beginStep(request: BeginRequest): Promise<BeginAnswer> {
    checkStepName(request.name);
    checkPayload(`the input of step ${JSON.stringify(request.name)}`, request.input);
    if (request.policy !== undefined) checkRetryPolicy(request.policy);
    const { run, journal } = await this.#held(request.lease);
    if (run.cancelError !== undefined) throw beingCancelled(run);
    if (run.pauseError !== undefined) {
      await this.#write(request.lease, () => ({ commands: [], outcome: { become: "released" } }));
      throw leaseLost(run.runId, run.epoch);
    }
    const key = { name: request.name, occurrence: request.occurrence ?? 1 };
    const step = journal.steps.get(formatStepKey(key));
    if (step !== undefined && step.kind !== request.kind) {
      const mismatch = otherKind(run, step, request);
      await this.#write(request.lease, () => ({
        commands: [],
        outcome: { become: "blocked", error: mismatch.detail },
      }));
      throw mismatch;
    }
    if (step !== undefined) checkOccurrence(run, step, request);
    if (step?.kind === "sleep" && step.status === "waiting") await this.#endSleep(request.lease, step);
    if (request.input !== undefined) journal.inputs.set(formatStepKey(key), request.input);
    const now = journal.steps.get(formatStepKey(key));
    const attempt = nextAttempt(now);
    const { policy } = request;
    const token = { ...key, ...run, kind: request.kind, attempt, ...(policy !== undefined && { policy }) };
    return { stepToken: formatStepToken(token), attempt, ...recorded(now) };
  }

  /** Records a step's output, or answers with the one that is recorded already. */
  async completeStep(token: StepToken, output: Payload | undefined): Promise<Payload | undefined> {
    const key = formatStepKey(token);
    let known: Step | undefined;
    await this.#write(token, ({ journal }) => {
      known = journal.steps.get(key);
      if (known?.status === "completed") return undefined;
      if (known?.status === "failed") throw hasFailed(token, known);
      return {
        commands: [{ ...stepOf(token), do: "completeStep", ...attemptOf(token, journal), ...given({ output }) }],
      };
    });
    if (known?.status !== "completed") return output;
    // Recorded by another worker: this one hears that it has lost the run.
    if (known.epoch !== token.epoch) await this.#held(token);
    return known.output;
  }

  /** Records a failed attempt. If there is to be another the run is parked until then. */
  async failStep(token: StepToken, error: ErrorDetail): Promise<FailAnswer> {
    const key = formatStepKey(token);
    let known: Step | undefined;
    const written = await this.#write(token, ({ journal }) => {
      known = journal.steps.get(key);
      if (known?.status === "completed") throw hasCompleted(token);
      if (known !== undefined && (known.status === "failed" || known.attempt === token.attempt)) return undefined;
      const { policy } = token;
      return {
        commands: [{ ...stepOf(token), do: "failStep", error, ...attemptOf(token, journal), ...given({ policy }) }],
      };
    });
    const retryAt = written === undefined ? dueOf(known) : written.wakeAt;
    return retryAt === undefined ? {} : { retryAt };
  }

  /** Parks the run until the sleep is over. Answers with when that is, which the first call fixed. */
  async sleep(token: StepToken, durationMs: number): Promise<Instant | undefined> {
    const key = formatStepKey(token);
    let known: Step | undefined;
    const written = await this.#write(token, ({ journal }) => {
      known = journal.steps.get(key);
      if (known?.status === "completed") return undefined;
      if (known?.status === "waiting") {
        return { commands: [], outcome: { become: "parked", ...given({ wakeAt: known.dueAt }) } };
      }
      return { commands: [{ ...stepOf(token), do: "startSleep", due: { afterMs: durationMs } }] };
    });
    return written?.wakeAt ?? dueOf(known);
  }

  async completeRun(lease: LeaseClaim, output: Payload | undefined): Promise<void> {
    await this.#end(lease, { commands: [], outcome: { become: "completed", ...given({ output }) } });
  }

  /** Ends the run, or its attempt if its retry policy allows another one. */
  async failRun(lease: LeaseClaim, error: ErrorDetail): Promise<FailAnswer> {
    const written = await this.#end(lease, { commands: [], outcome: { become: "failed", error } });
    return written?.wakeAt === undefined ? {} : { retryAt: written.wakeAt };
  }

  async #end(lease: LeaseClaim, update: RunUpdate): Promise<Written | undefined> {
    if (await this.#hasEnded(lease, update)) return undefined;
    const written = await this.#write(lease, () => update);
    this.#journals.forget(lease);
    return written;
  }

  /** Whether the run has ended just so under the same lease: then the answer was lost, and the call is made again. */
  async #hasEnded(lease: LeaseClaim, update: RunUpdate): Promise<boolean> {
    const { run } = await this.#runs.get(lease);
    return isTerminal(run.status) && run.epoch === lease.epoch && run.status === update.outcome?.become;
  }

  /** The run and its journal, if the call's lease is the one that the run has. */
  async #held(lease: LeaseClaim): Promise<Held> {
    const { run } = await this.#runs.get(lease);
    const { epoch = run.epoch, namespaceId, runId } = lease;
    if (run.status !== "running" || epoch !== run.epoch) {
      // Whoever speaks under a lease that it lost is alive.
      await this.#context.store.workers.excuse(namespaceId, [{ runId, epoch }]);
      throw leaseLost(runId, lease.epoch);
    }
    return { run, journal: await this.#journals.read(lease) };
  }

  /** Writes what `build` makes of the journal; nothing if it makes nothing. */
  async #write(
    lease: LeaseClaim,
    build: (held: Pick<Held, "journal">) => RunUpdate | undefined,
  ): Promise<Written | undefined> {
    for (let tries = 1; ; tries++) {
      // A call that is made again finds its outcome in the journal, even if the run has moved on since.
      const journal = await this.#journals.read(lease);
      const update = build({ journal });
      if (update === undefined) return undefined;
      checkUpdate(update);
      const { run } = await this.#held(lease);
      const held = { namespaceId: run.namespaceId, runId: run.runId, epoch: run.epoch, afterSeq: journal.lastSeq };
      const write = parkOnWaits(planUpdate(held, run, update, this.#context.env.random));
      const outcome = await this.#updates.writeOrCancel(write, run, update);
      if (typeof outcome !== "string") return outcome;
      if (outcome !== "reload" || tries === TRIES) throw refusalError(outcome, held);
    }
  }

  /** Records that a sleep is over, if it is. */
  async #endSleep(lease: LeaseClaim, step: Step): Promise<void> {
    if (step.status !== "waiting" || step.dueAt === undefined || step.dueAt > this.#context.clock.now()) return;
    const { name, occurrence, seq: startedSeq } = step;
    const end: Command = { name, occurrence, do: "endWait", kind: "sleep", startedSeq };
    await this.#write(lease, ({ journal }) =>
      journal.steps.get(formatStepKey(step))?.status === "waiting" ? { commands: [end] } : undefined,
    );
    await this.#journals.read(lease);
  }
}

function stepOf({ name, occurrence }: StepToken): { readonly name: string; readonly occurrence: number } {
  return { name, occurrence };
}

function attemptOf(token: StepToken, journal: Journal): { readonly attempt: number; readonly input?: Payload } {
  const key = formatStepKey(token);
  return {
    attempt: token.attempt ?? nextAttempt(journal.steps.get(key)),
    ...given({ input: journal.inputs.get(key) }),
  };
}

function nextAttempt(step: Step | undefined): number {
  if (step === undefined || step.kind === "sleep") return 1;
  return step.status === "waiting" ? step.attempt + 1 : step.attempt;
}

function dueOf(step: Step | undefined): Instant | undefined {
  return step?.status === "waiting" ? step.dueAt : undefined;
}

function recorded(step: Step | undefined): Pick<BeginAnswer, "shouldExecute" | "output" | "error"> {
  if (step?.status === "completed") return { shouldExecute: false, ...given({ output: step.output }) };
  if (step?.status === "failed") return { shouldExecute: false, error: step.error };
  return { shouldExecute: true };
}

/** The code asks for another kind of step than it did before. */
function otherKind(run: Run, step: Step, { kind }: BeginRequest): KagziError {
  const key = formatStepKey(step);
  return new KagziError(
    "NONDETERMINISM",
    `step ${JSON.stringify(key)} of run ${run.runId} was recorded as ${step.kind} and is asked for as ${kind}: ` +
      "the code no longer matches the run; start a new version of the workflow",
    { subject: "step", subjectId: `${run.runId}/${key}` },
  );
}

/** A second step of a name must say that it is the second. */
function checkOccurrence(run: Extract<Run, { status: "running" }>, step: Step, request: BeginRequest): void {
  const key = JSON.stringify(formatStepKey(step));
  const wasRecordedNow = step.status !== "waiting" && step.epoch === run.epoch;
  if (request.occurrence === undefined && wasRecordedNow) {
    throw new KagziError(
      "PRECONDITION_FAILED",
      `step ${key} of run ${run.runId} is done: if this is another step of that name, say which by occurrence (2, 3 …)`,
      { subject: "step", subjectId: `${run.runId}/${formatStepKey(step)}` },
    );
  }
}

/** A worker that makes single calls has no other way to hear of it in time. */
function beingCancelled({ cancelError, runId }: Run): KagziError {
  return new KagziError(
    "CANCELLED",
    `run ${runId} is being cancelled and begins no more steps: clean up, then call FailWorkflow (${cancelError?.message})`,
    { subject: "run", subjectId: runId },
  );
}

function hasFailed(token: StepToken, step: Step & { readonly status: "failed" }): KagziError {
  return new KagziError(
    "PRECONDITION_FAILED",
    `step ${JSON.stringify(formatStepKey(token))} of run ${token.runId} has failed for good: ${step.error.message}`,
    { subject: "step", subjectId: `${token.runId}/${formatStepKey(token)}` },
  );
}

function hasCompleted(token: StepToken): KagziError {
  return new KagziError(
    "PRECONDITION_FAILED",
    `step ${JSON.stringify(formatStepKey(token))} of run ${token.runId} has completed and cannot fail any more`,
    { subject: "step", subjectId: `${token.runId}/${formatStepKey(token)}` },
  );
}

function given<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
