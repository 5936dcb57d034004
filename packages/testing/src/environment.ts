import { randomBytes } from "node:crypto";
import { uuidv7Source } from "@kagzi/core";
import { type EmbeddedEngine, embedded } from "@kagzi/embedded";
import { StepKind, StepStatus, type WorkResponse } from "@kagzi/proto";
import {
  Client,
  type Duration,
  type LimitOptions,
  type Logger,
  type PayloadCodec,
  type Workflow,
  durationMs,
} from "kagzi";
import { type CrashReport, crashTest } from "./crash-test.ts";
import { Mocks, type StepMock } from "./mocks.ts";
import { MortalWorker } from "./mortal-worker.ts";
import { VirtualClock, VirtualTimers } from "./virtual-time.ts";

/** What a test works with. */
export interface TestOptions {
  readonly workflows: readonly Workflow<unknown, unknown>[];
  /** Time leaps to the next thing that is due whenever nothing else is left to be done; default `false`. */
  readonly autoSkip?: boolean;
  /** What time it is at first; default: now. */
  readonly start?: Date;
  readonly codec?: PayloadCodec;
  /** Runs at once in the worker; default 100. */
  readonly concurrency?: number;
  /** The named limits of the worker. */
  readonly limits?: Readonly<Record<string, LimitOptions>>;
  /** Default: silent. */
  readonly logger?: Logger;
}

/** A hundred years: no lease ends while a test leaps through time, and nothing is looked for that is known to be due. */
const NEVER_MS = 100 * 365 * 24 * 60 * 60 * 1000;
/** How long functions of steps may take in real time before time moves on without them. */
const PATIENCE_MS = 1000;
/** Turns of the event loop in which nothing happens until nothing will. */
const QUIET_TURNS = 2;
/** How often, in real milliseconds, it is looked whether there is something to skip. */
const LOOK_MS = 2;
/** How often the engine looks whether the run has ended that a fire of a schedule waits for. */
const BUFFER_LOOK_MS = 1000;
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const OPEN = ["pending", "running", "sleeping", "waiting", "paused"] as const;

/** Something that is due at a time. */
interface Due {
  readonly at: number;
  readonly isDeadline: boolean;
}

/** What an environment is made of, and what watches it. */
interface Parts extends TestOptions {
  readonly mocks: Mocks;
  readonly onMessage?: (message: WorkResponse) => void;
}

/**
 * The whole engine in this process, with a worker, in memory and under virtual time: no port, no file, nothing to
 * install. Time stands still until it is skipped. Everything is the real thing but time, so what holds here holds there.
 */
export class TestEnvironment implements AsyncDisposable {
  readonly client: Client;
  readonly engine: EmbeddedEngine;
  autoSkip: boolean;
  readonly #parts: Parts;
  readonly #clock: VirtualClock;
  readonly #engineTimers: VirtualTimers;
  #workerTimers: VirtualTimers;
  #worker: MortalWorker;
  readonly #answered = new Set<string>();
  #closed = false;
  /** One leap at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #skipping: Promise<void>;

  private constructor(parts: Parts, clock: VirtualClock, engine: EmbeddedEngine, engineTimers: VirtualTimers) {
    this.#parts = parts;
    this.#clock = clock;
    this.engine = engine;
    this.#engineTimers = engineTimers;
    this.autoSkip = parts.autoSkip ?? false;
    const { codec } = parts;
    this.client = new Client({ connection: engine, ...(codec !== undefined && { codec }) });
    this.#workerTimers = new VirtualTimers(clock);
    this.#worker = this.#newWorker();
    this.#skipping = this.#keepSkipping();
  }

  /** @throws KagziError `INVALID_ARGUMENT` for workflows that no worker can have */
  static async create(options: TestOptions): Promise<TestEnvironment> {
    return TestEnvironment.#create({ ...options, mocks: new Mocks() });
  }

  static async #create(parts: Parts): Promise<TestEnvironment> {
    const clock = new VirtualClock(parts.start?.getTime() ?? Date.now());
    const timers = new VirtualTimers(clock);
    const newUuid = uuidv7Source({ now: () => clock.now, randomBytes: (count) => randomBytes(count) });
    const env = { now: clock.read, setTimer: timers.set, random: Math.random, newUuid };
    const engine = await embedded("sqlite::memory:", {
      clock: clock.read,
      env,
      config: { leaseMs: NEVER_MS, pollMs: NEVER_MS, claimAheadMs: 0, runRetentionMs: 0 },
    });
    const environment = new TestEnvironment(parts, clock, engine, timers);
    await environment.#worker.worker.start();
    return environment;
  }

  /** What time it is for the workflows. */
  get now(): Date {
    return new Date(this.#clock.now);
  }

  /** Puts something in the place of a step's function: of every step of that name, or of `name#2` alone. */
  mockStep(name: string, mock: StepMock): void {
    this.#parts.mocks.steps.set(name, mock);
  }

  /** Sends an event to every run that waits for one of that name, as soon as it does. */
  mockEvent(name: string, payload?: unknown, options: { readonly key?: string } = {}): void {
    this.#parts.mocks.events.set(name, { payload, ...options });
  }

  /** How often functions of steps were executed, by `workflow/step (attempt n) of run`. */
  get executions(): ReadonlyMap<string, number> {
    return this.#parts.mocks.executions;
  }

  /**
   * Lets time pass: whatever is due meanwhile happens when it is due, in its order. Resolves when nothing more is to be
   * done at the new time. Functions of steps that run are waited for, for a second of real time.
   */
  async skip(duration: Duration): Promise<void> {
    const ms = durationMs(duration, "what is skipped");
    await this.#inTurn(async () => {
      const target = this.#clock.now + ms;
      await this.#settle();
      while (this.#clock.now < target) {
        const next = await this.#nextDue(true);
        await this.#leapTo(next !== undefined && next.at <= target ? next : { at: target, isDeadline: false });
      }
    });
  }

  /**
   * Runs a workflow once as it is, and then again for each record of its history, its worker lost right after that record
   * was written and another one going on. Each time the result must be the same, and no step may be executed again whose
   * outcome is recorded. Steps and events are mocked as they are here. What a step gives must be the same each time:
   * mock those that depend on chance or on the world.
   * @throws Error that says after which record it went wrong, and how
   */
  async crashTest<Input, Output>(workflow: Workflow<Input, Output>, input: Input): Promise<CrashReport> {
    return crashTest(
      (onMessage) =>
        TestEnvironment.#create({ ...this.#parts, mocks: this.#parts.mocks.copy(), autoSkip: true, onMessage }),
      workflow,
      input,
    );
  }

  /** Loses the worker as if its process had been killed, and starts another one. */
  async crash(): Promise<{ readonly inFlight: readonly string[] }> {
    const lost = this.#worker;
    const inFlight = [...lost.running];
    this.#workerTimers = new VirtualTimers(this.#clock);
    this.#worker = this.#newWorker();
    await lost.kill();
    await this.#worker.worker.start();
    return { inFlight };
  }

  /** Stops everything. Nothing of it is kept. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#skipping;
    const stopped = this.#worker.worker.stop();
    // A function that never ends is not waited for: the time that it is given passes at once.
    while (!(await Promise.race([stopped.then(() => true), turn().then(() => false)]))) {
      this.#clock.now += 1000;
      this.#workerTimers.fire();
    }
    await this.client.close();
    await this.engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #newWorker(): MortalWorker {
    const timers = this.#workerTimers;
    const { engine: connection } = this;
    return new MortalWorker({ logger: SILENT, ...this.#parts, connection, clock: this.#clock, timers });
  }

  async #keepSkipping(): Promise<void> {
    while (!this.#closed) {
      if (this.autoSkip || this.#parts.mocks.events.size > 0) await this.#inTurn(() => this.#skipOne());
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Leaps for as long as there is something to leap to. */
  async #skipOne(): Promise<void> {
    await this.#settle();
    for (;;) {
      const next = this.autoSkip ? await this.#nextDue(false) : undefined;
      if (next === undefined) return;
      if (this.#closed) return;
      await this.#leapTo(next);
    }
  }

  async #leapTo({ at, isDeadline }: Due): Promise<void> {
    this.#clock.now = Math.max(this.#clock.now, at);
    // Deadlines have no timer of their own: the engine looks for them now and then, and now.
    this.#engineTimers.fire(isDeadline);
    this.#workerTimers.fire();
    await this.#settle();
  }

  /** Resolves when nothing happens any more, but by time or from outside. */
  async #settle(): Promise<void> {
    do await this.#quiet();
    while (await this.#answerWaits());
  }

  async #quiet(): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      const before = this.#clock.reads;
      await turn();
      const isBusy = this.#worker.worker.activeCount > 0 && performance.now() < until;
      quiet = this.#clock.reads === before && !isBusy ? quiet + 1 : 0;
      // Functions of steps may wait for the real world.
      if (isBusy && this.#clock.reads === before) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /**
   * When something is due next: a wait of a run, a deadline, or the time that a step has; and a schedule, which never ends,
   * and so is no reason to leap for by itself where time leaps for as long as something is due.
   */
  async #nextDue(forSchedules: boolean): Promise<Due | undefined> {
    let first: Due | undefined;
    const consider = (at: number | undefined, isDeadline: boolean) => {
      // Heartbeats are a third of forever away.
      if (at === undefined || at <= this.#clock.now || at > this.#clock.now + NEVER_MS / 4) return;
      if (first === undefined || at < first.at || (at === first.at && isDeadline)) first = { at, isDeadline };
    };
    consider(this.#workerTimers.next, false);
    const busy = new Set<string | undefined>();
    for await (const run of this.client.runs.list({ status: OPEN })) {
      busy.add(run.scheduleId);
      consider(run.wakeUpAt?.getTime(), false);
      consider(run.deadlineAt?.getTime(), true);
      if (this.#isThrottled && (run.status === "pending" || run.status === "waiting")) {
        const { waitingFor } = await this.client.run(run.id).status();
        if (waitingFor?.reason === "throttle") consider(waitingFor.until?.getTime(), false);
      }
    }
    if (first === undefined && !forSchedules) return undefined;
    for await (const { bufferedFireAt, id, nextFireAt } of this.client.schedules.list()) {
      consider(nextFireAt?.getTime(), false);
      if (bufferedFireAt !== undefined && !busy.has(id)) consider(this.#clock.now + BUFFER_LOOK_MS, false);
    }
    return first;
  }

  /** Whether runs or steps may wait for a time that they do not know themselves. */
  get #isThrottled(): boolean {
    const { limits = {}, workflows } = this.#parts;
    return [...Object.values(limits), ...workflows.map((each) => each.limits)].some(
      ({ throttle }) => throttle !== undefined,
    );
  }

  /** Sends the events that are mocked to runs that wait for them. Whether there were any. */
  async #answerWaits(): Promise<boolean> {
    const { events } = this.#parts.mocks;
    if (events.size === 0) return false;
    let answered = false;
    for await (const { id } of this.client.runs.list({ status: "waiting" })) {
      const { steps } = await this.engine.admin.listSteps({ namespaceId: "default", runId: id });
      for (const { kind, name, status, stepId } of steps) {
        const mock = events.get(name);
        const waits = kind === StepKind.EVENT && status === StepStatus.PENDING;
        if (mock === undefined || !waits || this.#answered.has(stepId)) continue;
        this.#answered.add(stepId);
        answered = true;
        const { key, payload } = mock;
        await this.client.run(id).send(name, payload, key === undefined ? {} : { key });
      }
    }
    return answered;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turnOf = this.#turn.then(work);
    this.#turn = turnOf.catch(() => {});
    return turnOf;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
