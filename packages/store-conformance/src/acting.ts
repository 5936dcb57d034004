import {
  type Command,
  type ErrorDetail,
  type Lease,
  type NamespaceId,
  type Outcome,
  type RunAttempt,
  type RunId,
  type RunWrite,
  type Start,
  type WorkerId,
  decideTakeover,
  planUpdate,
} from "@kagzi/core";
import { type Call, type World, lapsedOf } from "./oracle.ts";
import { LEASE_MS } from "./making.ts";
import { WORKFLOW } from "./real.ts";

const ENOUGH: ErrorDetail = { code: "CANCELLED", message: "enough", nonRetryable: true };
const BROKEN: ErrorDetail = { code: "INTERNAL", message: "broken", nonRetryable: false };
const OTHER_CODE: ErrorDetail = { code: "NONDETERMINISM", message: "other code", nonRetryable: true };

/** What operators do, by name. */
export const OPERATIONS = {
  cancel: { do: "cancel", error: ENOUGH, graceMs: 5000 },
  end: { do: "end", status: "cancelled", error: ENOUGH },
  pause: { do: "pause", error: { code: "PRECONDITION_FAILED", message: "paused", nonRetryable: true } },
  resume: { do: "resume" },
  retry: { do: "retry" },
} as const;

/** What a worker says that becomes of a run, by name. */
const LEAVES = {
  complete: () => ({ become: "completed" }),
  fail: () => ({ become: "failed", error: BROKEN }),
  giveUp: () => ({ become: "cancelled", error: ENOUGH }),
  release: () => ({ become: "released" }),
  block: () => ({ become: "blocked", error: OTHER_CODE }),
  sleep: (now) => ({ become: "parked", wakeAt: now + 500 }),
  wait: (now, { signals }) => ({ become: "parked", wakeAt: now + 500, signals, forMessages: true }),
  waitForEver: (_, { signals }) => ({ become: "parked", signals, forMessages: true }),
} as const satisfies Record<string, (now: number, held: Belief) => Outcome>;

/** What a worker records, by name. */
const RECORDS = {
  step: (_, name) => ({ name, occurrence: 1, do: "completeStep", attempt: 1 }),
  tryAgain: (_, name) => ({ name, occurrence: 1, do: "failStep", attempt: 1, error: BROKEN }),
  startSleep: (now, name) => ({ name, occurrence: 1, do: "startSleep", due: { at: now + 500 } }),
  startWait: (_, name) => ({ name, occurrence: 1, do: "startEventWait", due: { afterMs: 500 } }),
  hearOfCancel: () => ({ name: "", occurrence: 1, do: "cancelRun", error: ENOUGH }),
} as const satisfies Record<string, (now: number, name: string) => Command>;

type Leave = keyof typeof LEAVES;
type Recording = keyof typeof RECORDS;

/** Kinds of things that may happen, and how often each does. */
export const KINDS = {
  start: 5,
  startAgain: 1,
  startChild: 4,
  startOrphan: 1,
  claim: 10,
  hear: 4,
  heartbeat: 3,
  deregister: 1,

  record: 7,
  endWait: 3,
  take: 3,
  takeNothing: 1,
  behind: 1,
  again: 3,
  progress: 2,
  leave: 15,
  goOn: 2,

  releaseLease: 2,
  staleLease: 1,
  speakOfLease: 4,
  takeOver: 3,
  staleTakeOver: 2,
  overdue: 1,
  unblock: 5,
  send: 5,
  delete: 4,
  rerun: 2,

  operate: 14,
  operateNothing: 1,
  enable: 1,
  wait: 4,
} as const;

export type Kind = keyof typeof KINDS;

/** A kind, and numbers that choose among what is there. */
export interface Choice {
  readonly kind: Kind;
  readonly one: number;
  readonly two: number;
}

/** What a worker believes that it holds; it may be wrong. */
export interface Belief extends Lease {
  readonly namespaceId: NamespaceId;
  readonly attempt: RunAttempt;
  afterSeq: number;
  readonly signals: number;
}

/** Makes calls of choices: those that the actors in a place would make by what they know. */
export class Actors {
  readonly namespaceId: NamespaceId;
  readonly workers: readonly WorkerId[];
  readonly beliefs: Belief[] = [];
  readonly #newId: () => string;
  readonly #writes: RunWrite[] = [];
  readonly #gone: RunId[] = [];
  readonly #takeovers: Extract<Call, { do: "takeOver" }>[] = [];
  #steps = 0;

  constructor(namespaceId: NamespaceId, workers: readonly WorkerId[], newId: () => string) {
    this.namespaceId = namespaceId;
    this.workers = workers;
    this.#newId = newId;
  }

  /** The calls that a choice means in a world as it is; none where it makes no sense. */
  callsOf(world: World, { kind, one, two }: Choice): readonly Call[] {
    const workerId = pick(this.workers, one);
    const runs = Object.values(world.runs);
    const run = pick(runs, one);
    const runId = run?.runId ?? pick(this.#gone, one);
    const held = pick(this.beliefs, one < 900 ? -1 - (one % 4) : one);
    switch (kind) {
      case "claim":
      case "hear":
      case "heartbeat":
      case "deregister":
        return workerId === undefined ? [] : [{ do: kind, workerId }];
      case "start":
        return [{ do: "start", start: this.#start(two) }];
      case "startAgain":
        return runId === undefined ? [] : [{ do: "start", start: { ...this.#start(two), runId } }];
      case "startChild":
      case "startOrphan":
        return this.#startChild(kind === "startChild" ? runId : (this.#newId() as RunId), two);
      case "releaseLease":
      case "staleLease":
        return held === undefined
          ? []
          : [{ do: "release", lease: kind === "staleLease" ? { ...held, epoch: held.epoch - 1 } : held }];
      case "speakOfLease":
        return held === undefined ? [] : [{ do: "excuse", lease: held }];
      case "takeOver":
        return this.#takeOver(world, two % 2 > 0);
      case "staleTakeOver":
        return this.#takeovers.slice(-1 - (one % 3)).slice(0, 1);
      case "operate":
        return runId === undefined ? [] : [this.#operate(runId, two)];
      case "operateNothing":
        return [this.#operate(pick(this.#gone, one) ?? (this.#newId() as RunId), two)];
      case "send":
        return runId === undefined
          ? []
          : [{ do: "send", runId, message: { kind: "event", name: "news", messageId: `message ${two % 6}` } }];
      case "delete":
        return runId === undefined ? [] : [{ do: "delete", runId }];
      case "rerun":
        return runId === undefined
          ? []
          : [{ do: "rerun", start: this.#start(two), source: { runId, beforeSeq: 1 + (two % 6) } }];
      case "unblock":
      case "overdue":
        return [{ do: kind }];
      case "enable":
        return [{ do: "enable", enabled: one % 4 > 0 }];
      case "wait":
        world.now += pick([100, 500, 1000, LEASE_MS - 500, LEASE_MS, LEASE_MS + 1], two) ?? 0;
        return [];
      default:
        return held === undefined ? [] : this.#write(world, held, kind, two);
    }
  }

  /** What is learned from a call that was made. */
  learn(world: World, call: Call): void {
    if (call.do === "delete" && world.runs[call.runId] === undefined) this.#gone.push(call.runId);
    if (call.do === "takeOver") this.#takeovers.push(call);
    if (call.do === "write") this.#learnOfWrite(world, call.write);
    if (call.do !== "claim" && call.do !== "start") return;
    for (const run of Object.values(world.runs)) {
      const { attempt, epoch, parent, runId, signals } = run;
      const isKnown = this.beliefs.some((belief) => belief.runId === runId && belief.epoch === epoch);
      if (run.status !== "running" || isKnown) continue;
      const about = { attempt, ...(parent !== undefined && { parent }) };
      this.beliefs.push({
        namespaceId: this.namespaceId,
        runId,
        epoch,
        afterSeq: run.claimedSeq,
        signals,
        attempt: about,
      });
    }
  }

  #learnOfWrite(world: World, write: RunWrite): void {
    this.#writes.push(write);
    const run = world.runs[write.runId];
    const belief = this.beliefs.find(({ epoch, runId }) => runId === write.runId && epoch === write.epoch);
    if (run?.epoch === write.epoch && belief !== undefined) belief.afterSeq = run.history.length;
  }

  #start(choice: number): Start {
    const runId = this.#newId() as RunId;
    const workerId = pick(this.workers, choice);
    const plain = { ...WORKFLOW, namespaceId: this.namespaceId, runId, delayMs: 0 };
    const key = { externalId: `key ${choice % 2}`, fingerprint: `print ${choice % 3}` };
    const kinds: readonly Start[] = [
      plain,
      { ...plain, delayMs: 500 },
      { ...plain, key },
      { ...plain, timeoutMs: 2000 },
      { ...plain, delayMs: 500, startTimeoutMs: 400 },
      workerId === undefined ? plain : { ...plain, claimedBy: workerId },
    ];
    return pick(kinds, choice) ?? plain;
  }

  #startChild(parentId: RunId | undefined, choice: number): readonly Call[] {
    if (parentId === undefined) return [];
    const parent = { runId: parentId, step: "child", awaited: choice % 5 > 0 };
    return [{ do: "start", start: { ...this.#start(choice), parent } }];
  }

  #takeOver(world: World, isLate: boolean): readonly Call[] {
    if (isLate) world.now += LEASE_MS + 1;
    const lapsed = lapsedOf(world).map((lease) => ({ ...lease, namespaceId: this.namespaceId }));
    const each = lapsed.map((lease) => ({ do: "takeOver", lease, takeover: decideTakeover(lease, 0.5) }) as const);
    return [{ do: "lapsed" }, ...each];
  }

  #operate(runId: RunId, choice: number): Call {
    const name = pick(
      ["cancel", "cancel", "end", "pause", "pause", "resume", "retry", "retry", "endFailed"] as const,
      choice,
    );
    if (name === "endFailed")
      return { do: "operate", runId, operation: { do: "end", status: "failed", error: BROKEN } };
    return { do: "operate", runId, operation: OPERATIONS[name ?? "end"] };
  }

  #write(world: World, held: Belief, kind: Kind, choice: number): readonly Call[] {
    if (kind === "again") {
      const write = pick(this.#writes, -1 - (choice % 5));
      return write === undefined ? [] : [{ do: "write", write }];
    }
    const isBehind = kind === "behind";
    const place = { ...held, ...(isBehind && { afterSeq: held.afterSeq - 1 }) };
    const update = { commands: this.#commands(world, held, kind, choice), ...this.#outcome(world, held, kind, choice) };
    return [{ do: "write", write: planUpdate(place, held.attempt, update, () => 0) }];
  }

  #commands(world: World, held: Belief, kind: Kind, choice: number): readonly Command[] {
    const name = `step ${++this.#steps}`;
    const run = world.runs[held.runId];
    if (kind === "record" || kind === "behind") {
      return [RECORDS[pick(Object.keys(RECORDS) as Recording[], choice) ?? "step"](world.now, name)];
    }
    if (kind === "takeNothing") {
      return [{ name, occurrence: 1, do: "takeMessage", kind: "event", position: 90 + choice, failed: false }];
    }
    if (kind === "take") {
      const message = pick(run?.inbox ?? [], choice);
      const { failed = false, kind: of = "event", position = 1 } = message ?? {};
      return [{ name, occurrence: 1, do: "takeMessage", kind: of, position, failed }];
    }
    if (kind !== "endWait") return [];
    const begun = (run?.history ?? []).flatMap(({ step, type }, index) =>
      type === "started" && index > 0 ? [{ step, seq: index + 1 }] : [],
    );
    const wait = pick(begun, choice);
    if (wait === undefined) return [];
    const [, of, waitName = ""] = /^(\S+) (.*)#1$/.exec(wait.step) ?? [];
    return [
      { name: waitName, occurrence: 1, do: "endWait", kind: of === "event" ? "event" : "sleep", startedSeq: wait.seq },
    ];
  }

  #outcome(world: World, held: Belief, kind: Kind, choice: number): { readonly outcome?: Outcome } {
    if (kind === "goOn") {
      const { runId, attempt } = held;
      const { claimedBy: _, parent: __, ...start } = this.#start(0);
      const parent = attempt.parent && { ...attempt.parent, startedAs: attempt.parent.startedAs ?? runId };
      const next = { ...start, continuedFrom: runId, ...(parent !== undefined && { parent }) };
      return { outcome: { become: "continued", start: next } };
    }
    if (kind !== "leave") return {};
    return { outcome: LEAVES[pick(Object.keys(LEAVES) as Leave[], choice) ?? "complete"](world.now, held) };
  }
}

/** The item that a number chooses; a negative one counts from the end. */
function pick<Item>(items: readonly Item[], choice: number): Item | undefined {
  return items.length === 0 ? undefined : items.at(choice % items.length);
}
