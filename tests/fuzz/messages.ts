import { type DescEnum, type DescField, type DescMessage, type Message, ScalarType, create } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import type { Chance } from "./chance.ts";
import { UNKNOWN_ENUMS, edgeScalar, edgeText } from "./edges.ts";
import type { LeaseSeen, Pools } from "./pools.ts";

/** How a message is made. */
interface Making {
  readonly chance: Chance;
  readonly pools: Pools;
  /** One field in so many has a value that something could stumble over. */
  readonly edgeIn: number;
}

const DEEPEST = 5;
const MAX_ITEMS = 3;

/** A message of any kind, made from its descriptor: as a client could mean it, but for edges. */
export function makeMessage(desc: DescMessage, making: Making): Message {
  return make(desc, making, 0);
}

function make(desc: DescMessage, making: Making, depth: number): Message {
  const { chance, pools } = making;
  const message = create(desc);
  const oneofs = new Set<string>();
  for (const field of desc.fields) {
    if (field.oneof !== undefined) oneofs.add(field.oneof.localName);
    else if (isSaid(field, chance, depth)) Reflect.set(message, field.localName, valueOf(desc, field, making, depth));
  }
  for (const oneof of desc.oneofs) {
    if (!oneofs.has(oneof.localName) || chance.oneIn(5)) continue;
    const field = chance.one(oneof.fields);
    Reflect.set(message, oneof.localName, { case: field.localName, value: valueOf(desc, field, making, depth) });
  }
  const lease = "runId" in desc.field && !chance.oneIn(3) ? pools.lease(chance, "stepId" in desc.field) : undefined;
  if (lease !== undefined) sayLease(desc, message, lease);
  if (chance.oneIn(20))
    message.$unknown = [
      { no: 1000 + chance.below(1000), wireType: WireType.LengthDelimited, data: Buffer.of(3, 1, 2, 3) },
    ];
  return message;
}

/** The lease, the token and the step of one run go together. */
function sayLease(desc: DescMessage, message: Message, lease: LeaseSeen): void {
  const { epoch, lastSeq, runId, stepId, taskToken } = lease;
  const known: Readonly<Record<string, unknown>> = { runId, epoch, afterSeq: lastSeq, stepId, taskToken };
  if (!["epoch", "stepId", "taskToken"].some((name) => name in desc.field)) return;
  for (const [name, value] of Object.entries(known)) {
    if (value !== undefined && name in desc.field) Reflect.set(message, name, value);
  }
}

/** What a call cannot do without is nearly always there; what it can do without is mostly left out. */
function isSaid(field: DescField, chance: Chance, depth: number): boolean {
  if (depth >= DEEPEST && field.fieldKind === "message") return false;
  if (field.fieldKind === "scalar" && field.proto.proto3Optional) return chance.oneIn(5);
  if (field.fieldKind === "scalar" && field.scalar === ScalarType.STRING) return !chance.oneIn(12);
  if (field.localName === "hello") return true;
  return chance.oneIn(2);
}

function valueOf(desc: DescMessage, field: DescField, making: Making, depth: number): unknown {
  const { chance } = making;
  const count = () => chance.below(MAX_ITEMS + 1);
  switch (field.fieldKind) {
    case "scalar":
      return scalarOf(desc, field, field.scalar, making);
    case "enum":
      return enumOf(field.enum, making);
    case "message":
      return make(field.message, making, depth + 1);
    case "list":
      return Array.from({ length: depth >= DEEPEST ? 0 : count() }, () => itemOf(desc, field, making, depth));
    case "map":
      return Object.fromEntries(
        Array.from({ length: count() }, () => [mapKey(field, making), itemOf(desc, field, making, depth)]),
      );
  }
}

function itemOf(
  desc: DescMessage,
  field: DescField & { fieldKind: "list" | "map" },
  making: Making,
  depth: number,
): unknown {
  const kind = field.fieldKind === "list" ? field.listKind : field.mapKind;
  if (kind === "message" && field.message !== undefined) return make(field.message, making, depth + 1);
  if (kind === "enum" && field.enum !== undefined) return enumOf(field.enum, making);
  return scalarOf(desc, field, field.scalar ?? ScalarType.STRING, making);
}

function scalarOf(desc: DescMessage, field: DescField, type: ScalarType, making: Making): unknown {
  const { chance, edgeIn, pools } = making;
  // Times are compared, added to and shown: theirs are edges more often.
  if (chance.oneIn(edgeIn) || (desc.typeName.startsWith("google.protobuf.") && chance.oneIn(8)))
    return edgeScalar(type, chance);
  switch (type) {
    case ScalarType.STRING:
      return pools.text(desc, field, chance);
    case ScalarType.BOOL:
      return chance.oneIn(3);
    case ScalarType.BYTES:
      return Buffer.from(chance.one(['{"customer":"a","n":1}', "null", "[1]", ""]));
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return desc.typeName === "google.protobuf.Timestamp"
        ? secondsOf(chance)
        : BigInt(Math.round(pools.number(field, chance)));
    default:
      return pools.number(field, chance);
  }
}

/** About now. */
function secondsOf(chance: Chance): bigint {
  return BigInt(Math.floor(Date.now() / 1000) + chance.below(7200) - 3600);
}

function enumOf(desc: DescEnum, { chance, edgeIn }: Making): number {
  return chance.oneIn(edgeIn) ? chance.one(UNKNOWN_ENUMS) : chance.one(desc.values).number;
}

function mapKey(field: DescField, { chance, edgeIn, pools }: Making): string {
  return chance.oneIn(edgeIn) ? edgeText(chance) : pools.mapKey(field, chance);
}
