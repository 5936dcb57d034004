/** A value as its sender encoded it. Nothing on this side of the wire reads the bytes. */
export interface Payload {
  readonly data: Uint8Array;
  /** How to read the bytes: `content-type` and the like. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a payload counts against limits: its bytes and those of its metadata. */
export function payloadBytes(payload: Payload | undefined): number {
  if (payload === undefined) return 0;
  let bytes = payload.data.byteLength;
  for (const [key, value] of Object.entries(payload.metadata)) bytes += key.length + value.length;
  return bytes;
}
