import { hostname } from "node:os";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { WorkResponse } from "@kagzi/proto";
import { call } from "../calls.ts";
import { type Connection, connect } from "../connection.ts";
import { watchStrayRejections } from "../context/scope.ts";
import { durationMs } from "../duration.ts";
import type { Duration } from "../duration-grammar.ts";
import type { ClientTls } from "../credentials.ts";
import { KagziError } from "../error.ts";
import { type Logger, consoleLogger } from "../logger.ts";
import { type PayloadCodec, Payloads } from "../payload/codec.ts";
import { type RetryOptions, retryOf } from "../retry.ts";
import { type Runtime, pause, systemRuntime } from "../runtime.ts";
import { PROTOCOLS, SDK_VERSION } from "../version.ts";
import type { Workflow } from "../workflow.ts";
import { type LimitOptions, stepLimitOf, toWireLimits } from "../workflow-limits.ts";
import { Executions } from "./executions.ts";
import type { BeatAnswer } from "./heartbeat.ts";
import { startHeartbeats } from "./heartbeats.ts";
import { LeaseWatch } from "./lease-watch.ts";
import type { StepInterceptor } from "./run-step.ts";
import { wireWorkflow } from "./registration.ts";
import { ServerClock } from "./server-clock.ts";
import { toWorkerTask } from "./task.ts";
import { WorkStream } from "./work-stream.ts";
import { WorkerMetrics } from "./worker-metrics.ts";

/** What a worker executes, for whom, and how much of it at once. */
export interface WorkerOptions extends RetryOptions {
  /** The workflows that it executes; several versions of one may be among them. */
  readonly workflows: readonly Workflow<unknown, unknown>[];
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
  /** Runs at once in this process, 1 to 100,000; default 100. A run that waits counts for nothing. */
  readonly concurrency?: number;
  /** Shown to operators; default: the computer's name. */
  readonly hostname?: string;
  /** Shown to operators. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Limits by their names, for the whole fleet: `ctx.step(name, { limit }, fn)` needs a slot of one. They are what the
   * worker that registered last says, until an operator says otherwise. They have no keys.
   */
  readonly limits?: Readonly<Record<string, LimitOptions>>;
  /** How long functions that run may go on when the worker stops, before they are aborted; default 15 s. */
  readonly shutdownTimeout?: Duration;
  readonly logger?: Logger;
  /** Encrypts or compresses payloads; clients of these workflows need the same one. */
  readonly codec?: PayloadCodec;
  /** Is called instead of each step's function, which it may call; for tests and for tracing. */
  readonly intercept?: StepInterceptor;
  /** Time and chance; for tests. */
  readonly runtime?: Runtime;
}

/** The server's, for workers that name none. */
const DEFAULT_CONCURRENCY = 100;
const DEFAULT_SHUTDOWN_MS = 15_000;
/** How long the last words to the server may take. */
const FAREWELL_MS = 3000;

/** Executes runs of its workflows until it is stopped. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #shutdownMs: number;
  readonly #limits: Record<string, ReturnType<typeof toWireLimits>>;
  readonly #connection: Connection;
  readonly #namespace: string;
  readonly #logger: Logger;
  readonly #runtime: Runtime;
  readonly #clock: ServerClock;
  readonly #payloads: Payloads;
  readonly #leases = new LeaseWatch();
  readonly #metrics = new WorkerMetrics();
  readonly #executions: Executions;
  readonly #stream: WorkStream;
  #id: string | undefined;
  #stopHeartbeats = () => {};
  #stopWatching = () => {};
  #stops = false;
  #takesNoMore = false;
  #onLeft = () => {};
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws KagziError `INVALID_ARGUMENT` for options that make no sense */
  constructor(options: WorkerOptions) {
    checkWorkflows(options.workflows);
    this.#options = options;
    this.#limits = stepLimitsOf(options.limits ?? {});
    const { shutdownTimeout = DEFAULT_SHUTDOWN_MS } = options;
    this.#shutdownMs = durationMs(shutdownTimeout, "shutdownTimeout");
    this.#connection = options.connection ?? connect(options);
    this.#namespace = options.namespace ?? "default";
    this.#logger = options.logger ?? consoleLogger;
    this.#runtime = options.runtime ?? systemRuntime;
    this.#clock = new ServerClock(this.#runtime);
    this.#payloads = new Payloads(options.codec);
    this.#executions = new Executions({
      connection: this.#connection,
      runtime: this.#runtime,
      clock: this.#clock,
      logger: this.#logger,
      namespace: this.#namespace,
      payloads: this.#payloads,
      intercept: options.intercept,
      metrics: this.#metrics,
      limits: new Set(Object.keys(options.limits ?? {})),
      retry: retryOf(options, "the worker"),
      workflows: options.workflows,
      isSure: (run) => this.#leases.isSure(run, this.#runtime.now()),
      onUpdates: () => this.#stream.notify(),
      onLeft: () => this.#onLeft(),
    });
    this.#stream = new WorkStream({
      connection: this.#connection,
      runtime: this.#runtime,
      logger: this.#logger,
      hello: () => this.#hello(),
      next: () => ({ updates: this.#executions.takeUpdates(), drain: this.#takesNoMore }),
      onMessage: (message) => this.#heard(message),
      onUnknownWorker: () => this.#registerAgain(),
    });
  }

  /** The id under which the server knows the worker; `undefined` before it is registered. */
  get id(): string | undefined {
    return this.#id;
  }

  /** How many runs are being executed. */
  get activeCount(): number {
    return this.#executions.activeCount;
  }

  /** What this worker counts, and its process, as the text that Prometheus reads: for a page of your own server. */
  metrics(): Promise<string> {
    const { activeCount: active, parkedCount: parked } = this.#executions;
    return this.#metrics.text({ active, parked, slots: this.#options.concurrency ?? DEFAULT_CONCURRENCY });
  }

  /** Executes runs until SIGINT or SIGTERM, or until `stop` is called. A second signal ends the process at once. */
  async run(): Promise<void> {
    const signalled = new Promise<void>((resolve) => {
      let count = 0;
      const onSignal = (signal: NodeJS.Signals) => {
        if (++count > 1) process.exit(signal === "SIGINT" ? 130 : 143);
        this.#logger.info(`${signal}: finishing what runs`, { active: this.activeCount });
        resolve();
      };
      process.on("SIGINT", onSignal);
      process.on("SIGTERM", onSignal);
      this.#forgetSignals = () => {
        process.off("SIGINT", onSignal);
        process.off("SIGTERM", onSignal);
        resolve();
      };
    });
    await this.start();
    await signalled;
    await this.stop();
  }

  #forgetSignals = () => {};

  /**
   * Registers and begins to take runs. Waits for a server that is not there yet.
   * @throws KagziError `NOT_FOUND` (the namespace), `INVALID_ARGUMENT`, `UNAVAILABLE`
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Takes no more runs, lets functions that run come to their end (or aborts them when `shutdownTimeout` is over), gives
   * every unfinished run back for another worker to go on with, and says goodbye. No attempt is charged.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    await this.#register();
    this.#stopWatching = watchStrayRejections();
    this.#stream.open();
  }

  async #stop(): Promise<void> {
    this.#forgetSignals();
    await this.#starting?.catch(() => {});
    if (this.#id !== undefined) await this.#leave(this.#id);
    this.#stopHeartbeats();
    await this.#stream.close();
    this.#executions.abandon();
    this.#stopWatching();
    this.#metrics.stop();
    if (this.#options.connection === undefined) await this.#connection.close();
  }

  async #leave(workerId: string): Promise<void> {
    this.#stops = true;
    this.#takesNoMore = true;
    this.#executions.stop();
    this.#stream.notify();
    if (!(await this.#allLeft(this.#shutdownMs))) {
      this.#logger.warn("functions still run: aborting them", { active: this.activeCount });
      this.#executions.stopNow();
      await this.#allLeft(FAREWELL_MS);
    }
    const request = { workerId, namespaceId: this.#namespace };
    const settings = { runtime: this.#runtime, patienceMs: FAREWELL_MS, timeoutMs: FAREWELL_MS };
    // If it is not heard, the worker's leases end by themselves.
    await call(settings, (options) => this.#connection.workers.deregister(request, options)).catch(() => {});
  }

  /** Whether every run has left within `ms`. */
  async #allLeft(ms: number): Promise<boolean> {
    const over = new AbortController();
    const left = new Promise<void>((resolve) => {
      this.#onLeft = () => {
        if (this.activeCount === 0) resolve();
      };
      this.#onLeft();
    });
    await Promise.race([left, pause(this.#runtime, ms, over.signal)]);
    over.abort();
    return this.activeCount === 0;
  }

  async #register(): Promise<void> {
    const { concurrency, labels, workflows } = this.#options;
    const request = {
      namespaceId: this.#namespace,
      workflows: await Promise.all(workflows.map((each) => wireWorkflow(each, this.#payloads))),
      hostname: this.#options.hostname ?? hostname(),
      pid: process.pid,
      version: SDK_VERSION,
      maxConcurrent: concurrency ?? 0,
      labels: { ...labels },
      limits: this.#limits,
      ...PROTOCOLS,
    };
    let sentAt = 0;
    const answer = await call({ runtime: this.#runtime }, (options) => {
      sentAt = this.#runtime.now();
      return this.#connection.workers.register(request, options);
    });
    this.#leases.begin(sentAt, Number(answer.leaseMs));
    this.#id = answer.workerId;
    for (const warning of answer.warnings) this.#logger.warn(warning);
    this.#stopHeartbeats();
    this.#stopHeartbeats = startHeartbeats({
      connection: this.#connection,
      runtime: this.#runtime,
      pulse: {
        namespace: this.#namespace,
        workerId: answer.workerId,
        intervalMs: Number(answer.heartbeatIntervalMs),
      },
      beat: () => ({
        held: this.#executions.leases(),
        completed: this.#executions.completed,
        failed: this.#executions.failed,
      }),
      onAnswer: (beat) => this.#answered(beat),
    });
  }

  /** The server has forgotten the worker, and with it its leases. */
  async #registerAgain(): Promise<void> {
    this.#executions.abandon();
    await this.#register().catch((error: unknown) => {
      this.#logger.error("could not register again, trying again", { reason: String(error) });
    });
  }

  #hello() {
    const unanswered = this.#executions.unansweredUpdates();
    return {
      hello: { workerId: this.#id ?? "", namespaceId: this.#namespace, held: this.#executions.leases() },
      // And what was gathered while there was no stream.
      updates: [...unanswered, ...this.#executions.takeUpdates()],
      drain: this.#takesNoMore,
    };
  }

  #heard(message: WorkResponse): void {
    const now = this.#runtime.now();
    const serverNow = message.now === undefined ? this.#clock.now() : timestampMs(message.now);
    const sentAt = this.#leases.sentAt(serverNow, now);
    for (const task of message.tasks) this.#leases.took(task, { now, sentAt });
    this.#clock.observe(serverNow);
    for (const ack of message.acks) this.#executions.acknowledged(ack);
    for (const runId of message.cancelRunIds) this.#executions.drop(runId);
    // Word of a run may come in one message with the run itself.
    for (const task of message.tasks) void this.#executions.take(toWorkerTask(task));
    for (const signals of message.signals) this.#executions.signalled(signals);
    if (message.drain) this.#takeNoMore();
  }

  /** An operator asked for it, over this server or another. What the worker holds it finishes. */
  #takeNoMore(): void {
    if (this.#takesNoMore) return;
    this.#takesNoMore = true;
    this.#logger.info("asked to take no more runs");
    this.#stream.notify();
  }

  #answered(answer: BeatAnswer): void {
    if (answer.type === "answer") {
      if (answer.drain) this.#takeNoMore();
      this.#executions.lost(answer.lost);
      this.#leases.renewed({ ...answer, held: this.#executions.leases() });
      this.#executions.look();
    } else if (!this.#stops) {
      void this.#registerAgain().then(() => this.#stream.reopen());
    }
  }
}

/** @throws KagziError `INVALID_ARGUMENT` for a limit that makes no sense */
function stepLimitsOf(limits: Readonly<Record<string, LimitOptions>>): Record<string, ReturnType<typeof toWireLimits>> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, options]) => [name, toWireLimits(stepLimitOf(name, options))]),
  );
}

function checkWorkflows(workflows: readonly Workflow<unknown, unknown>[]): void {
  if (workflows.length === 0) throw new KagziError("INVALID_ARGUMENT", "a worker needs at least one workflow");
  const seen = new Set<string>();
  for (const { name, version } of workflows) {
    const key = `${name}@${version}`;
    if (seen.has(key))
      throw new KagziError("INVALID_ARGUMENT", `workflow ${key} is given twice: give one of them another version`);
    seen.add(key);
  }
}
