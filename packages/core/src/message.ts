import type { ErrorDetail } from "./error.ts";
import type { RunId } from "./ids.ts";
import type { Payload } from "./payload.ts";
import type { ParentReference } from "./run.ts";
import type { RunReference } from "./store.ts";
import type { Instant } from "./time.ts";

/** What somebody brings to a run: an event, or how a child of it ended. Either a payload or, of a child, an error. */
export type NewMessage = {
  readonly payload?: Payload;
  readonly error?: ErrorDetail;
} & (
  | { readonly kind: "child"; readonly childRunId: RunId }
  | {
      readonly kind: "event";
      readonly name: string;
      readonly key?: string;
      /** A second one with this id changes nothing. */
      readonly messageId: string;
    }
);

/** A message in the inbox of a run, where it waits for the code to take it. Positions rise, with gaps. */
export type Message = NewMessage & {
  readonly position: number;
  readonly receivedAt: Instant;
};

/** A message for a run. */
export type Addressed = RunReference & { readonly message: NewMessage };

/** What a parent that waits for a child hears of its end. */
export function messageOfEnd(
  child: RunReference,
  parent: ParentReference,
  end: { readonly error?: ErrorDetail | undefined; readonly payload?: Payload | undefined },
): Addressed {
  const { error, payload } = end;
  const brought = { ...(error !== undefined && { error }), ...(payload !== undefined && { payload }) };
  const childRunId = parent.startedAs ?? child.runId;
  return { namespaceId: child.namespaceId, runId: parent.runId, message: { kind: "child", childRunId, ...brought } };
}
