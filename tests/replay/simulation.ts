import { create } from "@bufbuild/protobuf";
import { RunUpdateSchema } from "@kagzi/proto";
import { type Connection, KagziError, type StepInterceptor, workflow } from "kagzi";
import { Payloads } from "../../sdks/typescript/src/payload/codec.ts";
import type { ReplayRecord } from "../../sdks/typescript/src/replay/records.ts";
import type { Runtime } from "../../sdks/typescript/src/runtime.ts";
import { Execution } from "../../sdks/typescript/src/worker/execution.ts";
import { WorkerMetrics } from "../../sdks/typescript/src/worker/worker-metrics.ts";
import { ServerClock } from "../../sdks/typescript/src/worker/server-clock.ts";
import { type Execution as BodyExecution, type Program, type Trace, interpret } from "./programs.ts";
import { ListServer } from "./server.ts";

const LONGER_THAN_ANY_WAIT_MS = 60;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** One process's go at a run: what its code saw, and the history when the process was lost. */
export interface Incarnation {
  readonly trace: Trace;
  history: readonly ReplayRecord[];
}

/** What became of a run. */
export interface Simulated {
  readonly end: string;
  readonly incarnations: readonly Incarnation[];
  readonly server: ListServer;
  /** How often each attempt of each step was executed. */
  readonly executions: ReadonlyMap<string, number>;
  /** Those that were begun before everything was durable that the code knew when it asked for them. */
  readonly early: readonly string[];
}

/** What happens to a run from outside: how often its process is lost, events come, and whether it is cancelled. */
export interface Fate {
  readonly crashes: number;
  readonly events: number;
  readonly cancel: boolean;
}

/**
 * A run from start to end over a server that is a list. What is under way (functions, answers, timers, children) ends in an
 * order that `choose` decides; it also decides when the process is lost, and with it what had not been stored.
 */
export async function simulate(program: Program, choose: (below: number) => number, fate: Fate): Promise<Simulated> {
  const run = new SimulatedRun(program, choose, fate);
  return run.toTheEnd();
}

/** What the code of a program sees of a history, if nothing more happens. */
export async function replay(program: Program, history: readonly ReplayRecord[]): Promise<Trace> {
  const trace: Trace = [];
  const runtime: Runtime = { now: () => 0, random: () => 0.5, setTimer: () => () => {} };
  const execution = executionOf(program, trace, {
    runtime,
    epoch: 1,
    history,
    body: () => new Promise(() => {}),
    onOther: () => {},
    send: () => {},
    signals: [],
  });
  execution.start();
  await new Promise((resolve) => setImmediate(resolve));
  execution.drop(() => new KagziError("CANCELLED", "the replay is over"));
  return trace;
}

class SimulatedRun {
  readonly #program: Program;
  readonly #choose: (below: number) => number;
  readonly #server: ListServer;
  readonly #incarnations: Incarnation[] = [];
  readonly #executions = new Map<string, number>();
  readonly #early: string[] = [];
  /** What may happen next, in this process. */
  #pending: (() => void)[] = [];
  #timers: { readonly at: number; readonly run: () => void }[] = [];
  #now = 1000;
  #epoch = 0;
  /** How much the code knew when it asked for each child and each event to be sent, by name and occurrence. */
  readonly #others = new Map<string, number[]>();
  #goesOn = false;
  #lost = false;
  #fate: { crashes: number; events: number; cancel: boolean };
  #nonce = 0;

  constructor(program: Program, choose: (below: number) => number, fate: Fate) {
    this.#program = program;
    this.#choose = choose;
    this.#fate = { ...fate };
    this.#server = new ListServer(
      () => this.#now,
      () => choose(10) > 0,
    );
  }

  async toTheEnd(): Promise<Simulated> {
    while (this.#server.end === undefined) await this.#incarnate();
    return {
      end: this.#server.end,
      incarnations: this.#incarnations,
      server: this.#server,
      executions: this.#executions,
      early: this.#early,
    };
  }

  /** A process begins with the history as it is stored, and goes on until the run ends or the process is lost. */
  async #incarnate(): Promise<void> {
    const incarnation: Incarnation = { trace: [], history: [] };
    this.#incarnations.push(incarnation);
    this.#pending = [];
    this.#timers = [];
    this.#lost = false;
    this.#others.clear();
    const execution = this.#execution(incarnation.trace);
    execution.start();
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#server.end !== undefined) break;
      if (this.#lost || this.#mayLose(12)) break;
      this.#bring(execution);
      if (!this.#step(execution)) break;
    }
    incarnation.history = [...this.#server.history];
    execution.drop(() => new KagziError("CANCELLED", "the process was lost"));
  }

  #mayLose(oneIn: number): boolean {
    if (this.#fate.crashes === 0 || this.#choose(oneIn) > 0) return false;
    this.#fate.crashes -= 1;
    return true;
  }

  /** Others bring something to the run, or do not. */
  #bring(execution: Execution): void {
    const fate = this.#fate;
    if (fate.cancel && this.#choose(15) === 0) {
      this.#server.cancel();
      fate.cancel = false;
    } else if (fate.events > 0 && this.#choose(6) === 0) {
      this.#server.send(this.#choose(2) === 0 ? "e" : "f");
      fate.events -= 1;
    } else if (this.#server.running.size > 0 && this.#choose(6) === 0) this.#endChild();
    else return;
    // Word of it may be lost: then the run hears of it when it would wait.
    if (execution.state === "running" && this.#choose(4) > 0) execution.signalled(this.#server.signals(this.#epoch));
  }

  #endChild(): void {
    const running = [...this.#server.running];
    const child = running[this.#choose(running.length)];
    if (child !== undefined) this.#server.endChild(child, this.#choose(4) === 0);
  }

  /** Lets one thing happen. Answers whether the process goes on. */
  #step(execution: Execution): boolean {
    const [timer] = this.#timers.toSorted((a, b) => a.at - b.at);
    if (this.#pending.length > 0 && (timer === undefined || this.#choose(4) > 0)) {
      const [next] = this.#pending.splice(this.#choose(this.#pending.length), 1);
      next?.();
      return true;
    }
    if (timer !== undefined) {
      this.#timers = this.#timers.filter((each) => each !== timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      return true;
    }
    if (execution.state === "running") {
      // What it waits for is on its way, or word of it was lost.
      this.#hurry();
      execution.signalled(this.#server.signals(this.#epoch));
      return true;
    }
    if (execution.state !== "parked") throw new Error(`nothing can happen any more: it is ${execution.state}`);
    return this.#wake(execution);
  }

  /** The waits of a parked run are over: it goes on warm in this process, or cold in another one. */
  #wake(execution: Execution): boolean {
    if (!this.#goesOn) this.#hurry();
    this.#goesOn = false;
    this.#now += LONGER_THAN_ANY_WAIT_MS;
    if (this.#choose(2) === 0) return false;
    const epoch = ++this.#epoch;
    execution.resume({ epoch, signals: [this.#server.signals(epoch)] });
    return true;
  }

  /** So that nobody waits for ever. */
  #hurry(): void {
    if (this.#server.running.size > 0) return this.#endChild();
    for (const name of ["e", "f"]) this.#server.send(name);
  }

  #execution(trace: Trace): Execution {
    const runtime: Runtime = {
      now: () => this.#now,
      random: () => 0.5,
      setTimer: (ms, run) => {
        const timer = { at: this.#now + ms, run };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        };
      },
    };
    const epoch = ++this.#epoch;
    return executionOf(this.#program, trace, {
      runtime,
      epoch,
      history: [...this.#server.history],
      body: (execution) => this.#body(execution),
      onOther: (name, knew) => this.#others.set(name, [...(this.#others.get(name) ?? []), knew]),
      send: (execution) => this.#pending.push(() => this.#store(execution)),
      signals: [this.#server.signals(epoch)],
    });
  }

  #body({ attempt, fails, key, knew }: BodyExecution): Promise<string> {
    const what = `${key} ${attempt}`;
    this.#executions.set(what, (this.#executions.get(what) ?? 0) + 1);
    if (knew > this.#durable) this.#early.push(what);
    const nonce = ++this.#nonce;
    return new Promise((resolve, reject) => {
      this.#pending.push(() => (fails ? reject(new Error(`failed ${nonce}`)) : resolve(`value ${nonce}`)));
    });
  }

  /** How many outcomes are stored. */
  get #durable(): number {
    return this.#server.history.filter(isOutcome).length;
  }

  /** The server takes what the execution has to say, stores it, and its answer is on the way. */
  #store(execution: Execution): void {
    const update = execution.updates.take();
    if (update === undefined) return;
    const taken = create(RunUpdateSchema, update);
    for (const { command, occurrence, stepName } of taken.commands) {
      const isForOthers = command.case === "startChild" || command.case === "sendEvent";
      const knew = isForOthers ? (this.#others.get(stepName)?.[occurrence - 1] ?? 0) : 0;
      if (knew > this.#durable) this.#early.push(`${stepName}#${occurrence}`);
    }
    if (this.#server.settleOthers(taken) && this.#mayLose(4)) {
      // Lost between what was done for others and the record of it.
      this.#lost = true;
      return;
    }
    const { ack, goesOn } = this.#server.take(taken);
    this.#goesOn = goesOn;
    this.#pending.push(() => execution.acknowledged(ack));
  }
}

function executionOf(
  program: Program,
  trace: Trace,
  about: {
    readonly runtime: Runtime;
    readonly epoch: number;
    readonly history: readonly ReplayRecord[];
    readonly body: (execution: BodyExecution) => Promise<string>;
    readonly onOther: (name: string, knew: number) => void;
    readonly send: (execution: Execution) => void;
    readonly signals: readonly ReturnType<ListServer["signals"]>[];
    readonly intercept?: StepInterceptor;
  },
): Execution {
  const { body, epoch, history, intercept, onOther, runtime, send, signals } = about;
  const clock = new ServerClock(runtime);
  clock.observe(runtime.now());
  const definition = workflow("simulated", (ctx) => interpret(program, ctx, { trace, body, onOther }));
  const run = { runId: "run", workflow: "simulated", version: "1", attempt: 1, externalId: undefined };
  const task = { ...run, schedule: undefined, epoch, lastSeq: history.length, history: [], signals, readyAt: 0 };
  const host = {
    connection: {} as Connection,
    runtime,
    clock,
    logger: quiet,
    namespace: "default",
    payloads: new Payloads(undefined),
    retry: undefined,
    intercept,
    metrics: new WorkerMetrics(),
    limits: new Set<string>(),
    isSure: () => true,
    send,
  };
  return new Execution(host, definition, task, history);
}

/** What the code is handed, sooner or later. */
function isOutcome(record: ReplayRecord): boolean {
  return record.kind !== "run" && (record.type === "completed" || record.type === "failed");
}
