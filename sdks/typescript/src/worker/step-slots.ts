import { call } from "../calls.ts";
import type { Connection } from "../connection.ts";
import { isKagziError } from "../error.ts";
import type { Call } from "../replay/replay.ts";
import type { Runtime } from "../runtime.ts";

/** Where a step stands that needs a slot of a named limit before its function may run. */
export type SlotState =
  /** Nobody has asked for it. */
  | "wanted"
  | "asking"
  /** In line: the run hears a signal when it is its turn to ask again. */
  | "waiting"
  | "held";

interface Slot {
  readonly limit: string;
  state: Exclude<SlotState, "wanted">;
  /** A signal came while the answer was on its way. */
  again: boolean;
  /** Why none can be had: there is no such limit, perhaps. */
  error?: unknown;
}

/** What slots are asked for with. */
export interface SlotHost {
  readonly connection: Connection;
  readonly runtime: Runtime;
  readonly namespace: string;
}

/** The slots of one execution's steps, under one lease. */
export class StepSlots {
  readonly #host: SlotHost;
  readonly #run: { readonly runId: string; readonly epoch: number };
  readonly #onChange: () => void;
  readonly #slots = new Map<Call, Slot>();

  constructor(host: SlotHost, run: { readonly runId: string; readonly epoch: number }, onChange: () => void) {
    this.#host = host;
    this.#run = run;
    this.#onChange = onChange;
  }

  stateOf(step: Call): SlotState {
    return this.#slots.get(step)?.state ?? "wanted";
  }

  /** Why the step cannot have a slot at all. */
  errorOf(step: Call): unknown {
    return this.#slots.get(step)?.error;
  }

  /** Asks for a slot. `onChange` is called when the answer is there. */
  async ask(step: Call, limit: string): Promise<void> {
    const slot: Slot = { limit, state: "asking", again: false };
    this.#slots.set(step, slot);
    try {
      const request = this.#request(step, limit);
      const { connection, runtime } = this.#host;
      const { granted } = await call({ runtime }, (options) => connection.workers.acquireSlot(request, options));
      slot.state = granted ? "held" : "waiting";
    } catch (error) {
      const code = isKagziError(error) ? error.code : "INTERNAL";
      // Without its lease the run is dropped soon. What else is wrong is the step's failure.
      slot.state = code === "CONFLICT" ? "waiting" : "held";
      if (slot.state === "held") slot.error = error;
      // Who is in no line is never called, and so must ask again, for as long as the run is executed here.
      if (code === "UNAVAILABLE" && this.#slots.get(step) === slot) {
        this.#slots.delete(step);
        return this.#onChange();
      }
    }
    // Let go of meanwhile: nobody needs it any more.
    if (this.#slots.get(step) !== slot) return this.#release(step, limit);
    if (slot.state === "waiting" && slot.again) this.#slots.delete(step);
    this.#onChange();
  }

  /** The run was sent a signal: those who wait ask again. */
  signalled(): void {
    for (const [step, slot] of this.#slots) {
      if (slot.state === "waiting") this.#slots.delete(step);
      else slot.again = true;
    }
  }

  /** The step needs its slot no longer, or does not wait for one any more. */
  letGo(step: Call): void {
    const slot = this.#slots.get(step);
    this.#slots.delete(step);
    if (slot !== undefined && slot.state !== "asking" && slot.error === undefined) this.#release(step, slot.limit);
  }

  #release(step: Call, limit: string): void {
    const { connection, runtime } = this.#host;
    const request = this.#request(step, limit);
    // If it is not heard, the slot ends with the run's lease.
    call({ runtime }, (options) => connection.workers.releaseSlot(request, options)).catch(() => {});
  }

  #request({ name, occurrence }: Call, limit: string) {
    return { namespaceId: this.#host.namespace, ...this.#run, limit, stepName: name, occurrence };
  }
}
