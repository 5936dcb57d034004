import type { Payload } from "./payload.ts";

/** What nearly every payload has as its metadata, stored as NULL. */
const PLAIN_JSON = { "content-type": "application/json" };

export function toPayload(data: Uint8Array | null, metadata: string | null): Payload | undefined {
  if (data === null) return undefined;
  return { data, metadata: metadata === null ? PLAIN_JSON : (JSON.parse(metadata) as Record<string, string>) };
}

export function metadataColumn(payload: Payload | undefined): string | null {
  if (payload === undefined) return null;
  const keys = Object.keys(payload.metadata);
  const isPlain = keys.length === 1 && payload.metadata["content-type"] === PLAIN_JSON["content-type"];
  return isPlain ? null : JSON.stringify(payload.metadata);
}
