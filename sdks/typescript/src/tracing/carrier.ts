import { create } from "@bufbuild/protobuf";
import type { SpanContext } from "@opentelemetry/api";
import { type Payload, PayloadSchema } from "@kagzi/proto";
import { MAX_PAYLOAD_BYTES } from "../payload/payload.ts";
import { TAG } from "../payload/tags.ts";
import { type TraceApi, traceApi } from "./api.ts";

// Who began something goes along with what it was begun with: in the metadata of a payload, as W3C Trace Context says it
// (https://www.w3.org/TR/trace-context/). What a run was started with is kept with it, so this is, too, and nobody compares it.

const PARENT = "traceparent";
const STATE = "tracestate";
/** What is said of the state is cut off beyond, as the standard allows. */
const MAX_STATE = 512;

/** A payload that says who sends it: the span that is active. Without one it stays as it is. */
export function carried(payload: Payload | undefined): Payload | undefined {
  const api = traceApi();
  return api === undefined ? payload : carriedFrom(payload, api.trace.getActiveSpan()?.spanContext());
}

/** As {@link carried}, for a span that is not active. */
export function carriedFrom(payload: Payload | undefined, from: SpanContext | undefined): Payload | undefined {
  const api = traceApi();
  if (api === undefined || from === undefined || !api.isSpanContextValid(from)) return payload;
  const { data, metadata } = payload ?? nothing();
  const all = { ...metadata, ...headersOf(from) };
  // A payload that is as large as any may be goes without.
  return bytesOf(data, all) > MAX_PAYLOAD_BYTES ? payload : create(PayloadSchema, { data, metadata: all });
}

/** Who sent a payload; `undefined` if it does not say. */
export function senderOf(
  payload: { readonly metadata: Readonly<Record<string, string>> } | undefined,
): SpanContext | undefined {
  const api = traceApi();
  const header = payload?.metadata[PARENT];
  if (api === undefined || header === undefined) return undefined;
  return parse(api, header, payload?.metadata[STATE]);
}

function headersOf({ spanId, traceFlags, traceId, traceState }: SpanContext): Record<string, string> {
  const state = traceState?.serialize() ?? "";
  const parent = `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
  return { [PARENT]: parent, ...(state !== "" && state.length <= MAX_STATE && { [STATE]: state }) };
}

function parse(api: TraceApi, header: string, state: string | undefined): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] =
    /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/u.exec(header) ?? [];
  const sender = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state !== undefined && { traceState: api.createTraceState(state) }),
  };
  return api.isSpanContextValid(sender) ? sender : undefined;
}

/** Says `undefined`, for who sends no value. The same to those who compare payloads as the absence of one. */
function nothing(): Pick<Payload, "data" | "metadata"> {
  const data = new TextEncoder().encode(JSON.stringify({ [TAG]: "Undefined" }));
  return { data, metadata: { "content-type": "application/json", "kagzi-fingerprint": "" } };
}

function bytesOf(data: Uint8Array, metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((bytes, [key, value]) => bytes + key.length + value.length, data.byteLength);
}
