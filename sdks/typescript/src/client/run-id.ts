import { randomBytes, randomInt } from "node:crypto";

let last = 0n;

/**
 * A UUIDv7 (RFC 9562): 48 bits of milliseconds and 12 bits that count within one, then chance. Each is greater than the
 * one before, so that runs started one after the other are listed in that order.
 */
export function newRunId(): string {
  // Half of the counter's range is left to count up in.
  const tick = (BigInt(Date.now()) << 12n) | BigInt(randomInt(0x800));
  last = tick > last ? tick : last + 1n;
  const time = (last >> 12n).toString(16).padStart(12, "0");
  const counter = (last & 0xfffn).toString(16).padStart(3, "0");
  const bytes = randomBytes(8);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(0) & 0x3f), 0);
  const random = bytes.toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${random.slice(0, 4)}-${random.slice(4)}`;
}
