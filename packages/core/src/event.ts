import type { NamespaceId, RunId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { Touched } from "./store.ts";
import type { Instant } from "./time.ts";
import type { WorkflowVersion } from "./worker.ts";

/** An event for a whole namespace. */
export interface NewEvent {
  readonly namespaceId: NamespaceId;
  /** Made by the engine, a UUIDv7: orders events of one millisecond. */
  readonly eventUid: string;
  /** Its sender's. A second event with this id changes nothing. */
  readonly eventId: string;
  readonly name: string;
  readonly key?: string;
  /** As runs are handed it: with what a wait is told beside the content. */
  readonly payload?: Payload;
}

/** An event as it is kept, and what became of it. */
export interface SentEvent extends NewEvent {
  readonly sentAt: Instant;
  /** Runs that it started. */
  readonly started: readonly RunId[];
  /** Runs that took it, some of them. */
  readonly takenBy: readonly RunId[];
  /** How many took it, counted up to a limit. */
  readonly takenCount: number;
}

/** What became of sending an event. */
export type SendOutcome =
  /** It is kept, and the runs are started. */
  | { readonly became: "sent"; readonly now: Instant }
  /** One with its id is there: perhaps this very one, from a try whose answer was lost. */
  | { readonly became: "found"; readonly eventUid: string; readonly started: readonly RunId[] }
  | { readonly became: "refused"; readonly because: "noNamespace" | "namespaceDisabled" };

/** A workflow, in one version, of which a run is started by each event of a name. */
export interface Subscription extends WorkflowVersion {
  readonly taskQueue: string;
}

/** What a wait asks of an event beside its name. */
export interface WaitKey {
  readonly name: string;
  readonly occurrence: number;
  readonly key: string;
}

/** Which events a list shows, the newest first. */
export interface EventFilter {
  readonly namespaceId: NamespaceId;
  readonly name?: string;
  readonly sentAfter?: Instant;
  readonly sentBefore?: Instant;
}

/** Where a page of events begins: after this one. */
export type EventPosition = Pick<SentEvent, "sentAt" | "eventUid">;

/** What a pass over events and waits did. */
export interface Routed {
  /** Runs that an event was brought to. */
  readonly touched: readonly Touched[];
  /** What is left to be done: nothing; something; or what others hold just now. */
  readonly left: "nothing" | "more" | "busy";
}
