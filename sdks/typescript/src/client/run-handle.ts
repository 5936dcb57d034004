import type { Workflow } from "@kagzi/proto";
import { type CallSettings, call } from "../calls.ts";
import type { Connection } from "../connection.ts";
import { durationMs } from "../duration.ts";
import type { Duration } from "../duration-grammar.ts";
import { KagziError } from "../error.ts";
import { checkText } from "../names.ts";
import type { Runtime } from "../runtime.ts";
import { type RunInfo, hasEnded, toRunInfo } from "./run-info.ts";

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

/** A run, to be followed. */
export class RunHandle<Output> {
  /** A UUIDv7. */
  readonly id: string;
  /** The run was there before: it was started with the same id and the same input. */
  readonly alreadyExists: boolean;
  readonly #connection: Connection;
  readonly #namespace: string;
  readonly #runtime: Runtime;

  constructor(
    connection: Connection,
    run: { readonly namespace: string; readonly id: string; readonly alreadyExists: boolean },
    runtime: Runtime,
  ) {
    this.#connection = connection;
    this.#namespace = run.namespace;
    this.#runtime = runtime;
    this.id = run.id;
    this.alreadyExists = run.alreadyExists;
  }

  /**
   * Waits for the run to end and gives its output. The server answers when it has ended: nothing is polled.
   * @throws KagziError the run's own error if it failed, `CANCELLED` if it was cancelled, `TIMEOUT` if the wait is over
   * (the run goes on), `NOT_FOUND`, `UNAVAILABLE`
   */
  async result(options: ResultOptions = {}): Promise<Output> {
    const run = await this.#wait(options);
    const info = toRunInfo<Output>(run);
    if (info.status === "completed") return info.output as Output;
    throw info.error ?? new KagziError("INTERNAL", `run ${this.id} is ${info.status} and does not say why`);
  }

  /** Everything that is known of the run. @throws KagziError `NOT_FOUND` */
  async status(): Promise<RunInfo<Output>> {
    const { workflow } = await call(this.#settings(), (options) =>
      this.#connection.workflows.getWorkflow({ namespaceId: this.#namespace, runId: this.id }, options),
    );
    return toRunInfo(this.#present(workflow));
  }

  /**
   * Ends the run at once, wherever it is: its code is not asked, and cleans nothing up. A step that is running is aborted,
   * and what it still says is refused. One that has ended stays as it is; the answer tells how.
   * @throws KagziError `NOT_FOUND`
   */
  async terminate(reason = ""): Promise<RunInfo<Output>> {
    const request = { namespaceId: this.#namespace, runId: this.id, reason: checkText("the reason", reason) };
    const { workflow } = await call(this.#settings(), (options) =>
      this.#connection.workflows.terminateWorkflow(request, options),
    );
    return toRunInfo(this.#present(workflow));
  }

  async #wait({ timeout, signal }: ResultOptions): Promise<Workflow> {
    const until =
      timeout === undefined ? Number.POSITIVE_INFINITY : this.#runtime.now() + durationMs(timeout, "timeout");
    for (;;) {
      const left = Math.max(0, Math.ceil(until - this.#runtime.now()));
      const waitMs = Math.min(WAIT_MS, left);
      const request = { namespaceId: this.#namespace, runId: this.id, timeoutMs: BigInt(waitMs) };
      const settings = { ...this.#settings(signal), timeoutMs: waitMs + WAIT_GRACE_MS };
      const { workflow, finished } = await call(settings, (options) =>
        this.#connection.workflows.waitWorkflow(request, options),
      );
      const run = this.#present(workflow);
      if (finished) return run;
      if (left <= waitMs) throw this.#notYet(toRunInfo(run), timeout);
    }
  }

  #settings(signal?: AbortSignal): CallSettings {
    return { runtime: this.#runtime, signal };
  }

  #present(workflow: Workflow | undefined): Workflow {
    if (workflow !== undefined) return workflow;
    throw new KagziError("INTERNAL", `the server's answer says nothing of run ${this.id}`);
  }

  #notYet(info: RunInfo, timeout: Duration | undefined): KagziError {
    const state = hasEnded(info.status) ? "has just ended" : `is ${info.status}`;
    return new KagziError("TIMEOUT", `run ${this.id} did not end within ${timeout}: it ${state}, and goes on`, {
      subject: "run",
      subjectId: this.id,
    });
  }
}
