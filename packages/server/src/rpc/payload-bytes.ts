const FIELDS = ["input", "output", "payload"];

/** What people put into a message of the contract, in bytes; `undefined` has nothing. */
export function payloadBytesOf(message: object | undefined): number {
  if (message === undefined) return 0;
  return FIELDS.reduce((bytes, field) => {
    const payload: unknown = Reflect.get(message, field);
    const data: unknown = typeof payload === "object" && payload !== null ? Reflect.get(payload, "data") : undefined;
    return bytes + (data instanceof Uint8Array ? data.length : 0);
  }, 0);
}
