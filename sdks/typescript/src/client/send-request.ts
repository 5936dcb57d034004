import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SendEventRequestSchema } from "@kagzi/proto";
import { checkName } from "../names.ts";
import type { Payloads } from "../payload/codec.ts";
import { carried } from "../tracing/carrier.ts";

/** What may be said of an event beside its payload. */
export interface SendOptions {
  /** Sent twice with the same id, an event is one. */
  readonly id?: string;
  /** What the event is about; waits may ask for it. */
  readonly key?: string;
}

export type WireSend = MessageInitShape<typeof SendEventRequestSchema>;

/** An event for the wire, but for its id. @throws KagziError `INVALID_ARGUMENT`, `PAYLOAD_TOO_LARGE` */
export function sendRequest(
  event: string,
  { key, payload }: { readonly payload: unknown; readonly key?: string | undefined },
  settings: { readonly namespace: string; readonly payloads: Payloads },
): WireSend {
  const name = checkName("the name of an event", event);
  const what = `the payload of event ${JSON.stringify(name)}`;
  const encoded = carried(settings.payloads.encode(payload, "payload", what));
  return {
    namespaceId: settings.namespace,
    name,
    key: key === undefined ? "" : checkName("the key of an event", key),
    ...(encoded !== undefined && { payload: encoded }),
  };
}

/** The id of an event that its sender chose; `undefined` if it chose none. @throws KagziError `INVALID_ARGUMENT` */
export function eventIdOf({ id }: SendOptions): string | undefined {
  return id === undefined ? undefined : checkName("the id of an event", id);
}
