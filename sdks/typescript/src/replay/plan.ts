import type { Call } from "./replay.ts";

/** Something that was brought to the run and that its code has not taken: an event, or the end of a child. */
export interface InboxMessage {
  readonly position: number;
  /** Of an event. */
  readonly name: string;
  readonly key: string;
  readonly childRunId?: string | undefined;
}

/** What an execution knows besides what the code has asked for. */
export interface Situation {
  /** By the server's clock, at least. */
  readonly now: number;
  /** Records up to here are durable. */
  readonly ackedSeq: number;
  /** Records up to here have been sent. */
  readonly sentSeq: number;
  /** Calls whose function runs. */
  readonly running: ReadonlyMap<Call, unknown>;
  /** No function is to be begun any more. */
  readonly stopping: boolean;
  /** Messages in the order of their positions; of a partial inbox others are on their way. */
  readonly inbox: { readonly messages: readonly InboxMessage[]; readonly isPartial: boolean };
  /** Whether a step needs a slot before its function may run, and where it stands. */
  readonly slotOf: (call: Call) => "wanted" | "asking" | "waiting" | "held" | undefined;
  /** Which events a wait takes: those with this key, or any. */
  readonly keyOf: (call: Call) => string | undefined;
  /** Whether a step is an event that the server sends, and has no function. */
  readonly isSend: (call: Call) => boolean;
}

/** What is to be done about what the code has asked for. */
export interface Plan {
  /** Waits and children that begin, and events that are sent. */
  readonly begin: readonly Call[];
  /** Waits that come to their end by a message, each with its own. */
  readonly take: readonly (readonly [Call, InboxMessage])[];
  /** Waits whose time is over, in the order in which they ended. */
  readonly end: readonly Call[];
  /** What the code has given up. */
  readonly cancel: readonly Call[];
  /** Steps that are to ask for a slot. */
  readonly ask: readonly Call[];
  /** Steps whose function is to run. */
  readonly run: readonly Call[];
  readonly next:
    /**
     * Nothing can move before a wait is over: until `wakeAt`, or one that the server is still to fix, if that is earlier;
     * or, `forMessages`, until one comes.
     */
    | { readonly do: "park"; readonly wakeAt: number | undefined; readonly forMessages: boolean }
    /** The run goes back for another worker to go on with. */
    | { readonly do: "release" }
    /** Something is under way; a wait is over at `until`. */
    | { readonly do: "wait"; readonly until: number | undefined };
}

/** Decides what is to be done about the open calls of a run, in the order in which the code made them. Pure. */
export function planCalls(all: readonly Call[], situation: Situation): Plan {
  const { now, ackedSeq } = situation;
  if (!situation.stopping && all.every((call) => isHeldUp(call, ackedSeq))) return NOTHING_YET;
  const plan = { begin: [] as Call[], end: [] as Call[], cancel: [] as Call[], ask: [] as Call[], run: [] as Call[] };
  const open = all.some(isGivenUp) ? all.filter((call) => !isGivenUp(call)) : all;
  const taken = takeMessages(open, situation);
  for (const call of all) {
    if (call.givenUpAfter !== undefined) {
      // What the code knew when it decided something must be durable before that has an effect on others.
      if (call.givenUpAfter <= ackedSeq) plan.cancel.push(call);
    } else if (call.kind === "function") {
      planFunction(call, situation, plan);
    } else if (!taken.has(call)) {
      if (mayBegin(call, ackedSeq)) plan.begin.push(call);
      if (call.dueAt !== undefined && call.dueAt <= now) plan.end.push(call);
    }
  }
  plan.end.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
  return { ...plan, take: [...taken], next: nextOf(all, open, plan.cancel, situation) };
}

function planFunction(call: Call, situation: Situation, plan: { begin: Call[]; ask: Call[]; run: Call[] }): void {
  const { ackedSeq, isSend, now, running, stopping } = situation;
  const isReady = call.afterSeq <= ackedSeq && (call.dueAt ?? 0) <= now && !running.has(call);
  const slot = isReady && !stopping ? (situation.slotOf(call) ?? "held") : undefined;
  if (slot === "held") (isSend(call) ? plan.begin : plan.run).push(call);
  else if (slot === "wanted") plan.ask.push(call);
}

/** A step whose function may have effects, and has to wait for what led to it to be durable. */
function isHeldUp({ afterSeq, givenUpAfter, kind }: Call, ackedSeq: number): boolean {
  return kind === "function" && afterSeq > ackedSeq && givenUpAfter === undefined;
}

function isGivenUp({ givenUpAfter }: Call): boolean {
  return givenUpAfter !== undefined;
}

function nextOf(
  all: readonly Call[],
  open: readonly Call[],
  cancel: readonly Call[],
  situation: Situation,
): Plan["next"] {
  if (situation.stopping && situation.running.size === 0) return { do: "release" };
  if (open.length + cancel.length < all.length) return WAIT;
  return whatNext(open, situation);
}

const WAIT: Plan["next"] = { do: "wait", until: undefined };
const NOTHING_YET: Plan = { begin: [], take: [], end: [], cancel: [], ask: [], run: [], next: WAIT };

/** A wait begins as soon as it is asked for; a child only when all that led to it is durable, as a step does. */
function mayBegin({ afterSeq, kind, startedSeq }: Call, ackedSeq: number): boolean {
  return startedSeq === undefined && (kind !== "child" || afterSeq <= ackedSeq);
}

const NONE_TAKEN: ReadonlyMap<Call, InboxMessage> = new Map();

/** Gives each wait the earliest message that fits and that no earlier wait has. */
function takeMessages(open: readonly Call[], { inbox, keyOf }: Situation): ReadonlyMap<Call, InboxMessage> {
  const { messages } = inbox;
  if (messages.length === 0) return NONE_TAKEN;
  const taken = new Map<Call, InboxMessage>();
  const children = new Map(messages.map((message) => [message.childRunId, message]));
  const left = new Set(messages);
  for (const call of open) {
    const found = call.kind === "event" ? firstEvent(left, call, keyOf(call)) : endOfChild(children, call);
    if (found === undefined) continue;
    taken.set(call, found);
    left.delete(found);
  }
  return taken;
}

function firstEvent(messages: Iterable<InboxMessage>, call: Call, key: string | undefined): InboxMessage | undefined {
  for (const message of messages) {
    const fits = message.childRunId === undefined && message.name === call.name;
    if (fits && (key === undefined || message.key === key)) return message;
  }
  return undefined;
}

function endOfChild(children: ReadonlyMap<string | undefined, InboxMessage>, call: Call): InboxMessage | undefined {
  return call.childRunId === undefined ? undefined : children.get(call.childRunId);
}

function whatNext(open: readonly Call[], situation: Situation): Plan["next"] {
  let first: number | undefined;
  let isParked = open.length > 0 && !situation.inbox.isPartial;
  let forMessages = false;
  for (const call of open) {
    const timed = isTimed(call, situation);
    if (timed) first = Math.min(first ?? Number.POSITIVE_INFINITY, call.dueAt ?? 0);
    const inLine = isParked && call.kind === "function" && isInLine(call, situation);
    isParked &&= timed || inLine || awaitsMessage(call, situation) || beginsNow(call, situation);
    forMessages ||= call.kind === "event" || call.kind === "child" || inLine;
  }
  if (isParked) return { do: "park", wakeAt: first, forMessages };
  return first === undefined ? WAIT : { do: "wait", until: first };
}

function isTimed(call: Call, { now, running }: Situation): boolean {
  return call.dueAt !== undefined && call.dueAt > now && !running.has(call);
}

/** A step that waits for a slot. */
function isInLine(call: Call, { running, slotOf }: Situation): boolean {
  return !running.has(call) && slotOf(call) === "waiting";
}

function awaitsMessage({ kind, startedSeq }: Call, { ackedSeq }: Situation): boolean {
  return (kind === "event" || kind === "child") && startedSeq !== undefined && startedSeq <= ackedSeq;
}

/** A wait that begins with what is about to be sent is timed by the server together with the others. */
function beginsNow({ dueAt, kind, startedSeq }: Call, { sentSeq }: Situation): boolean {
  return dueAt === undefined && kind !== "function" && (startedSeq ?? 0) > sentSeq;
}
