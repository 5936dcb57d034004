import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Payload as WirePayload } from "@kagzi/proto";
import type { Duration } from "../duration-grammar.ts";
import { KagziError } from "../error.ts";
import type { Payloads } from "../payload/codec.ts";

/** An event as a workflow takes it. */
export interface ReceivedEvent<Payload = unknown> {
  readonly id: string;
  readonly name: string;
  /** What the sender said that it is about. */
  readonly key: string | undefined;
  readonly payload: Payload;
  readonly sentAt: Date;
}

/** Which event a workflow waits for, and for how long. */
export interface WaitOptions<Payload = unknown> {
  /** Only an event with this key. */
  readonly key?: string;
  /** Default: as long as it takes. */
  readonly timeout?: Duration;
  /** Checks and types the payload; an event that does not fit fails the wait. */
  readonly schema?: StandardSchemaV1<unknown, Payload>;
}

/** What the server says of an event beside its payload. */
const ID = "kagzi-event-id";
const KEY = "kagzi-event-key";
const SENT_AT = "kagzi-event-sent-at";

/** The event that a wait took; `null` if its time was over before there was one. */
export function toEvent(name: string, payload: WirePayload | undefined, payloads: Payloads): ReceivedEvent | null {
  if (payload === undefined) return null;
  const { [ID]: id = "", [KEY]: key, [SENT_AT]: sentAt = 0, ...metadata } = payload.metadata;
  const isEmpty = payload.data.length === 0 && metadata["content-type"] === undefined;
  const value = isEmpty ? undefined : payloads.decode({ ...payload, metadata });
  return { id, name, key, payload: value, sentAt: new Date(sentAt) };
}

/** @throws KagziError `INVALID_ARGUMENT` with every issue */
export async function checkEvent<Payload>(
  event: ReceivedEvent | null,
  schema: StandardSchemaV1<unknown, Payload>,
): Promise<ReceivedEvent<Payload> | null> {
  if (event === null) return null;
  const result = await schema["~standard"].validate(event.payload);
  if (result.issues === undefined) return { ...event, payload: result.value };
  const issues = result.issues.map((issue) => issue.message).join("; ");
  throw new KagziError(
    "INVALID_ARGUMENT",
    `event ${JSON.stringify(event.name)} (${event.id}) is not valid: ${issues}`,
    {
      subject: "event",
      subjectId: event.id,
    },
  );
}
