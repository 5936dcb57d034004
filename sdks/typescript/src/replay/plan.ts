import type { Call } from "./replay.ts";

/** What an execution knows besides what the code has asked for. */
export interface Situation {
  /** By the server's clock, at least. */
  readonly now: number;
  /** Records up to here are durable. */
  readonly ackedSeq: number;
  /** Records up to here have been sent. */
  readonly sentSeq: number;
  /** Calls whose function runs. */
  readonly running: ReadonlySet<Call>;
  /** No function is to be begun any more. */
  readonly stopping: boolean;
}

/** What is to be done about what the code has asked for. */
export interface Plan {
  /** Waits that begin. */
  readonly begin: readonly Call[];
  /** Waits that are over, in the order in which they ended. */
  readonly end: readonly Call[];
  /** Steps whose function is to run. */
  readonly run: readonly Call[];
  readonly next:
    /** Nothing can move before a wait is over: until `wakeAt`, or one that the server is still to fix, if that is earlier. */
    | { readonly do: "park"; readonly wakeAt: number | undefined }
    /** The run goes back for another worker to go on with. */
    | { readonly do: "release" }
    /** Something is under way; a wait is over at `until`. */
    | { readonly do: "wait"; readonly until: number | undefined };
}

/** Decides what is to be done about the open calls of a run, in the order in which the code made them. Pure. */
export function planCalls(open: readonly Call[], situation: Situation): Plan {
  const { now, ackedSeq, running, stopping } = situation;
  const begin = open.filter((call) => call.kind === "sleep" && call.startedSeq === undefined);
  const end = open
    .filter((call) => call.kind === "sleep" && call.dueAt !== undefined && call.dueAt <= now)
    .toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
  // What the code knew when it asked for a step must be durable before the step has an effect.
  const isReady = (call: Call) =>
    call.kind === "function" && !running.has(call) && call.afterSeq <= ackedSeq && (call.dueAt ?? 0) <= now;
  const run = stopping ? [] : open.filter(isReady);
  if (stopping && running.size === 0) return { begin, end, run, next: { do: "release" } };
  return { begin, end, run, next: whatNext(open, situation) };
}

function whatNext(open: readonly Call[], { now, running, sentSeq }: Situation): Plan["next"] {
  const isTimed = (call: Call) => call.dueAt !== undefined && call.dueAt > now && !running.has(call);
  const dueTimes = open.flatMap((call) => (isTimed(call) ? (call.dueAt ?? []) : []));
  const first = dueTimes.length === 0 ? undefined : dueTimes.reduce((least, dueAt) => Math.min(least, dueAt));
  // A wait that begins with what is about to be sent is timed by the server together with the others.
  const beginsNow = (call: Call) =>
    call.kind === "sleep" && call.dueAt === undefined && (call.startedSeq ?? 0) > sentSeq;
  if (open.length > 0 && open.every((call) => isTimed(call) || beginsNow(call))) return { do: "park", wakeAt: first };
  return { do: "wait", until: first };
}
