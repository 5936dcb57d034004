import { ScalarType } from "@bufbuild/protobuf";
import type { Chance } from "./chance.ts";

// Values that something could stumble over, whatever the field is for.

const TEXTS: readonly string[] = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "x\udc00",
  "\u202e\u2066",
  "é".normalize("NFD"),
  "😀",
  "\r\n",
  "x".repeat(255),
  "x".repeat(256),
  "é".repeat(128),
  "x".repeat(20_000),
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "../../etc/passwd",
  "'; DROP TABLE runs; --",
  "%s%n$1",
  "*",
  "a#1",
  "#1",
  "0",
  "-1",
  "1e309",
  "null",
  "01890000-0000-7000-8000-000000000000",
  "01890000-0000-7000-8000-00000000000G",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  "s.W10",
  "t.e30",
  "t.WyJhbHBoYSIsbnVsbCwxXQ",
  "9".repeat(400),
  "000000000000000_01890000-0000-7000-8000-000000000000",
  "999999999999999_01890000-0000-7000-8000-000000000000",
];
const INT32 = [0, 1, -1, 2, 100, 999, 1000, 1001, 100_001, 2 ** 31 - 1, -(2 ** 31)];
const INT64 = [
  0n,
  1n,
  -1n,
  60_000n,
  60_001n,
  3_153_600_000_000n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const DOUBLES = [0, -0, 1, -1, 1.5, Number.NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 1001];

export function edgeScalar(type: ScalarType, chance: Chance): unknown {
  switch (type) {
    case ScalarType.STRING:
      return edgeText(chance);
    case ScalarType.BOOL:
      return chance.oneIn(2);
    case ScalarType.BYTES:
      return edgeBytes(chance);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return chance.one(DOUBLES);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return chance.one(INT64);
    default:
      return chance.one(INT32);
  }
}

export function edgeText(chance: Chance): string {
  if (chance.oneIn(400)) return chance.one(["x", "\0", "😀", "é"]).repeat(1024 * 1024);
  const text = chance.one(TEXTS);
  return chance.oneIn(8) ? text + chance.one(TEXTS) : text;
}

function edgeBytes(chance: Chance): Uint8Array {
  if (chance.oneIn(300))
    return new Uint8Array(chance.one([1024 * 1024 - 40, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024]));
  return chance.oneIn(3) ? new Uint8Array(0) : chance.bytes(chance.below(64));
}

/** Of a value that no enum has yet. */
export const UNKNOWN_ENUMS = [-1, 99, 2 ** 31 - 1, -(2 ** 31)];
