import type { CallOptions } from "@connectrpc/connect";
import type { Workflow } from "@kagzi/proto";
import { type CallSettings, call } from "../calls.ts";
import { durationMs } from "../duration.ts";
import type { Duration } from "../duration-grammar.ts";
import { KagziError } from "../error.ts";
import { fromErrorDetail } from "../error-detail.ts";
import { checkText } from "../names.ts";
import { produce } from "../tracing/producer.ts";
import { type Explanation, explain } from "./explanation.ts";
import { type RunInfo, toRunInfo } from "./run-info.ts";
import { type RunStatus, fromWireStatus, hasEnded } from "./run-status.ts";
import { type SendOptions, eventIdOf, sendRequest } from "./send-request.ts";
import type { ClientScope } from "./scope.ts";

/** One call waits this long at the server; then it is made again. */
const WAIT_MS = 30_000;
/** A server that does not answer a wait by then has been lost. */
const WAIT_GRACE_MS = 10_000;

/** How to wait for a result. */
export interface ResultOptions {
  /** Default: as long as it takes. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

/** How a run is cancelled. */
export interface CancelOptions {
  /** Told to the run's code, and kept. */
  readonly reason?: string;
  /** How long the run's code may clean up, at most an hour; default a minute. Then it is ended. */
  readonly grace?: Duration;
}

type RunRequest = { readonly namespaceId: string; readonly runId: string };

/** A run, to be followed. */
export class RunHandle<Output> {
  /** A UUIDv7. */
  readonly id: string;
  /** The run was there before: it was started with the same id and the same input. */
  readonly alreadyExists: boolean;
  readonly #scope: ClientScope;

  constructor(scope: ClientScope, run: { readonly id: string; readonly alreadyExists: boolean }) {
    this.#scope = scope;
    this.id = run.id;
    this.alreadyExists = run.alreadyExists;
  }

  /**
   * Waits for the run to end and gives its output; of a run that went on as a new one, that one's. The server answers when
   * it has ended: nothing is polled.
   * @throws KagziError the run's own error if it failed, `CANCELLED` if it was cancelled, `TIMEOUT` if the wait is over
   * (the run goes on), `NOT_FOUND`, `UNAVAILABLE`
   */
  async result(options: ResultOptions = {}): Promise<Output> {
    const run = await this.#wait(options);
    const status = fromWireStatus(run.status);
    if (status === "completed") return this.#scope.payloads.decode(run.output) as Output;
    if (run.error !== undefined) throw fromErrorDetail(run.error);
    throw new KagziError("INTERNAL", `run ${this.id} is ${status} and does not say why`);
  }

  /** Everything that is known of the run. @throws KagziError `NOT_FOUND` */
  async status(): Promise<RunInfo<Output>> {
    return this.#ask((request, options) => this.#scope.connection.workflows.getWorkflow(request, options));
  }

  /** Why the run is not moving, and what to do about it. @throws KagziError `NOT_FOUND` */
  async explain(): Promise<Explanation> {
    return explain(this.#scope, this.id);
  }

  /**
   * Asks the run to end. Its code is told: what it waits for fails with `CANCELLED`, `ctx.signal` and the signals of its
   * steps are aborted, and its `catch` and `finally` may clean up with steps of their own, for as long as `grace`. A run
   * whose code has not begun ends at once. The answer tells who came first: `cancelRequested` is there if the run ends as
   * cancelled, and not if it had ended otherwise.
   * @throws KagziError `NOT_FOUND`, `INVALID_ARGUMENT`
   */
  async cancel(reason: string | CancelOptions = {}): Promise<RunInfo<Output>> {
    const { grace, reason: why = "" } = typeof reason === "string" ? { reason } : reason;
    const about = {
      reason: checkText("the reason", why),
      ...(grace !== undefined && { graceMs: BigInt(durationMs(grace, "grace")) }),
    };
    return this.#ask((request, options) =>
      this.#scope.connection.workflows.cancelWorkflow({ ...request, ...about }, options),
    );
  }

  /**
   * Stops the run where it is, after the steps that are running, until it is resumed. Its deadline goes on.
   * @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` for one that has ended or is being cancelled
   */
  async pause(reason = ""): Promise<RunInfo<Output>> {
    const about = { reason: checkText("the reason", reason) };
    return this.#ask((request, options) =>
      this.#scope.connection.workflows.pauseWorkflow({ ...request, ...about }, options),
    );
  }

  /** Lets a paused run go on, whatever it was paused for. @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` */
  async resume(): Promise<RunInfo<Output>> {
    return this.#ask((request, options) => this.#scope.connection.workflows.resumeWorkflow(request, options));
  }

  /**
   * Sends an event to this run alone, whether it waits for it already or not. When the promise resolves it is kept; with
   * the same `id` again it changes nothing.
   * @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` for a run that has ended
   */
  async send(event: string, payload?: unknown, options: SendOptions = {}): Promise<void> {
    const { connection, newId } = this.#scope;
    // Made here, so that a call whose answer is lost can be made again and stays one event.
    const eventId = eventIdOf(options) ?? newId();
    const attributes = { "kagzi.event.name": event, "kagzi.event.id": eventId, "kagzi.run.id": this.id };
    await produce(`kagzi.event.send ${event}`, attributes, async () => {
      const sent = sendRequest(event, { payload, key: options.key }, this.#scope);
      const request = { ...sent, runId: this.id, eventId };
      return call(this.#settings(), (callOptions) => connection.events.sendEvent(request, callOptions));
    });
  }

  /**
   * Ends the run at once, wherever it is: its code is not asked, and cleans nothing up. A step that is running is aborted,
   * and what it still says is refused. One that has ended stays as it is; the answer tells how.
   * @throws KagziError `NOT_FOUND`
   */
  async terminate(reason = ""): Promise<RunInfo<Output>> {
    const about = { reason: checkText("the reason", reason) };
    return this.#ask((request, options) =>
      this.#scope.connection.workflows.terminateWorkflow({ ...request, ...about }, options),
    );
  }

  /** Makes a call about this run, and gives the run as it is then. */
  async #ask(
    make: (request: RunRequest, options: CallOptions) => Promise<{ readonly workflow?: Workflow | undefined }>,
  ): Promise<RunInfo<Output>> {
    const request = { namespaceId: this.#scope.namespace, runId: this.id };
    const { workflow } = await call(this.#settings(), (options) => make(request, options));
    return toRunInfo(this.#present(workflow), this.#scope.payloads);
  }

  async #wait({ timeout, signal }: ResultOptions): Promise<Workflow> {
    const { connection, namespace, runtime } = this.#scope;
    const until = timeout === undefined ? Number.POSITIVE_INFINITY : runtime.now() + durationMs(timeout, "timeout");
    for (let runId = this.id; ;) {
      const left = Math.max(0, Math.ceil(until - runtime.now()));
      const waitMs = Math.min(WAIT_MS, left);
      const request = { namespaceId: namespace, runId, timeoutMs: BigInt(waitMs) };
      const settings = { ...this.#settings(signal), timeoutMs: waitMs + WAIT_GRACE_MS, isHeld: true };
      const { workflow, finished } = await call(settings, (options) =>
        connection.workflows.waitWorkflow(request, options),
      );
      const run = this.#present(workflow);
      if (finished && run.continuedAsRunId === undefined) return run;
      if (finished) runId = run.continuedAsRunId ?? runId;
      else if (left <= waitMs) throw this.#notYet(fromWireStatus(run.status), timeout);
    }
  }

  #settings(signal?: AbortSignal): CallSettings {
    const { calls, runtime } = this.#scope;
    return { runtime, calls, signal };
  }

  #present(workflow: Workflow | undefined): Workflow {
    if (workflow !== undefined) return workflow;
    throw new KagziError("INTERNAL", `the server's answer says nothing of run ${this.id}`);
  }

  #notYet(status: RunStatus, timeout: Duration | undefined): KagziError {
    const state = hasEnded(status) ? "has just ended" : `is ${status}`;
    return new KagziError("TIMEOUT", `run ${this.id} did not end within ${timeout}: it ${state}, and goes on`, {
      subject: "run",
      subjectId: this.id,
    });
  }
}
