import { type MessageInitShape } from "@bufbuild/protobuf";
import type { PayloadSchema } from "@kagzi/proto";

export type PayloadInit = MessageInitShape<typeof PayloadSchema>;

/** A value as a payload of JSON. */
export function payloadOf(value: unknown): PayloadInit {
  return { data: new TextEncoder().encode(JSON.stringify(value)), metadata: { "content-type": "application/json" } };
}

/** What somebody has typed: nothing, JSON, or what is wrong with it. */
export type Typed =
  { readonly ok: true; readonly payload: PayloadInit | undefined } | { readonly ok: false; readonly problem: string };

/** Reads JSON that somebody has typed. An empty text is no payload. */
export function readTyped(text: string): Typed {
  if (text.trim() === "") return { ok: true, payload: undefined };
  try {
    return { ok: true, payload: payloadOf(JSON.parse(text)) };
  } catch (error) {
    return { ok: false, problem: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
