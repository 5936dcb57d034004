import type { Chance } from "./chance.ts";

/** Bytes that mean something where they fall: tags, lengths, ends of numbers, text that is none. */
const PIECES: readonly Uint8Array[] = [
  Buffer.of(0),
  Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f),
  Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  Buffer.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
  Buffer.of(0x0a, 0x03, 0xed, 0xa0, 0x80),
  Buffer.of(0x0a, 0x02, 0xc3, 0x28),
  Buffer.of(0x0a, 0x01, 0x00),
  Buffer.of(0x0b, 0x0c),
  Buffer.of(0x0b, 0x0b, 0x0b, 0x0b),
  Buffer.of(0x0f),
  Buffer.of(0x0a, 0x7f),
  Buffer.of(0x08, 0x01, 0x08, 0x02),
];

/** The bytes of a message, changed a few times; `others` are messages that parts of are put in. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], chance: Chance): Uint8Array {
  let changed = bytes;
  for (let times = 1 + chance.below(4); times > 0; times--) changed = mutateOnce(changed, others, chance);
  return changed;
}

function mutateOnce(bytes: Uint8Array, others: readonly Uint8Array[], chance: Chance): Uint8Array {
  const at = chance.below(bytes.length + 1);
  const until = Math.min(bytes.length, at + chance.below(16));
  switch (chance.below(7)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return flipped(bytes, at, chance);
    case 2:
      return spliced(bytes, at, at, chance.one(PIECES));
    case 3:
      return spliced(bytes, at, until, new Uint8Array(0));
    case 4:
      return spliced(bytes, until, until, bytes.slice(at, until));
    case 5:
      return others.length === 0 ? bytes : spliced(bytes, at, until, chance.one(others));
    default:
      return flipped(flipped(bytes, at, chance), until, chance);
  }
}

function flipped(bytes: Uint8Array, at: number, chance: Chance): Uint8Array {
  const changed = bytes.slice();
  if (at < changed.length)
    changed[at] = chance.oneIn(2) ? chance.next() & 0xff : (changed[at] ?? 0) ^ (1 << chance.below(8));
  return changed;
}

function spliced(bytes: Uint8Array, from: number, until: number, piece: Uint8Array): Uint8Array {
  const length = from + piece.length + bytes.length - until;
  const joined = new Uint8Array(length);
  joined.set(bytes.subarray(0, from));
  joined.set(piece, from);
  joined.set(bytes.subarray(until), from + piece.length);
  return joined;
}

/** A field within itself, so many times. */
export function nested(fieldNumber: number, depth: number): Uint8Array {
  // Outermost first: each level has its tag and the length of all that it holds.
  const parts: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < depth; level++) {
    const head = Buffer.from([(fieldNumber << 3) | 2, ...varint(length)]);
    parts.push(head);
    length += head.length;
  }
  return Buffer.concat(parts.toReversed());
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}
