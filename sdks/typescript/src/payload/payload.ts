import { create } from "@bufbuild/protobuf";
import { type Payload, PayloadSchema } from "@kagzi/proto";
import { KagziError } from "../error.ts";
import { fromTagged } from "./decode.ts";
import { toTagged } from "./encode.ts";

/** The largest payload, in bytes with its metadata. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

const JSON_TYPE = "application/json";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * A value as it is kept: JSON, with tags for what JSON cannot hold (docs/reference/payloads.md). `undefined` is the
 * absence of a payload. `what` names the value where the error gives the path.
 * @throws KagziError `INVALID_ARGUMENT` for what cannot be kept: functions, class instances, cycles …
 */
export function encodePayload(value: unknown, what: string): Payload | undefined {
  if (value === undefined) return undefined;
  const data = encoder.encode(JSON.stringify(toTagged(value, what)));
  return create(PayloadSchema, { data, metadata: { "content-type": JSON_TYPE } });
}

/**
 * The value of a payload. What is not JSON comes back as its bytes.
 * @throws KagziError `INVALID_ARGUMENT` for what says that it is JSON and is not, and for tags that are not known
 */
export function decodePayload(payload: Payload | undefined): unknown {
  if (payload === undefined) return undefined;
  const type = payload.metadata["content-type"] ?? JSON_TYPE;
  if (type !== JSON_TYPE) return payload.data;
  return fromTagged(parseJson(payload.data));
}

function parseJson(data: Uint8Array): { readonly value: unknown; readonly text: string } {
  try {
    const text = decoder.decode(data);
    return { value: JSON.parse(text), text };
  } catch (cause) {
    throw new KagziError("INVALID_ARGUMENT", `a payload of ${JSON_TYPE} is not JSON: ${String(cause)}`, { cause });
  }
}

/**
 * A payload that is not too large.
 * @throws KagziError `PAYLOAD_TOO_LARGE` with what it is and how large
 */
export function checkPayloadSize(payload: Payload | undefined, what: string): Payload | undefined {
  if (payload === undefined) return undefined;
  let bytes = payload.data.byteLength;
  for (const [key, value] of Object.entries(payload.metadata)) bytes += key.length + value.length;
  if (bytes <= MAX_PAYLOAD_BYTES) return payload;
  throw new KagziError(
    "PAYLOAD_TOO_LARGE",
    `${what} has ${bytes} bytes, at most ${MAX_PAYLOAD_BYTES} are taken: keep large data elsewhere and pass a reference`,
    { metadata: { bytes: String(bytes), limit: String(MAX_PAYLOAD_BYTES) } },
  );
}
