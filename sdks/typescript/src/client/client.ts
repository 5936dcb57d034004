import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StartWorkflowRequestSchema } from "@kagzi/proto";
import { type CallSettings, call } from "../calls.ts";
import { type Connection, connect } from "../connection.ts";
import { durationMs } from "../duration.ts";
import type { Duration } from "../duration-grammar.ts";
import { checkName } from "../names.ts";
import { checkPayloadSize, encodePayload } from "../payload/payload.ts";
import { type RetryOptions, retryOf, toWirePolicy } from "../retry.ts";
import { type Runtime, systemRuntime } from "../runtime.ts";
import { type Workflow, checkInput } from "../workflow.ts";
import { NamespacesClient } from "./namespaces.ts";
import { RunHandle } from "./run-handle.ts";
import { newRunId } from "./run-id.ts";
import { RunsClient } from "./runs.ts";

/** How a client reaches an engine, and for which namespace it speaks. */
export interface ClientOptions {
  /** A server's address; default `KAGZI_URL`, else `http://localhost:50051`. */
  readonly url?: string;
  readonly token?: string;
  /** Instead of a server: an engine in this process, from `embedded()`. */
  readonly connection?: Connection;
  /** Default `"default"`. */
  readonly namespace?: string;
  /** Time and chance; for tests. */
  readonly runtime?: Runtime;
}

/** What may be said of one start. */
export interface StartOptions extends RetryOptions {
  /**
   * The idempotency key: starting again with the same id and input finds the first run. Kept as long as the run.
   */
  readonly id?: string;
  /** -100 to 100, default 0; a higher one goes first. */
  readonly priority?: number;
  /** Not before this long from now. */
  readonly delay?: Duration;
  /** The run fails with TIMEOUT if it has not ended this long from now. */
  readonly timeout?: Duration;
  /** Default: the highest version that a worker has registered. */
  readonly version?: string;
  readonly signal?: AbortSignal;
}

/** One of the runs that {@link Client.startMany} starts. */
export type StartItem<Input> = Omit<StartOptions, "signal"> & { readonly input: Input };

/** Starts runs and follows them. */
export class Client {
  readonly namespace: string;
  readonly runs: RunsClient;
  readonly namespaces: NamespacesClient;
  readonly #connection: Connection;
  readonly #ownsConnection: boolean;
  readonly #runtime: Runtime;

  constructor(options: ClientOptions = {}) {
    this.namespace = options.namespace ?? "default";
    this.#connection = options.connection ?? connect(options);
    this.#ownsConnection = options.connection === undefined;
    this.#runtime = options.runtime ?? systemRuntime;
    this.runs = new RunsClient(this.#connection, this.namespace, this.#runtime);
    this.namespaces = new NamespacesClient(this.#connection, this.#runtime);
  }

  /**
   * Starts a run. When the promise resolves it survives any crash.
   * @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`, `NOT_FOUND` (the namespace), `CONFLICT` (the id belongs to
   * another workflow or input), `UNAVAILABLE`
   */
  async start<Input, Output>(
    workflow: Workflow<Input, Output>,
    input: Input,
    options?: StartOptions,
  ): Promise<RunHandle<Awaited<Output>>>;
  async start(workflow: string, input?: unknown, options?: StartOptions): Promise<RunHandle<unknown>>;
  async start(
    workflow: string | Workflow<unknown, unknown>,
    input?: unknown,
    options: StartOptions = {},
  ): Promise<RunHandle<unknown>> {
    // The id is made here, so that a start whose answer is lost can be made again and stays one start.
    const request = await this.#request(workflow, { ...options, input });
    const answer = await call(this.#settings(options.signal), (callOptions) =>
      this.#connection.workflows.startWorkflow(request, callOptions),
    );
    return this.#handle(answer.runId, answer.alreadyExists);
  }

  /** Starts many runs in one round trip: all of them or, if one cannot be started, none. At most 1000. */
  async startMany<Input, Output>(
    workflow: Workflow<Input, Output>,
    items: readonly StartItem<Input>[],
  ): Promise<RunHandle<Awaited<Output>>[]>;
  async startMany(workflow: string, items: readonly StartItem<unknown>[]): Promise<RunHandle<unknown>[]>;
  async startMany(
    workflow: string | Workflow<unknown, unknown>,
    items: readonly StartItem<unknown>[],
  ): Promise<RunHandle<unknown>[]> {
    if (items.length === 0) return [];
    const workflows = await Promise.all(items.map((item) => this.#request(workflow, item)));
    const answer = await call(this.#settings(), (callOptions) =>
      this.#connection.workflows.startWorkflows({ workflows }, callOptions),
    );
    return answer.workflows.map(({ runId, alreadyExists }) => this.#handle(runId, alreadyExists));
  }

  /** The handle of a run that is there already. Give the workflow for the type of its result. */
  run<Output = unknown>(runId: string, _workflow?: Workflow<unknown, Output>): RunHandle<Awaited<Output>> {
    return this.#handle(runId, true);
  }

  /** Lets go of the connection to the server. One that was given stays open. */
  async close(): Promise<void> {
    if (this.#ownsConnection) await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #handle<Output>(runId: string, alreadyExists: boolean): RunHandle<Output> {
    return new RunHandle(this.#connection, { namespace: this.namespace, id: runId, alreadyExists }, this.#runtime);
  }

  #settings(signal?: AbortSignal): CallSettings {
    return { runtime: this.#runtime, signal };
  }

  async #request(
    workflow: string | Workflow<unknown, unknown>,
    item: StartItem<unknown>,
  ): Promise<MessageInitShape<typeof StartWorkflowRequestSchema>> {
    const workflowType = checkName("the name of a workflow", typeof workflow === "string" ? workflow : workflow.name);
    const checked = typeof workflow === "string" ? item.input : await checkInput(workflow, item.input);
    const what = `the input of workflow ${JSON.stringify(workflowType)}`;
    const input = checkPayloadSize(encodePayload(checked, "input"), what);
    const retry = retryOf(item, `the start of ${JSON.stringify(workflowType)}`);
    return {
      namespaceId: this.namespace,
      runId: newRunId(),
      workflowType,
      priority: item.priority ?? 0,
      delayMs: BigInt(item.delay === undefined ? 0 : durationMs(item.delay, "delay")),
      ...(item.id !== undefined && { externalId: checkName("an id", item.id) }),
      ...(item.version !== undefined && { version: checkName("a version", item.version) }),
      ...(item.timeout !== undefined && { timeoutMs: BigInt(durationMs(item.timeout, "timeout")) }),
      ...(input !== undefined && { input }),
      ...(retry !== undefined && { retryPolicy: toWirePolicy(retry) }),
    };
  }
}
