import type { KagziError } from "../error.ts";
import type { SlotState } from "./step-slots.ts";
import type { Call } from "../replay/replay.ts";
import type { RunTrace } from "../tracing/run-trace.ts";
import { typeOf } from "../tracing/trace-of.ts";
import { ActivityReport } from "./activity-report.ts";
import type { Recorded } from "./advance.ts";
import { type Asked, type ExecutionHost, limitOf, withoutSlot } from "./execution-parts.ts";
import type { StepAttempt } from "./run-step.ts";
import { attemptStep } from "./step-body.ts";
import type { Reason } from "./lazy-signal.ts";
import { StepSlots } from "./step-slots.ts";
import type { WireActivity } from "./update-buffer.ts";

/** Whose steps they are, and who hears of them. */
export interface StepsOwner {
  readonly runId: string;
  readonly workflow: string;
  /** An attempt has come to its end. */
  readonly onDone: (call: Call, recorded: Recorded) => void;
  /** A slot was given, or is to be waited for. */
  readonly onChange: () => void;
  readonly onStray: (reason: unknown, where: string) => void;
  readonly trace: RunTrace | undefined;
}

/** The functions of one run's steps that run in this process, and the slots that they need. */
export class StepBodies {
  readonly #host: ExecutionHost;
  readonly #owner: StepsOwner;
  /** Calls whose function runs, each with its way to be aborted. */
  readonly #running = new Map<Call, AbortController>();
  /** Made when they are needed, as few runs ever do. */
  #activity: ActivityReport | undefined;
  #slots: StepSlots | undefined;
  #epoch: number;
  /** A step was held back, because the run may have been lost. */
  #isHeldBack = false;

  constructor(host: ExecutionHost, owner: StepsOwner, epoch: number) {
    this.#host = host;
    this.#owner = owner;
    this.#epoch = epoch;
  }

  /** Calls whose function runs. */
  get running(): ReadonlyMap<Call, unknown> {
    return this.#running;
  }

  /** A new lease begins: slots under the one before are gone. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#isHeldBack = false;
    this.#slots = undefined;
  }

  /** The run was sent a signal: steps that wait for a slot ask again. */
  signalled(): void {
    this.#slots?.signalled();
  }

  /** Where a step stands that needs a slot; `undefined` for one that needs none. None may begin while the lease is in doubt. */
  slotOf(call: Call, asked: Asked | undefined): SlotState | undefined {
    this.#isHeldBack ||= !this.#isSure();
    if (this.#isHeldBack) return "asking";
    return limitOf(asked) === undefined ? undefined : this.#slotsNow().stateOf(call);
  }

  askForSlot(call: Call, asked: Asked | undefined): void {
    void this.#slotsNow().ask(call, limitOf(asked) ?? "");
  }

  /** Runs the function of a step. */
  async run(call: Call, asked: Asked | undefined): Promise<void> {
    if (asked?.kind !== "function") return;
    const controller = new AbortController();
    this.#running.set(call, controller);
    const { key, failures } = call;
    const { intercept, metrics, runtime } = this.#host;
    const { onStray, runId, workflow } = this.#owner;
    const request = withoutSlot(asked.request, this.#slots?.errorOf(call));
    const step = { workflow, runId, key, attempt: failures + 1, request, controller, runtime, intercept, onStray };
    const recorded = await this.#attempt(step);
    metrics.attempted(workflow, recorded);
    this.#running.delete(call);
    this.#slots?.letGo(call);
    this.#owner.onDone(call, recorded);
  }

  /** Within a span of its own where the run is traced. */
  #attempt(step: StepAttempt): Promise<Recorded> {
    const make = () => attemptStep(step, this.#host);
    const { trace } = this.#owner;
    if (trace === undefined) return make();
    return trace.step({ ...step, name: step.request.name }, make, ({ record }) =>
      "error" in record ? typeOf(record.error) : undefined,
    );
  }

  /** The step is of no more use: its function is aborted, or no longer waits for a slot. */
  giveUp(call: Call, reason: KagziError): void {
    const controller = this.#running.get(call);
    if (controller === undefined) this.#slots?.letGo(call);
    else controller.abort(reason);
  }

  abortAll(reason: Reason): void {
    if (this.#running.size === 0) return;
    const error = reason();
    for (const controller of this.#running.values()) controller.abort(error);
  }

  /** A heartbeat was answered. Answers with what the run has been busy with for a while, if that is news. */
  look(seq: number): WireActivity | undefined {
    if (this.#isHeldBack && this.#isSure()) {
      this.#isHeldBack = false;
      this.#owner.onChange();
    }
    this.#activity ??= new ActivityReport();
    return this.#activity.look(this.#running.keys(), seq, this.#host.clock.now());
  }

  #isSure(): boolean {
    return this.#host.isSure({ runId: this.#owner.runId, epoch: this.#epoch });
  }

  #slotsNow(): StepSlots {
    const { onChange, runId } = this.#owner;
    this.#slots ??= new StepSlots(this.#host, { runId, epoch: this.#epoch }, onChange);
    return this.#slots;
  }
}
