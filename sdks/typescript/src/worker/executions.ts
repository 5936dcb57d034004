import { type RunAck, RunAck_Result as Result, type RunSignals } from "@kagzi/proto";
import { call } from "../calls.ts";
import { KagziError } from "../error.ts";
import type { ReplayRecord } from "../replay/records.ts";
import { pause } from "../runtime.ts";
import type { Workflow } from "../workflow.ts";
import { Execution } from "./execution.ts";
import type { ExecutionHost } from "./execution-parts.ts";
import { Gate } from "./gate.ts";
import { readRest } from "./history-pages.ts";
import type { HeldLease } from "./lease-watch.ts";
import type { Reason } from "./lazy-signal.ts";
import { Parked } from "./parked.ts";
import { type WorkerTask, toReplayRecord } from "./task.ts";
import type { WireUpdate } from "./update-buffer.ts";

/** What parked runs may hold in memory, about. */
const MAX_PARKED_BYTES = 32 * 1024 * 1024;

/** A run holds its history as the replay needs it, and not as it came. */
const NO_RECORDS: WorkerTask["history"] = [];

/** Pages of histories that are asked for at once. */
const MAX_PAGES = 8;

/** What the executions of a worker have in common. */
export type ExecutionsOptions = Omit<ExecutionHost, "send"> & {
  readonly workflows: readonly Workflow<unknown, unknown>[];
  /** Something is to be sent. */
  readonly onUpdates: () => void;
  /** A run has left: ended, parked, given back or lost. */
  readonly onLeft: () => void;
};

/** The runs of a worker: those it executes, and those that are parked and may come back. */
export class Executions {
  completed = 0;
  failed = 0;
  readonly #options: ExecutionsOptions;
  readonly #host: ExecutionHost;
  readonly #workflows: ReadonlyMap<string, Workflow<unknown, unknown>>;
  readonly #active = new Map<string, Execution>();
  readonly #parked = new Parked<Execution>(MAX_PARKED_BYTES);
  /** Tasks whose time has not come, or whose history is being read. */
  readonly #loading = new Map<string, WorkerTask>();
  /** Through which pages of histories come: they are large, and many runs may come at once. */
  readonly #pages = new Gate(MAX_PAGES);
  #unsent = new Set<Execution>();
  /** Last words on runs that this worker no longer has: the server of its stream may still count them as its own. */
  #farewells: WireUpdate[] = [];
  /** Those on runs that could not be taken. They wait for a heartbeat, so that what cannot be taken does not come at once again. */
  #untaken: WireUpdate[] = [];
  #stopping = false;

  constructor(options: ExecutionsOptions) {
    this.#options = options;
    this.#workflows = new Map(options.workflows.map((each) => [`${each.name}\0${each.version}`, each]));
    this.#host = {
      ...options,
      send: (execution) => {
        this.#unsent.add(execution);
        options.onUpdates();
      },
    };
  }

  /** How many runs hold a lease of this worker's. */
  get activeCount(): number {
    return this.#active.size + this.#loading.size;
  }

  /** How many runs wait and are kept in memory. */
  get parkedCount(): number {
    return this.#parked.size;
  }

  /** The leases that the worker holds, for its heartbeat. */
  leases(): { readonly runId: string; readonly epoch: number }[] {
    const active = Array.from(this.#active.values(), ({ runId, updates }) => ({ runId, epoch: updates.epoch }));
    return [...active, ...Array.from(this.#loading.values(), ({ runId, epoch }) => ({ runId, epoch }))];
  }

  /** What is to be sent, as one update for each run. */
  takeUpdates(): WireUpdate[] {
    const unsent = this.#unsent;
    const farewells = this.#farewells;
    this.#unsent = new Set();
    this.#farewells = [];
    return [...farewells, ...Array.from(unsent).flatMap((execution) => execution.updates.take() ?? [])];
  }

  /** What was sent and not answered, for a new stream. */
  unansweredUpdates(): WireUpdate[] {
    return Array.from(this.#active.values()).flatMap((execution) => execution.updates.unanswered());
  }

  /** Takes a run that the server has given to this worker. */
  async take(given: WorkerTask): Promise<void> {
    const task = given.readyAt > this.#options.clock.now() ? await this.#inTime(given) : given;
    if (task === undefined) return;
    const parked = this.#parked.take(task.runId) ?? this.#active.get(task.runId);
    // One whose last update is not answered yet does not know what was decided in it, and is read anew.
    if (parked?.state === "parked" && parked.seq === task.lastSeq && !this.#stopping) {
      parked.resume(task);
      this.#active.set(task.runId, parked);
      return;
    }
    parked?.drop(lost(task.runId));
    await this.#begin(task);
  }

  /** The server's answer to an update. */
  acknowledged(ack: RunAck): void {
    const execution = this.#active.get(ack.runId);
    if (execution === undefined || execution.updates.epoch !== ack.epoch) return;
    switch (ack.result) {
      case Result.OK:
        execution.acknowledged(ack);
        if (execution.state === "parked" || execution.state === "over") this.#left(execution, execution.leavesBy);
        if (execution.state === "over") this.#count(execution);
        break;
      case Result.RELOAD:
        void this.#reload(execution);
        break;
      case Result.REJECTED:
        execution.rejected(ack.error);
        break;
      default:
        this.drop(ack.runId, ack.epoch);
    }
  }

  /** A heartbeat was answered, by any server, and says that these leases are lost. */
  lost(leases: readonly HeldLease[]): void {
    const gone = leases.filter(({ epoch, runId }) => this.#epochOf(runId) === epoch);
    for (const { epoch, runId } of gone) this.drop(runId, epoch);
    const farewells = [...this.#untaken, ...gone.map((lease) => farewell(lease, 0))];
    this.#untaken = [];
    this.#farewells.push(...farewells);
    if (farewells.length > 0) this.#options.onUpdates();
  }

  /** Looks what the runs are busy with. */
  look(): void {
    for (const execution of this.#active.values()) execution.look();
  }

  /** Somebody has brought something for a run. */
  signalled(signals: RunSignals): void {
    const { epoch, runId } = signals;
    const execution = this.#active.get(runId);
    if (execution?.updates.epoch === epoch) return execution.signalled(signals);
    const loading = this.#loading.get(runId);
    if (loading?.epoch === epoch) this.#loading.set(runId, { ...loading, signals: [...loading.signals, signals] });
  }

  /** The run is no longer this worker's. */
  drop(runId: string, epoch?: number): void {
    const execution = this.#active.get(runId);
    if (this.#loading.get(runId)?.epoch === epoch || epoch === undefined) this.#loading.delete(runId);
    if (execution === undefined || (epoch !== undefined && execution.updates.epoch !== epoch)) return;
    execution.drop(lost(runId));
    this.#left(execution, undefined);
  }

  /** Gives back every run as soon as none of its functions is running. */
  stop(): void {
    this.#stopping = true;
    for (const execution of this.#parked.takeAll()) execution.stop();
    for (const execution of this.#active.values()) execution.stop();
  }

  /** Gives back every run now. */
  stopNow(): void {
    for (const execution of this.#active.values()) execution.stopNow();
  }

  /** Forgets every run: another worker will have them when their leases end. */
  abandon(): void {
    for (const execution of this.#active.values()) execution.drop(lost(execution.runId));
    this.#active.clear();
    this.#loading.clear();
  }

  /** The task when it is ready, with what has come for it meanwhile; `undefined` if it was taken away. */
  async #inTime(task: WorkerTask): Promise<WorkerTask | undefined> {
    const { epoch, readyAt, runId } = task;
    this.#loading.set(runId, task);
    await this.#until(readyAt);
    const waited = this.#loading.get(runId);
    if (waited?.epoch !== epoch) return undefined;
    this.#loading.delete(runId);
    return waited;
  }

  async #until(time: number): Promise<void> {
    const ms = time - this.#options.clock.now();
    // A timer may be a millisecond early.
    if (ms > 0) await pause(this.#options.runtime, ms + 1);
  }

  #epochOf(runId: string): number | undefined {
    return this.#active.get(runId)?.updates.epoch ?? this.#loading.get(runId)?.epoch;
  }

  async #begin(task: WorkerTask): Promise<void> {
    try {
      const execution = await this.#load(task);
      if (execution === undefined) return;
      if (this.#stopping || execution.task.signals.some(({ release }) => release)) execution.stop();
      else execution.start();
    } catch (error) {
      // It is not named by the next heartbeat, and goes back.
      this.#untaken.push(farewell(task, task.lastSeq));
      this.#options.logger.error("a run could not be taken", { runId: task.runId, reason: String(error) });
    }
  }

  /** The run with its history, not yet begun; `undefined` if it was taken away again while that was read. */
  async #load(task: WorkerTask): Promise<Execution | undefined> {
    const { epoch, runId } = task;
    this.#loading.set(runId, task);
    try {
      const workflow = this.#workflows.get(`${task.workflow}\0${task.version}`);
      if (workflow === undefined) throw new KagziError("INTERNAL", `there is no ${task.workflow}@${task.version} here`);
      const history = await this.#history(task);
      // A run that was given out ahead of its time may have come back from a worker that was lost.
      await this.#until(retryOf(history));
      const loaded = this.#loading.get(runId);
      if (loaded?.epoch !== epoch) return undefined;
      const execution = new Execution(this.#host, workflow, { ...loaded, history: NO_RECORDS }, history);
      this.#active.set(runId, execution);
      return execution;
    } finally {
      if (this.#loading.get(runId)?.epoch === epoch) this.#loading.delete(runId);
    }
  }

  /** What came with the task, and what the server has beyond that, up to its last record at least. */
  async #history(task: WorkerTask): Promise<ReplayRecord[]> {
    const { connection, namespace, runtime } = this.#options;
    const ask = (afterSeq: number) => {
      const request = { namespaceId: namespace, runId: task.runId, afterSeq };
      return this.#pages.pass(() => call({ runtime }, (options) => connection.workers.readHistory(request, options)));
    };
    const first = task.history.map(toReplayRecord);
    const records = await readRest(first, task.lastSeq, { ask, keep: toReplayRecord });
    if (task.lastSeq === Number.POSITIVE_INFINITY || records.length >= task.lastSeq) return records;
    throw new KagziError("INTERNAL", `the history of run ${task.runId} ends too early`);
  }

  /** The history is another than the execution thinks: the run goes back, to come again with the history as it is. */
  async #reload({ runId, task, updates }: Execution): Promise<void> {
    this.#active.get(runId)?.drop(lost(runId));
    this.#active.delete(runId);
    try {
      const all = { ...task, epoch: updates.epoch, lastSeq: Number.POSITIVE_INFINITY, history: [] };
      const execution = await this.#load(all);
      execution?.stopNow();
    } catch {
      // It is not named by the next heartbeat, and goes back.
      this.#untaken.push(farewell({ runId, epoch: updates.epoch }, updates.acked));
      this.#options.onLeft();
    }
  }

  #left(execution: Execution, by: Execution["leavesBy"]): void {
    this.#options.metrics.left(execution.task.workflow, by);
    this.#active.delete(execution.runId);
    this.#unsent.delete(execution);
    if (execution.state === "parked") {
      for (const gone of this.#parked.keep(execution)) gone.drop(lost(gone.runId));
    }
    this.#options.onLeft();
  }

  #count({ leavesBy }: Execution): void {
    if (leavesBy === "complete") this.completed += 1;
    if (leavesBy === "fail") this.failed += 1;
  }
}

/** When the run is to be tried again, if that is what its history ends with; else 0. */
function retryOf(history: readonly ReplayRecord[]): number {
  const last = history.at(-1);
  return last?.kind === "run" && last.type === "retrying" ? last.dueAt : 0;
}

/** Says of a run that this worker no longer has it. */
function farewell({ epoch, runId }: HeldLease, afterSeq: number): WireUpdate {
  return { runId, epoch, afterSeq, commands: [], outcome: { case: "release", value: {} } };
}

function lost(runId: string): Reason {
  return () =>
    new KagziError("CANCELLED", `run ${runId} is no longer this worker's`, { subject: "run", subjectId: runId });
}
