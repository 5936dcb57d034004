import { createHash } from "node:crypto";

/**
 * The id of a run that another run begins: a UUIDv7 of the time at which its code asked for it, its chance taken from a
 * hash of `origin`, the run and its step. Whoever replays that code comes to the same id, so no run is started twice.
 */
export function derivedRunId(origin: string, ms: number): string {
  const hash = createHash("sha256").update(origin).digest();
  hash.writeUInt8(0x70 | (hash.readUInt8(0) & 0x0f), 0);
  hash.writeUInt8(0x80 | (hash.readUInt8(2) & 0x3f), 2);
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  const random = hash.toString("hex", 0, 10);
  return `${time.slice(0, 8)}-${time.slice(8)}-${random.slice(0, 4)}-${random.slice(4, 8)}-${random.slice(8)}`;
}
