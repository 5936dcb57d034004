import { createHash } from "node:crypto";

/**
 * Chance that repeats itself: the n-th number of a run is the same on every replay. Each is cut out of a hash of the
 * run's id and its number, so that runs have nothing in common and nothing need be recorded.
 */
export class RunRandom {
  readonly #seed: string;
  #numbers = 0;
  #uuids = 0;

  constructor(runId: string) {
    this.#seed = runId;
  }

  /** [0, 1), with 48 bits of chance. */
  random(): number {
    return this.#bytes("random", ++this.#numbers).readUIntBE(0, 6) / 2 ** 48;
  }

  /** A UUID of version 4 (RFC 9562). */
  uuid(): string {
    const bytes = this.#bytes("uuid", ++this.#uuids).subarray(0, 16);
    bytes.writeUInt8(0x40 | (bytes.readUInt8(6) & 0x0f), 6);
    bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  #bytes(use: string, count: number): Buffer {
    return createHash("sha256").update(`${this.#seed}/${use}/${count}`).digest();
  }
}
