import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import type { Chance } from "./chance.ts";

/** A lease as a worker's messages name it. */
export interface LeaseSeen {
  readonly runId: string;
  readonly epoch: number;
  readonly lastSeq: number;
  /** Of a worker that makes single calls. */
  readonly taskToken?: string;
  readonly stepId?: string;
}

/** The last of what was seen of one kind. */
const KEPT = 64;

/** Where a field's values are seen that goes by another name in answers. */
const SEEN_AS: Readonly<Record<string, string>> = {
  parentRunId: "runId",
  childRunId: "runId",
  newRunId: "runId",
  runIds: "runId",
  fromStepId: "stepId",
  parentStepId: "stepId",
  pageToken: "nextPageToken",
};

/** What makes sense in a field of text, by its name. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  namespaceId: ["alpha", "alpha", "alpha", "alpha", "alpha", "alpha", "", "closed", "nowhere"],
  workflowType: ["order", "order", "invoice", "limited", "nap", "unknown"],
  workflowTypes: ["order", "invoice", "limited", "nap"],
  on: ["news", "paid"],
  name: ["news", "paid", "go", "api", "db"],
  limit: ["api", "db"],
  stepName: ["charge", "note", "go", "news", "nap", "child"],
  key: ["a", "b", "", "customer"],
  externalId: Array.from({ length: 40 }, (_, n) => `order-${n}`),
  eventId: Array.from({ length: 40 }, (_, n) => `event-${n}`),
  scheduleId: Array.from({ length: 12 }, (_, n) => `schedule-${n}`),
  version: ["1", "1", "2", "10", ""],
  taskQueue: ["", "", "", "", "special"],
  cronExpr: ["0 6 * * *", "*/5 * * * MON-FRI", "@daily", "0 0 31 2 *", "59 23 29 FEB *", ""],
  timezone: ["", "UTC", "Europe/Paris", "America/New_York", "Pacific/Lord_Howe"],
  nonRetryableErrors: ["TypeError", "NOT_FOUND"],
  service: ["", "kagzi.v1.WorkflowService"],
  description: ["", "for tests"],
};
/** Of maps with keys of text. */
const MAP_KEYS: Readonly<Record<string, readonly string[]>> = {
  metadata: ["content-type", "encoding", "kagzi-event-id"],
  limits: ["api", "db"],
  limitKeys: ["customer", "a"],
  labels: ["zone", "host"],
};
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  epoch: [1, 1, 2, 3],
  afterSeq: [0, 1, 2, 3],
  attempt: [1, 1, 2],
  occurrence: [1, 1, 0, 2],
  pageSize: [0, 1, 10, 100],
  priority: [0, 5, -5],
  limit: [1, 2, 50],
  maxConcurrent: [0, 1, 100],
  maximumAttempts: [0, 1, 3],
  maxCatchup: [0, 1, 5],
  count: [1, 5],
  // All others: few and small.
  "": [0, 1, 2, 3],
  // Waits by design are short, so that they end.
  timeoutMs: [1, 5, 20],
  everyMs: [3_600_000, 60_000],
  graceMs: [0, 1000, 60_000],
  perMs: [1000, 60_000],
  delayMs: [0, 0, 0, 50, 3_600_000],
  initialIntervalMs: [0, 1, 1000],
  maximumIntervalMs: [0, 1000, 60_000],
  backoffCoefficient: [1, 2, 1.5],
};

/** What the fuzzer knows to say, and learns from the answers. */
export class Pools {
  readonly #seen = new Map<string, string[]>();
  readonly #leases: LeaseSeen[] = [];
  /** Those with a step that has begun: there are few, and what ends a step is nothing without one. */
  readonly #stepLeases: LeaseSeen[] = [];
  /** Ids of another namespace, which nothing may come of. */
  readonly #foreign: Readonly<Record<string, readonly string[]>>;

  constructor(foreign: Readonly<Record<string, readonly string[]>>) {
    this.#foreign = foreign;
  }

  text(message: DescMessage, field: DescField, chance: Chance): string {
    const name = field.localName;
    const seenAs = SEEN_AS[name] ?? name;
    const foreign = this.#foreign[seenAs];
    if (foreign !== undefined && chance.oneIn(12)) return chance.one(foreign);
    // A disabled namespace would refuse nearly everything that comes after.
    if (name === "namespaceId" && message.name === "DisableNamespaceRequest") return chance.one(["closed", "nowhere"]);
    if (name === "namespaceId" && message.name === "CreateNamespaceRequest") return `made-${chance.below(30)}`;
    const seen = this.#seen.get(seenAs);
    const known = TEXTS[name];
    if (seen !== undefined && (known === undefined || chance.oneIn(2))) return chance.one(seen);
    if (known !== undefined) return chance.one(known);
    return /(runId|workerId|RunId)$/.test(name) && !chance.oneIn(10) ? freshId(chance) : "";
  }

  number(field: DescField, chance: Chance): number {
    return chance.one(NUMBERS[field.localName] ?? NUMBERS[""] ?? []);
  }

  mapKey(field: DescField, chance: Chance): string {
    return chance.one(MAP_KEYS[field.localName] ?? ["a", "b"]);
  }

  /** @param hasStep whether the message is about a step that has begun */
  lease(chance: Chance, hasStep: boolean): LeaseSeen | undefined {
    const leases = hasStep && this.#stepLeases.length > 0 ? this.#stepLeases : this.#leases;
    return leases.length === 0 ? undefined : chance.one(leases);
  }

  /** Keeps what belongs together of a call of a worker's and its answer. */
  learnLease(request: object, answer: object): void {
    const told: Partial<LeaseSeen> = { ...request, ...answer };
    const { epoch = 1, lastSeq = 1, runId = "", stepId, taskToken } = told;
    if (runId === "" || (stepId ?? taskToken) === undefined) return;
    const lease = { runId, epoch, lastSeq, ...(taskToken !== undefined && { taskToken }) };
    if (stepId === undefined) keep(this.#leases, lease);
    else keep(this.#stepLeases, { ...lease, stepId });
  }

  /** Keeps the ids of an answer for later calls. */
  learn(desc: DescMessage, message: Message): void {
    if (desc.typeName === "kagzi.v1.Task") keep(this.#leases, message as unknown as LeaseSeen);
    for (const field of desc.fields) {
      const value: unknown = field.oneof === undefined ? Reflect.get(message, field.localName) : undefined;
      if (typeof value === "string" && value !== "" && isId(field.localName)) this.#keep(field.localName, value);
      else if (field.fieldKind === "message" && value !== undefined) this.learn(field.message, value as Message);
      else if (field.fieldKind === "list" && field.listKind === "message") {
        for (const each of (value as Message[]).slice(-4)) this.learn(field.message, each);
      }
    }
  }

  #keep(name: string, value: string): void {
    const list = this.#seen.get(name) ?? [];
    this.#seen.set(name, list);
    keep(list, value);
  }
}

function freshId(chance: Chance): string {
  const hex = Buffer.from(chance.bytes(8)).toString("hex");
  return `01890000-${hex.slice(0, 4)}-7${hex.slice(4, 7)}-8${hex.slice(7, 10)}-0000${hex.slice(8)}`;
}

function keep<Item>(list: Item[], item: Item): void {
  list.push(item);
  if (list.length > KEPT) list.splice(0, 1);
}

function isId(name: string): boolean {
  return /(Id|Token)$/.test(name) && name !== "namespaceId";
}
