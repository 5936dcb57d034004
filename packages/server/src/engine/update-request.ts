import type { Command, Outcome, Payload, RunId, RunningStep, StepKey } from "@kagzi/core";
import type { EventRequest } from "./events.ts";
import type { StartRequest } from "./starts.ts";

/** An update as a worker sends it: what it wants of other runs is yet to be done. */
export interface UpdateRequest {
  readonly commands: readonly (Command | ChildStart | EventSend)[];
  readonly outcome?: Exclude<Outcome, { become: "continued" }> | ContinueRequest;
  readonly progress?: Payload;
  readonly closesChildren?: boolean;
  readonly activity?: readonly RunningStep[];
}

/** An event that is to be sent, as a step of the run. */
export type EventSend = StepKey & {
  readonly do: "send";
  readonly observedAt?: number;
  readonly event: Omit<EventRequest, "namespaceId"> & { readonly runId?: RunId };
};

/** The run is over, and goes on as a new one. */
export interface ContinueRequest {
  readonly become: "continued";
  readonly runId: RunId;
  readonly input?: Payload;
}

/** A child that is to be started, as a step of its parent. */
export type ChildStart = StepKey & {
  readonly do: "start";
  readonly observedAt?: number;
  readonly start: Omit<StartRequest, "parent" | "namespaceId"> & { readonly runId: RunId };
};
