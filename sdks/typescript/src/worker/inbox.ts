import type { ErrorDetail, InboxMessage as WireMessage, RunSignals } from "@kagzi/proto";
import { KagziError } from "../error.ts";
import type { InboxMessage } from "../replay/plan.ts";

/** What was brought to a run from outside, as far as this process knows. The same may come more than once. */
export class Inbox {
  /** Absent until the first one comes, as are those that the code has taken here: most runs are never sent anything. */
  #messages: Map<number, WireMessage> | undefined;
  #taken: Set<number> | undefined;
  #count = 0;
  #isPartial = false;
  #cancel: ErrorDetail | undefined;

  /** How many signals to the run are known. */
  get count(): number {
    return this.#count;
  }

  /** Whether messages are on their way that nobody would bring to a run that waits. */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  /** Why the run is to be cancelled. */
  get cancel(): ErrorDetail | undefined {
    return this.#cancel;
  }

  /** What the code has not taken, in order. */
  get messages(): readonly InboxMessage[] {
    if (this.#messages === undefined || this.#messages.size === 0) return NONE;
    return Array.from(this.#messages.values()).toSorted(byPosition);
  }

  /** A lease begins: what was to follow under another one does not. */
  begin(signals: readonly RunSignals[]): void {
    this.#isPartial = false;
    for (const each of signals) this.add(each);
  }

  add(signals: RunSignals): void {
    this.#isPartial = signals.more;
    // Whoever says how many it knows of must have them all.
    if (!signals.more) this.#count = Math.max(this.#count, signals.count);
    this.#cancel ??= signals.cancel;
    for (const message of signals.messages) {
      if (this.#taken?.has(message.position) === true) continue;
      this.#messages ??= new Map();
      this.#messages.set(message.position, message);
    }
  }

  /** The code takes one of {@link messages}. */
  take(position: number): WireMessage {
    const message = this.#messages?.get(position);
    if (message === undefined) throw new KagziError("INTERNAL", `there is no message ${position} to take`);
    this.#messages?.delete(position);
    this.#taken ??= new Set();
    this.#taken.add(position);
    return message;
  }
}

const NONE: readonly InboxMessage[] = [];

function byPosition(a: { readonly position: number }, b: { readonly position: number }): number {
  return a.position - b.position;
}
