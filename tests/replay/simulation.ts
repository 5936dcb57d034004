import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type Command,
  type ErrorDetail,
  ErrorDetailSchema,
  RecordType,
  RunAckSchema,
  RunAck_Result as Result,
  RunUpdateSchema,
  type RecordDecisionSchema,
} from "@kagzi/proto";
import { type Connection, KagziError, workflow } from "kagzi";
import { Payloads } from "../../sdks/typescript/src/payload/codec.ts";
import type { ReplayRecord, StepRecord } from "../../sdks/typescript/src/replay/records.ts";
import type { Runtime } from "../../sdks/typescript/src/runtime.ts";
import { Execution } from "../../sdks/typescript/src/worker/execution.ts";
import { ServerClock } from "../../sdks/typescript/src/worker/server-clock.ts";
import { type Execution as BodyExecution, type Program, TRIES, type Trace, interpret } from "./programs.ts";

const RETRY_MS = 7;
const LONGER_THAN_ANY_WAIT_MS = 60;
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** One process's go at a run: what its code saw, and how much of that was durable when the process was lost. */
export interface Incarnation {
  readonly trace: Trace;
  durable: number;
}

/** What became of a run. */
export interface Simulated {
  readonly end: "complete" | "fail" | "block";
  readonly incarnations: readonly Incarnation[];
  readonly history: readonly ReplayRecord[];
  /** How often each attempt of each step was executed. */
  readonly executions: ReadonlyMap<string, number>;
  /** Those that were begun before everything was durable that the code knew when it asked for them. */
  readonly early: readonly string[];
}

/**
 * A run from start to end over a server that is a list. What is under way (functions, answers, timers) ends in an order
 * that `choose` decides; it also decides when the process is lost, and with it what had not been stored.
 */
export async function simulate(
  program: Program,
  choose: (below: number) => number,
  crashes: number,
): Promise<Simulated> {
  const run = new SimulatedRun(program, choose, crashes);
  return run.toTheEnd();
}

class SimulatedRun {
  readonly #program: Program;
  readonly #choose: (below: number) => number;
  readonly #history: ReplayRecord[] = [{ kind: "run", type: "started", observedAt: 0 }];
  readonly #incarnations: Incarnation[] = [];
  readonly #executions = new Map<string, number>();
  readonly #early: string[] = [];
  /** What may happen next, in this process. */
  #pending: (() => void)[] = [];
  #timers: { readonly at: number; readonly run: () => void }[] = [];
  #now = 1000;
  #epoch = 0;
  #crashes: number;
  #end: Simulated["end"] | undefined;
  #nonce = 0;

  constructor(program: Program, choose: (below: number) => number, crashes: number) {
    this.#program = program;
    this.#choose = choose;
    this.#crashes = crashes;
  }

  async toTheEnd(): Promise<Simulated> {
    while (this.#end === undefined) await this.#incarnate();
    return {
      end: this.#end,
      incarnations: this.#incarnations,
      history: this.#history,
      executions: this.#executions,
      early: this.#early,
    };
  }

  /** A process begins with the history as it is stored, and goes on until the run ends or the process is lost. */
  async #incarnate(): Promise<void> {
    const incarnation: Incarnation = { trace: [], durable: 0 };
    this.#incarnations.push(incarnation);
    this.#pending = [];
    this.#timers = [];
    const execution = this.#execution(incarnation.trace);
    execution.start();
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#end !== undefined) break;
      if (this.#crashes > 0 && this.#choose(12) === 0) {
        this.#crashes -= 1;
        break;
      }
      if (!this.#step(execution)) break;
    }
    incarnation.durable = this.#durable;
    execution.drop(new KagziError("CANCELLED", "the process was lost"));
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
    if (execution.state !== "parked") throw new Error(`nothing can happen any more: it is ${execution.state}`);
    // Its waits are over: it goes on warm in this process, or cold in another one.
    this.#now += LONGER_THAN_ANY_WAIT_MS;
    if (this.#choose(2) === 0) return false;
    execution.resume({ epoch: ++this.#epoch, signals: undefined });
    return true;
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
    const clock = new ServerClock(runtime);
    clock.observe(this.#now);
    const definition = workflow("simulated", (ctx) =>
      interpret(this.#program, ctx, { trace, body: (execution) => this.#body(execution) }),
    );
    const task = {
      runId: "run",
      epoch: ++this.#epoch,
      workflow: "simulated",
      version: "1",
      attempt: 1,
      externalId: undefined,
      lastSeq: this.#history.length,
      history: [],
      signals: undefined,
    };
    const send = (execution: Execution) => this.#pending.push(() => this.#store(execution));
    const host = {
      connection: {} as Connection,
      runtime,
      clock,
      logger: quiet,
      namespace: "default",
      payloads: new Payloads(undefined),
      retry: undefined,
      intercept: undefined,
      send,
    };
    return new Execution(host, definition, task, [...this.#history]);
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
    return this.#history.filter(isOutcome).length;
  }

  /** The server takes what the execution has to say, stores it, and its answer is on the way. */
  #store(execution: Execution): void {
    const update = execution.updates.take();
    if (update === undefined) return;
    const { commands, epoch, outcome } = create(RunUpdateSchema, update);
    const decisions = commands.flatMap((command) => this.#append(command) ?? []);
    const { case: becomes } = outcome;
    if (becomes === "complete" || becomes === "fail" || becomes === "block") this.#end = becomes;
    const ack = create(RunAckSchema, { runId: "run", epoch, result: Result.OK, decisions });
    this.#pending.push(() => execution.acknowledged(ack));
  }

  #append({ command, observedAt: at, occurrence, stepName: name }: Command): Decision | undefined {
    const about = { name, occurrence, observedAt: at === undefined ? 0 : timestampMs(at) };
    switch (command.case) {
      case "completeStep":
        return this.#record({
          ...about,
          kind: "function",
          type: "completed",
          attempt: command.value.attempt,
          payload: command.value.output,
        });
      case "failStep":
        return this.#fail({
          ...about,
          kind: "function",
          attempt: command.value.attempt,
          error: errorOf(command.value.error),
        });
      case "startSleep": {
        const dueAt = this.#now + Number(command.value.until.value ?? 0n);
        return this.#record({ ...about, kind: "sleep", type: "started", attempt: 1, dueAt }, dueAt);
      }
      default:
        return this.#record({ ...about, kind: "sleep", type: "completed", attempt: 1 });
    }
  }

  #fail(failure: Omit<Extract<StepRecord, { type: "failed" }>, "type">): Decision | undefined {
    if (failure.attempt >= TRIES) {
      this.#record({ ...failure, type: "failed" });
      return { seq: this.#history.length, type: RecordType.FAILED };
    }
    const dueAt = this.#now + RETRY_MS;
    return this.#record({ ...failure, type: "retrying", dueAt }, dueAt);
  }

  #record(record: StepRecord, dueAt?: number): Decision | undefined {
    this.#history.push(record);
    if (dueAt === undefined) return undefined;
    const type = record.type === "started" ? RecordType.STARTED : RecordType.RETRYING;
    return { seq: this.#history.length, type, dueAt: timestampFromMs(dueAt) };
  }
}

type Decision = MessageInitShape<typeof RecordDecisionSchema>;

function errorOf(error: ErrorDetail | undefined): ErrorDetail {
  return error ?? create(ErrorDetailSchema);
}

/** What the code is handed, sooner or later. */
function isOutcome(record: ReplayRecord): boolean {
  return record.kind !== "run" && (record.type === "completed" || record.type === "failed");
}
