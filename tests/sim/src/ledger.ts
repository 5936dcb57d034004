import type { Handed } from "./programs.ts";

/** One execution of a step's function, as it was seen from outside of the engine. */
export interface Executed {
  readonly run: string;
  readonly key: string;
  readonly attempt: number;
  /** Of the run itself. */
  readonly runAttempt: number;
  readonly worker: string;
  /** The world's time at which it began. */
  readonly at: number;
  /** What it gives or throws, and no other execution does. */
  readonly nonce: string;
  readonly saw: readonly Handed[];
  ended: "gave" | "threw" | undefined;
}

/** An event that was sent to a run, and acknowledged. */
export interface SentEvent {
  readonly run: string;
  readonly name: string;
  readonly payload: string;
  readonly sentAt: number;
  readonly ackedAt: number;
}

/** How a run has ended, as a client was told. */
export interface Told {
  readonly run: string;
  readonly at: number;
  readonly end: { readonly output: unknown } | { readonly code: string; readonly message: string };
}

/** What was seen from outside of the engine: by the functions of steps, and by clients. */
export class Ledger {
  readonly executed: Executed[] = [];
  readonly events: SentEvent[] = [];
  readonly told: Told[] = [];
  /** Runs whose start was acknowledged, by id, with the idempotency key. */
  readonly started = new Map<string, string>();
  /** Keys that a client has asked to start. */
  readonly asked = new Set<string>();
  /** Runs that a client was told will be cancelled, or have been. */
  readonly cancelled = new Set<string>();
  /** What clients were told that must never be. */
  readonly breaches: string[] = [];
  #nonces = 0;

  nonce(): string {
    return `n${++this.#nonces}`;
  }

  breach(what: string): void {
    this.breaches.push(what);
  }
}
