import {
  type Instant,
  KagziError,
  type NamespaceId,
  type SlotClaim,
  type SlotOutcome,
  type WorkflowLimits,
  checkName,
  checkLimits,
  leaseLost,
  notFound,
} from "@kagzi/core";
import type { EngineContext } from "./engine.ts";
import { errorField } from "./log.ts";
import type { Signals } from "./signals.ts";

/** Limits that one look goes through. */
const LOOKED_AT = 1000;

/** Named limits, which steps of any workflow ask for a slot of. Who finds none waits in line, and is called. */
export class StepLimits {
  readonly #context: EngineContext;
  readonly #signals: Signals;
  /** Calls under way, each with whether another one is to follow. */
  readonly #calling = new Map<string, { again: boolean }>();
  readonly #timers = new Map<string, { readonly at: Instant; readonly cancel: () => void }>();

  constructor(context: EngineContext, parts: { readonly signals: Signals }) {
    this.#context = context;
    this.#signals = parts.signals;
  }

  /** What a worker says of named limits when it registers. */
  async declare(namespaceId: NamespaceId, limits: ReadonlyMap<string, WorkflowLimits>): Promise<void> {
    if (limits.size === 0) return;
    const { slots } = this.#context.store;
    await slots.declare(
      namespaceId,
      Array.from(limits, ([name, declared]) => ({ name, declared })),
    );
    for (const name of limits.keys()) this.#call(namespaceId, name);
  }

  /**
   * Changes a limit, whatever the code says; `undefined`: the code's word counts again.
   * @throws KagziError `INVALID_ARGUMENT`; `NOT_FOUND` for a limit that no worker has declared
   */
  async set(namespaceId: NamespaceId, name: string, limits: WorkflowLimits | undefined): Promise<void> {
    if (limits !== undefined) checkStepLimit(name, limits);
    const found = await this.#context.store.slots.override(namespaceId, name, limits);
    if (!found) throw unknownLimit(name);
    this.#call(namespaceId, name);
  }

  /**
   * Gives a slot to a step, or puts it into the line; then its run hears a signal when it is its turn to ask again.
   * @throws KagziError `NOT_FOUND` for a limit that no worker has declared, `CONFLICT` if the lease is lost
   */
  async acquire(claim: SlotClaim): Promise<boolean> {
    const outcome: SlotOutcome = await this.#context.store.slots.acquire(claim, this.#context.env.newUuid());
    if (outcome.became === "granted") return true;
    if (outcome.became === "refused") {
      throw outcome.because === "noLimit" ? unknownLimit(claim.name) : leaseLost(claim.runId, claim.epoch);
    }
    if (outcome.until !== undefined) this.#callAt(claim, outcome.until - outcome.now);
    return false;
  }

  /** The step holds no slot any more, and waits for none. */
  async release(claim: SlotClaim): Promise<void> {
    await this.#context.store.slots.release(claim);
    this.#call(claim.namespaceId, claim.name);
  }

  /** Calls whoever there is room for: word may have been lost, and leases end by themselves. */
  async look(): Promise<void> {
    const waited = await this.#context.store.slots.waited(LOOKED_AT);
    for (const { name, namespaceId } of waited) await this.#callOnce(namespaceId, name);
  }

  close(): void {
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** Calls now, or after the call that is under way. */
  #call(namespaceId: NamespaceId, name: string): void {
    const key = keyOf({ namespaceId, name });
    const calling = this.#calling.get(key);
    if (calling === undefined) void this.#callAll(namespaceId, name, key);
    else calling.again = true;
  }

  async #callAll(namespaceId: NamespaceId, name: string, key: string): Promise<void> {
    const calling = { again: true };
    this.#calling.set(key, calling);
    try {
      while (calling.again) {
        calling.again = false;
        await this.#callOnce(namespaceId, name);
      }
    } catch (error) {
      this.#context.log.debug("runs that wait for a slot could not be called yet", { error: errorField(error) });
    } finally {
      this.#calling.delete(key);
    }
  }

  async #callOnce(namespaceId: NamespaceId, name: string): Promise<void> {
    const called = await this.#context.store.slots.call(namespaceId, name);
    for (const run of called.runs) void this.#signals.touched(run);
    if (called.nextAt !== undefined) this.#callAt({ namespaceId, name }, called.nextAt - called.now);
  }

  #callAt(limit: Pick<SlotClaim, "namespaceId" | "name">, ms: number): void {
    const { env } = this.#context;
    const key = keyOf(limit);
    const at = env.now() + Math.max(1, ms);
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    const cancel = env.setTimer(Math.max(1, ms), () => {
      this.#timers.delete(key);
      this.#call(limit.namespaceId, limit.name);
    });
    this.#timers.set(key, { at, cancel });
  }
}

function keyOf({ name, namespaceId }: Pick<SlotClaim, "namespaceId" | "name">): string {
  return `${namespaceId}\0${name}`;
}

function unknownLimit(name: string): KagziError {
  return notFound("limit", name, "no worker has declared it: add it to the limits of a worker");
}

/** @throws KagziError `INVALID_ARGUMENT` */
export function checkStepLimit(name: string, limits: WorkflowLimits): WorkflowLimits {
  checkLimits(`limit ${JSON.stringify(checkName("the name of a limit", name))}`, limits);
  const { concurrency, throttle } = limits;
  if (concurrency.some(({ key }) => key !== undefined) || throttle?.key !== undefined) {
    throw new KagziError("INVALID_ARGUMENT", `limit ${JSON.stringify(name)} has a key: limits of steps have none`);
  }
  if (concurrency.length === 0 && throttle === undefined) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `limit ${JSON.stringify(name)} limits nothing: give it a concurrency, a throttle or both`,
    );
  }
  return limits;
}
