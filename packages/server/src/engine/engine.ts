import type { Store } from "@kagzi/core";
import { ApiKeys } from "./api-keys.ts";
import { Catalog } from "./catalog.ts";
import { DEFAULT_CONFIG, type EngineConfig } from "./config.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type Env, systemEnv } from "./env.ts";
import { EventRouter } from "./event-router.ts";
import { Events } from "./events.ts";
import { Explanations } from "./explain.ts";
import { HintOutbox } from "./hint-outbox.ts";
import { KeyRing } from "./key-ring.ts";
import { type Log, silentLog } from "./log.ts";
import { EngineMetrics } from "./metrics.ts";
import { Namespaces } from "./namespaces.ts";
import { observedStore } from "./observed-store.ts";
import { Operations } from "./operations.ts";
import { endOverdue } from "./overdue.ts";
import { Others } from "./others.ts";
import { DeclaredSchedules } from "./declared-schedules.ts";
import { Retention } from "./retention.ts";
import { Runs } from "./runs.ts";
import { ScheduleFires } from "./schedule-fires.ts";
import { Schedules } from "./schedules.ts";
import { Signals } from "./signals.ts";
import { Starts } from "./starts.ts";
import { Statistics } from "./statistics.ts";
import { StepLimits } from "./step-limits.ts";
import { StoreClock } from "./store-clock.ts";
import { TaskPolls } from "./task-polls.ts";
import { UnaryWorker } from "./unary-worker.ts";
import { Updates } from "./updates.ts";
import { Waiters } from "./waiters.ts";
import { Workers } from "./workers.ts";

/** What an engine is made of. All but the store have defaults. */
export interface EngineOptions {
  readonly store: Store;
  readonly env?: Env;
  readonly log?: Log;
  readonly config?: Partial<EngineConfig>;
}

/** What every part of an engine works with. */
export interface EngineContext {
  readonly store: Store;
  readonly env: Env;
  readonly log: Log;
  readonly config: EngineConfig;
  readonly clock: StoreClock;
  readonly metrics: EngineMetrics;
}

/** The use cases of a server over one store. It does nothing by itself: see background/ for what goes on by itself. */
export class Engine {
  readonly context: EngineContext;
  readonly dispatcher: Dispatcher;
  readonly waiters: Waiters;
  readonly catalog: Catalog;
  readonly signals: Signals;
  readonly stepLimits: StepLimits;
  readonly router: EventRouter;
  readonly operations: Operations;
  readonly events: Events;
  readonly starts: Starts;
  readonly updates: Updates;
  readonly runs: Runs;
  readonly explanations: Explanations;
  readonly workers: Workers;
  readonly polls: TaskPolls;
  readonly unary: UnaryWorker;
  readonly namespaces: Namespaces;
  readonly statistics: Statistics;
  readonly retention: Retention;
  readonly apiKeys: ApiKeys;
  readonly keyRing: KeyRing;
  readonly schedules: Schedules;
  readonly scheduleFires: ScheduleFires;
  readonly hints: HintOutbox;

  constructor(options: EngineOptions) {
    const { env = systemEnv(), log = silentLog } = options;
    const metrics = new EngineMetrics();
    const store = observedStore(options.store, metrics, env);
    const config = { ...DEFAULT_CONFIG, ...options.config };
    const context = { store, env, log, config, clock: new StoreClock(env), metrics };
    const catalog = new Catalog(store, env);
    this.context = context;
    this.hints = new HintOutbox(store.hints, env, log);
    this.dispatcher = new Dispatcher({
      ...context,
      catalog,
      end: (runs) => endOverdue({ store, operations: this.operations }, runs),
    });
    this.waiters = new Waiters(store.runs);
    this.starts = new Starts(context, { catalog, dispatcher: this.dispatcher, hints: this.hints });
    this.catalog = catalog;
    this.schedules = new Schedules(context, { starts: this.starts });
    this.scheduleFires = new ScheduleFires(context, { starts: this.starts });
    const declared = new DeclaredSchedules(context, { catalog, schedules: this.schedules });
    this.workers = new Workers(context, { catalog, declared, dispatcher: this.dispatcher });
    this.runs = new Runs(context, this);
    this.explanations = new Explanations(context, this);
    this.signals = new Signals(context, this);
    this.stepLimits = new StepLimits(context, this);
    this.router = new EventRouter(context, this);
    this.operations = new Operations(context, this);
    this.events = new Events(context, this);
    this.updates = new Updates(context, this, new Others(context, this));
    this.polls = new TaskPolls(context, { workers: this.workers, dispatcher: this.dispatcher });
    this.unary = new UnaryWorker(context, { runs: this.runs, updates: this.updates });
    this.namespaces = new Namespaces(context);
    this.statistics = new Statistics(context);
    this.retention = new Retention(context, { catalog });
    this.apiKeys = new ApiKeys(context);
    this.keyRing = new KeyRing(context);
  }

  /**
   * Takes nothing more, finishes what it has taken, and lets go of everyone who waits. The store stays open: it belongs
   * to whoever opened it.
   */
  async close(): Promise<void> {
    this.workers.closeAll();
    this.waiters.close();
    this.stepLimits.close();
    await Promise.all([this.starts.close(), this.updates.close(), this.runs.close(), this.router.close()]);
    this.hints.close();
  }
}
