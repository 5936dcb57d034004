import { type CallSettings, ClientCalls, call } from "../calls.ts";
import type { ClientScope } from "./scope.ts";
import { type Connection, connect } from "../connection.ts";
import type { ClientTls } from "../credentials.ts";
import { type PayloadCodec, Payloads } from "../payload/codec.ts";
import { type Runtime, systemRuntime } from "../runtime.ts";
import { produce } from "../tracing/producer.ts";
import { type Workflow, checkInput } from "../workflow.ts";
import { LimitsClient } from "./limits.ts";
import { ApiKeysClient } from "./api-keys.ts";
import { AuditLogClient } from "./audit-log.ts";
import { EventsClient, type SendResult, sendEvent } from "./events.ts";
import { NamespacesClient } from "./namespaces.ts";
import { RunHandle } from "./run-handle.ts";
import { RunsClient } from "./runs.ts";
import { type RunOptions, type WireStart, startRequest } from "./start-request.ts";
import type { SendOptions } from "./send-request.ts";
import { SchedulesClient } from "./schedules.ts";
import { WorkflowsClient } from "./workflows.ts";

/** How a client reaches an engine, and for which namespace it speaks. */
export interface ClientOptions {
  /** A server's address; default `KAGZI_URL`, else `http://localhost:50051`. */
  readonly url?: string;
  /** Who calls; default: `KAGZI_API_KEY`, or what is in the file that `KAGZI_API_KEY_FILE` names. */
  readonly apiKey?: string;
  /** For `https://` addresses: whom to trust, and the client's own certificate. */
  readonly tls?: ClientTls;
  /** Instead of a server: an engine in this process, from `embedded()`. */
  readonly connection?: Connection;
  /** Default `"default"`. */
  readonly namespace?: string;
  /** Encrypts or compresses payloads; workers of these workflows need the same one. */
  readonly codec?: PayloadCodec;
  /** Time and chance; for tests. */
  readonly runtime?: Runtime;
}

/** What may be said of one start. */
export interface StartOptions extends RunOptions {
  readonly signal?: AbortSignal;
}

/** One of the runs that {@link Client.startMany} starts. */
export type StartItem<Input> = RunOptions & { readonly input: Input };

/** Starts runs and follows them. */
export class Client {
  readonly namespace: string;
  readonly runs: RunsClient;
  readonly events: EventsClient;
  readonly workflows: WorkflowsClient;
  readonly limits: LimitsClient;
  readonly schedules: SchedulesClient;
  readonly namespaces: NamespacesClient;
  readonly apiKeys: ApiKeysClient;
  readonly auditLog: AuditLogClient;
  readonly #payloads: Payloads;
  readonly #connection: Connection;
  readonly #ownsConnection: boolean;
  readonly #runtime: Runtime;
  readonly #newId: () => string;
  readonly #calls = new ClientCalls();

  constructor(options: ClientOptions = {}) {
    this.namespace = options.namespace ?? "default";
    this.#connection = options.connection ?? connect(options);
    this.#ownsConnection = options.connection === undefined;
    this.#runtime = options.runtime ?? systemRuntime;
    this.#newId = this.#runtime.newId ?? systemRuntime.newId;
    this.#payloads = new Payloads(options.codec);
    this.runs = new RunsClient(this.#scope);
    this.events = new EventsClient(this.#scope);
    this.workflows = new WorkflowsClient(this.#scope);
    this.limits = new LimitsClient(this.#scope);
    this.schedules = new SchedulesClient(this.#scope);
    this.namespaces = new NamespacesClient(this.#connection, this.#runtime);
    this.apiKeys = new ApiKeysClient(this.#connection, this.#runtime, this.namespace);
    this.auditLog = new AuditLogClient(this.#connection, this.#runtime, this.namespace);
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
    return this.#startSpan(workflow, async () => {
      // The id is made here, so that a start whose answer is lost can be made again and stays one start.
      const request = await this.#request(workflow, { ...options, input });
      const answer = await call(this.#settings(options.signal), (callOptions) =>
        this.#connection.workflows.startWorkflow(request, callOptions),
      );
      return this.#handle(answer.runId, answer.alreadyExists);
    });
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
    return this.#startSpan(workflow, async () => {
      const workflows = await Promise.all(items.map((item) => this.#request(workflow, item)));
      const answer = await call(this.#settings(), (callOptions) =>
        this.#connection.workflows.startWorkflows({ workflows }, callOptions),
      );
      return answer.workflows.map(({ runId, alreadyExists }) => this.#handle(runId, alreadyExists));
    });
  }

  /**
   * Sends an event to the namespace. It starts one run for each workflow that names it in `on`, and goes to every run that
   * waits for it, or comes to wait for it and had begun before. When the promise resolves it is kept, and the runs are
   * started. With the same `id` again nothing is changed.
   * @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE`, `NOT_FOUND` (the namespace), `PRECONDITION_FAILED` (it is
   * disabled), `UNAVAILABLE`
   */
  async send(event: string, payload?: unknown, options: SendOptions = {}): Promise<SendResult> {
    return sendEvent(this.#scope, event, { payload, options });
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

  #startSpan<Result>(workflow: string | Workflow<unknown, unknown>, start: () => Promise<Result>): Promise<Result> {
    const name = typeof workflow === "string" ? workflow : workflow.name;
    const attributes = { "kagzi.run.workflow": name, "kagzi.run.namespace": this.namespace };
    return produce(`kagzi.run.start ${name}`, attributes, start);
  }

  #handle<Output>(runId: string, alreadyExists: boolean): RunHandle<Output> {
    return new RunHandle(this.#scope, { id: runId, alreadyExists });
  }

  get #scope(): ClientScope {
    const { namespace } = this;
    const [calls, payloads] = [this.#calls, this.#payloads];
    const newId = this.#newId;
    return { connection: this.#connection, namespace, runtime: this.#runtime, calls, payloads, newId };
  }

  #settings(signal?: AbortSignal): CallSettings {
    return { runtime: this.#runtime, calls: this.#calls, signal };
  }

  async #request(workflow: string | Workflow<unknown, unknown>, item: StartItem<unknown>): Promise<WireStart> {
    const checked = typeof workflow === "string" ? item.input : await checkInput(workflow, item.input);
    const settings = { namespace: this.namespace, payloads: this.#payloads, runId: this.#newId() };
    return startRequest(workflow, { ...item, input: checked }, settings);
  }
}
