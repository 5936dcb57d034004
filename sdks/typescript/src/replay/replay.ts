import type { ErrorDetail, Payload } from "@kagzi/proto";
import { type ReplayRecord, type StepKey, type StepKind, type StepRecord, formatStepKey } from "./records.ts";

/** What a step comes to. */
export type StepOutcome =
  | { readonly type: "completed"; readonly payload?: Payload | undefined }
  | { readonly type: "failed"; readonly error: ErrorDetail };

/** Something that the code asked for: a step or a wait. */
export interface Call extends StepKey {
  readonly key: string;
  readonly kind: StepKind;
  /** How many records there were when it was made: its effects wait until these are durable. */
  readonly afterSeq: number;
  /** Attempts that failed. */
  failures: number;
  /** Of a wait that began: the number of its record. */
  startedSeq: number | undefined;
  /** When the wait ends or the next attempt is due; unknown until the server has fixed it. */
  dueAt: number | undefined;
  /** Of a child that was started. */
  childRunId: string | undefined;
  /** The time as the code saw it when it asked. */
  readonly askedAt: number;
  /** The code no longer wants it, and decided so when there were this many records. */
  givenUpAfter: number | undefined;
  readonly settle: (outcome: StepOutcome) => void;
}

/** A record of an earlier attempt of the run, with its number. */
type Memo = StepRecord & { readonly seq: number };

const NO_MEMO: ReadonlyMap<string, Memo> = new Map();

/** What is to be done next. */
export type Next =
  /** Hand this outcome to the code, and let it run before anything else. */
  | { readonly do: "settle"; readonly call: Call; readonly outcome: StepOutcome }
  /** The run is to be cancelled: what the code waits for fails with this error. */
  | { readonly do: "cancel"; readonly error: ErrorDetail }
  /** The server has yet to decide about the next record. */
  | { readonly do: "wait" }
  /** The next record is of a step that the code has not asked for. */
  | { readonly do: "missing"; readonly record: StepRecord }
  /** The code has everything that is recorded. */
  | { readonly do: "live" };

/** The code asks for something else than what is recorded. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
}

/**
 * A run's history and what the code of its workflow asks of it. Pure: it does no work, keeps no time, and knows nothing
 * of servers. Outcomes are handed to the code one at a time in the order in which they were recorded, which is the order
 * in which they were handed to it the first time: so the code takes the same turns for ever.
 */
export class Replay {
  /** The run's input, from its first record. */
  readonly input: Payload | undefined;
  /** Records from `#head` on have not been seen by the code. What it has seen is dropped now and then. */
  #ahead: ReplayRecord[];
  #head = 0;
  #length: number;
  #bytes: number;
  #now: number;
  /** Of attempts of the run that failed: what completed is kept, in no order that would have to be kept to. */
  readonly #memo: ReadonlyMap<string, Memo>;
  readonly #memoHits: [Call, StepOutcome][] = [];
  /** What the code asked for and has not been handed, in the order in which it asked. */
  readonly #open = new Map<string, Call>();
  readonly #occurrences = new Map<string, number>();

  constructor(history: readonly ReplayRecord[]) {
    const [first] = history;
    this.input = first?.kind === "run" && first.type === "started" ? first.payload : undefined;
    const begin = 1 + history.findLastIndex(isBeginning);
    this.#memo = begin > 1 ? keptOf(history.slice(0, begin)) : NO_MEMO;
    this.#now = history[begin - 1]?.observedAt ?? 0;
    this.#ahead = history.slice(begin);
    this.#length = history.length;
    this.#bytes = bytesOf(this.input);
  }

  /** How many records there are. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of payloads that were handed to the code, its input among them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the code still catches up with what is recorded. */
  get isReplaying(): boolean {
    return this.#head < this.#ahead.length || this.#memoHits.length > 0;
  }

  /** The time as the code sees it: when it was last handed something. */
  get now(): number {
    return this.#now;
  }

  /** What the code asked for and has not been handed, in the order in which it asked. */
  get open(): readonly Call[] {
    return [...this.#open.values()];
  }

  /** The code asks for a step. @throws Mismatch if one of that name is recorded as another kind */
  call(name: string, kind: StepKind, settle: (outcome: StepOutcome) => void): Call {
    const occurrence = (this.#occurrences.get(name) ?? 0) + 1;
    this.#occurrences.set(name, occurrence);
    const key = formatStepKey({ name, occurrence });
    const afterSeq = this.#length;
    const call: Call = {
      name,
      occurrence,
      key,
      kind,
      settle,
      afterSeq,
      failures: 0,
      startedSeq: undefined,
      dueAt: undefined,
      childRunId: undefined,
      askedAt: this.#now,
      givenUpAfter: undefined,
    };
    this.#open.set(key, call);
    const memo = this.#memo.get(key);
    if (memo !== undefined) this.#recall(call, memo);
    return call;
  }

  /** Adds a record. Its number, which is returned, is the new length. */
  append(record: StepRecord | Extract<ReplayRecord, { type: "cancelling" }>): number {
    this.#ahead.push(record);
    this.#length += 1;
    return this.#length;
  }

  /** The server's word on a record that was appended: when its wait ends, and whether a failed step is tried again. */
  decide(seq: number, decision: Decision): void {
    const at = seq - 1 - (this.#length - this.#ahead.length);
    const record = at < this.#head ? undefined : this.#ahead[at];
    if (record !== undefined && record.kind !== "run") this.#ahead[at] = decided(record, decision);
    for (const call of this.#open.values()) if (call.startedSeq === seq) call.dueAt = decision.dueAt;
  }

  /** Whether the code still waits for what it asked for. */
  isOpen(call: Call): boolean {
    return this.#open.get(call.key) === call;
  }

  /** The code no longer waits for it, and nothing will be recorded of it. */
  close(call: Call): void {
    this.#open.delete(call.key);
  }

  /** Takes the next record. @throws Mismatch if it is of another kind than the code asked for */
  next(): Next {
    const hit = this.#memoHits.shift();
    if (hit !== undefined) return this.#settle(...hit);
    for (;;) {
      const record = this.#ahead[this.#head];
      if (record?.kind === "run" && record.type === "cancelling") {
        this.#pass(record);
        return { do: "cancel", error: record.error };
      }
      const call = record === undefined || record.kind === "run" ? undefined : this.#open.get(formatStepKey(record));
      if (record === undefined || record.kind === "run" || record.type === "undecided" || call === undefined) {
        return standstill(record);
      }
      checkKind(call, record);
      this.#pass(record);
      if (record.type === "completed" || record.type === "failed") return this.#settle(call, record);
      if (record.type === "cancelled") this.#open.delete(call.key);
      this.#note(call, record, this.#length - (this.#ahead.length - this.#head));
    }
  }

  /** A record that is still to be handed out, of a step that the code has not asked for. */
  missing(): StepRecord | undefined {
    const rest = this.#ahead.slice(this.#head);
    return rest.find((record): record is StepRecord => record.kind !== "run" && !this.#open.has(formatStepKey(record)));
  }

  #pass(record: ReplayRecord): void {
    this.#now = Math.max(this.#now, record.observedAt);
    this.#head += 1;
    // Now and then, so that a step costs the same however many there are.
    if (this.#head < 1000 && this.#head < this.#ahead.length) return;
    this.#ahead = this.#ahead.slice(this.#head);
    this.#head = 0;
  }

  #settle(call: Call, outcome: StepOutcome): Next {
    this.#open.delete(call.key);
    if (outcome.type === "completed") this.#bytes += bytesOf(outcome.payload);
    return { do: "settle", call, outcome };
  }

  /** A wait that began, or an attempt that failed and is followed by another: the code does not hear of it. */
  #note(call: Call, record: StepRecord, seq: number): void {
    if (record.type === "retrying") {
      call.failures = record.attempt;
      call.dueAt = record.dueAt;
    } else if (record.type === "started") {
      call.startedSeq = seq;
      call.dueAt = record.dueAt;
      call.childRunId = record.childRunId;
    }
  }

  #recall(call: Call, memo: Memo): void {
    checkKind(call, memo);
    if (memo.type === "completed") this.#memoHits.push([call, memo]);
    else this.#note(call, memo, memo.seq);
  }
}

function bytesOf(payload: Payload | undefined): number {
  return payload?.data.length ?? 0;
}

/** What earlier attempts of the run left. */
function keptOf(history: readonly ReplayRecord[]): ReadonlyMap<string, Memo> {
  const kept = new Map<string, Memo>();
  for (const [index, record] of history.entries()) {
    if (record.kind === "run") continue;
    if (isKept(record)) kept.set(formatStepKey(record), { ...record, seq: index + 1 });
    else kept.delete(formatStepKey(record));
  }
  return kept;
}

/** Why the next record is not handed out. */
function standstill(record: ReplayRecord | undefined): Next {
  if (record === undefined || record.kind === "run") return { do: "live" };
  return record.type === "undecided" ? { do: "wait" } : { do: "missing", record };
}

/** What the server fixed about a record, or decided. */
export interface Decision {
  /** A failed step is tried again. */
  readonly retry: boolean;
  readonly dueAt: number | undefined;
  /** Why a child could not be started, or an event not be sent. */
  readonly error?: ErrorDetail | undefined;
}

function decided(record: StepRecord, { dueAt, error, retry }: Decision): StepRecord {
  if (record.type === "started") return { ...record, ...(dueAt !== undefined && { dueAt }) };
  if (record.type !== "undecided") return record;
  if ("childRunId" in record || "sends" in record) {
    if (error !== undefined) return { ...record, type: "failed", error };
    return { ...record, type: "sends" in record ? "completed" : "started" };
  }
  return retry && dueAt !== undefined ? { ...record, type: "retrying", dueAt } : { ...record, type: "failed" };
}

/** The run began, or an attempt of it. */
function isBeginning(record: ReplayRecord): boolean {
  return record.kind === "run" && (record.type === "started" || record.type === "retrying");
}

/** A new attempt of the run keeps what completed and the waits that began, and executes anew what failed. */
function isKept(record: StepRecord): boolean {
  return record.type === "completed" || record.type === "started";
}

function checkKind(call: Call, record: StepRecord): void {
  if (call.kind === record.kind) return;
  throw new Mismatch(
    `step ${JSON.stringify(call.key)} is recorded as ${record.kind}, and the code asks for it as ${call.kind}`,
  );
}
