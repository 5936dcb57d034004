import type { Logged } from "@kagzi/test-support";

/** What a run of the workload gives, and what it is made of. */
export interface Output {
  /** The nonces that its code was handed, in the order of the code. */
  readonly saw: readonly string[];
  /** What the events said that came to it, in their order; `null` for one that did not come in time. */
  readonly heard: readonly (string | number | null)[];
}

/** How a run ended, as its client was told. */
export type Ending = "completed" | "failed" | "cancelled";

/** What the ledger of the chaos tests is told, as it happens. */
export type ChaosEntry =
  /** A client is about to start a run under this key; `hears`: what its events may say to it, one list or another. */
  | {
      readonly kind: "start";
      readonly key: string;
      readonly workflow: string;
      readonly hears?: readonly Output["heard"][];
    }
  /** The engine said that the run is started. */
  | { readonly kind: "ackStart"; readonly key: string; readonly run: string }
  /** The engine said that the event is kept; `run`: it was sent to this run alone. */
  | { readonly kind: "ackSend"; readonly id: string; readonly name: string; readonly run?: string }
  /** The engine said that the run is to be cancelled; `wins`: and that nothing else came first. */
  | { readonly kind: "ackCancel"; readonly run: string; readonly wins: boolean }
  /** A client was given the end of a run. */
  | { readonly kind: "ackResult"; readonly run: string; readonly status: Ending; readonly output?: Output }
  /** A client has done everything that it wanted under this key. */
  | { readonly kind: "done"; readonly key: string }
  /** The function of a step begins; `saw` is what the steps before it gave to it. */
  | {
      readonly kind: "exec";
      readonly run: string;
      readonly step: string;
      readonly attempt: number;
      readonly nonce: string;
      readonly saw: readonly string[];
      readonly by: string;
    }
  /** The function of a step is about to return this nonce. */
  | { readonly kind: "ret"; readonly run: string; readonly step: string; readonly nonce: string; readonly by: string }
  /** Something that nobody broke on purpose: an error that a client must not be given, a process that ended by itself. */
  | { readonly kind: "surprise"; readonly by: string; readonly what: string }
  /** Something was broken on purpose; `ms`: for so long, or 0. */
  | { readonly kind: "fault"; readonly what: string; readonly target: string; readonly ms: number }
  /** A worker's calls took so long, in milliseconds, that its heartbeats may have come too late, whatever held them up. */
  | { readonly kind: "slow"; readonly by: string; readonly ms: number }
  /** Nothing is broken from now on. */
  | { readonly kind: "calm" };

export type ChaosLine = Logged<ChaosEntry>;
