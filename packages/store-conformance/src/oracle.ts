import {
  type Instant,
  type LapsedLease,
  type Lease,
  type NewMessage,
  type Operation,
  type RerunSource,
  type RunId,
  type RunWrite,
  type Start,
  type Takeover,
  type WorkerId,
  isTerminal,
} from "@kagzi/core";
import {
  type OracleRun,
  claimRun,
  excuse,
  giveBack,
  holdsLease,
  operateOn,
  receive,
  refusalOf,
  startOf,
  writeTo,
} from "./oracle-run.ts";
import { LEASE_MS } from "./making.ts";

/** One call to a store about runs, with everything that it says. */
export type Call =
  | { readonly do: "start"; readonly start: Start }
  | { readonly do: "claim"; readonly workerId: WorkerId }
  | { readonly do: "write"; readonly write: RunWrite }
  | { readonly do: "release"; readonly lease: Lease }
  | { readonly do: "excuse"; readonly lease: Lease }
  | { readonly do: "heartbeat"; readonly workerId: WorkerId }
  | { readonly do: "deregister"; readonly workerId: WorkerId }
  | { readonly do: "hear"; readonly workerId: WorkerId }
  | { readonly do: "takeOver"; readonly lease: LapsedLease; readonly takeover: Takeover }
  | { readonly do: "operate"; readonly runId: RunId; readonly operation: Operation }
  | { readonly do: "send"; readonly runId: RunId; readonly message: NewMessage }
  | { readonly do: "rerun"; readonly start: Start; readonly source: Omit<RerunSource, "namespaceId"> }
  | { readonly do: "delete"; readonly runId: RunId }
  | { readonly do: "unblock" }
  | { readonly do: "lapsed" }
  | { readonly do: "overdue" }
  | { readonly do: "enable"; readonly enabled: boolean };

/** What a namespace of a store has in it, as somebody would say it who never saw a database. Plain data: a copy is another world. */
export interface World {
  now: Instant;
  enabled: boolean;
  readonly runs: Record<string, OracleRun>;
  readonly keys: Record<string, { readonly runId: RunId; readonly fingerprint: string }>;
  /** Until when their leases are theirs. */
  readonly workers: Record<string, Instant>;
}

export function newWorld(now: Instant): World {
  return { now, enabled: true, runs: {}, keys: {}, workers: {} };
}

/** What a store must answer to a call, in words; the world is another one after it. */
export function answerOf(world: World, call: Call): string {
  switch (call.do) {
    case "start":
      return start(world, call.start);
    case "claim":
      return claim(world, call.workerId);
    case "write":
      return write(world, call.write);
    case "release":
      return release(world, call.lease);
    case "excuse":
      excuse(world.runs[call.lease.runId], call.lease.epoch);
      return "done";
    case "heartbeat":
      return heartbeat(world, call.workerId);
    case "deregister":
      return deregister(world, call.workerId);
    case "hear":
      return hear(world, call.workerId);
    case "takeOver":
      return takeOver(world, call.lease, call.takeover);
    case "operate":
      return operate(world, call.runId, call.operation);
    case "send":
      return send(world, call.runId, call.message);
    case "rerun":
      return rerun(world, call.start, call.source);
    case "delete":
      return remove(world, call.runId);
    case "unblock":
      return unblock(world);
    case "lapsed":
      return lapsedOf(world)
        .map(({ crashes, epoch, progressed, runId }) => `${runId} ${epoch} ${crashes} ${progressed}`)
        .toSorted()
        .join(", ");
    case "overdue":
      return overdueOf(world).toSorted().join(" ");
    case "enable":
      world.enabled = call.enabled;
      return "done";
  }
}

function isHeardOf(world: World, workerId: string | undefined): boolean {
  return workerId !== undefined && (world.workers[workerId] ?? -Infinity) >= world.now;
}

/** Leases whose worker was not heard of in time. */
export function lapsedOf(world: World): readonly Omit<LapsedLease, "namespaceId">[] {
  return Object.values(world.runs)
    .filter((run) => run.status === "running" && !isHeardOf(world, run.workerId))
    .map(({ claimedSeq, crashes, epoch, history, runId }) => ({
      runId,
      epoch,
      crashes,
      progressed: claimedSeq < history.length,
    }));
}

function overdueOf(world: World): readonly RunId[] {
  return Object.values(world.runs)
    .filter(({ deadlineAt, finishedAt }) => (deadlineAt ?? Infinity) <= world.now && finishedAt === undefined)
    .map(({ runId }) => runId);
}

function start(world: World, begun: Start): string {
  const { continuedFrom, key, parent, runId } = begun;
  if (world.runs[runId] !== undefined) return `found ${runId} ${key?.fingerprint ?? ""}`;
  const owner = key && world.keys[key.externalId];
  if (owner !== undefined) return `found ${owner.runId} ${owner.fingerprint}`;
  const isAwaited = parent?.awaited === true;
  if (!world.enabled && !isAwaited && continuedFrom === undefined) return "refused namespaceDisabled";
  const parentRun = parent && world.runs[parent.runId];
  if (isAwaited && (parentRun === undefined || isTerminal(parentRun.status))) return "refused parentEnded";
  if (key !== undefined) world.keys[key.externalId] = { runId, fingerprint: key.fingerprint };
  const run = startOf(begun, world.now);
  world.runs[runId] = run;
  if (!isHeardOf(world, begun.claimedBy)) return "started";
  claimRun(run, { workerId: begun.claimedBy ?? "", now: world.now, isLastAlive: false });
  return "started claimed";
}

/** A worker is given a run. */
export function take(world: World, run: OracleRun, workerId: string): void {
  claimRun(run, { workerId, now: world.now, isLastAlive: isHeardOf(world, run.workerId) });
}

function claim(world: World, workerId: WorkerId): string {
  const { now } = world;
  const all = Object.values(world.runs);
  const ready = all.filter(({ availableAt }) => availableAt !== undefined && availableAt <= now);
  const isTaken = isHeardOf(world, workerId);
  const overdue = ready.filter(({ deadlineAt }) => (deadlineAt ?? Infinity) <= now).map(({ runId }) => runId);
  const inTime = ready.filter(({ runId }) => !overdue.includes(runId));
  const claimed = (isTaken ? inTime : []).map((run) => {
    const isSame = run.workerId === workerId;
    take(world, run, workerId);
    return `${run.runId} ${run.epoch} ${run.claimedSeq}${isSame ? " again" : ""}`;
  });
  const next = Math.min(...all.map(({ availableAt }) => availableAt ?? Infinity).filter((at) => at > now));
  const isRefused = !isTaken && inTime.length > 0;
  const others = isRefused ? ["refused"] : overdue.length > 0 ? ["more"] : [];
  const isTold = next < Infinity && (claimed.length === 0 || overdue.length === 0);
  const late = overdue.toSorted().map((runId) => `overdue ${runId}`);
  return [...claimed.toSorted(), ...late, ...others, ...(isTold ? [`next ${next}`] : [])].join(", ");
}

function write(world: World, written: RunWrite): string {
  const run = world.runs[written.runId];
  const refusal = refusalOf(run, written, world.now);
  if (run === undefined || refusal !== undefined) return `refused ${refusal ?? "notFound"}`;
  const answer = writeTo(run, written, world.now);
  if (written.continuation !== undefined) start(world, written.continuation);
  const isOver = written.next !== undefined && isTerminal(written.next.status);
  if (isOver && written.parent?.awaited === true) {
    tell(
      world,
      written.parent.runId,
      written.parent.startedAs ?? run.runId,
      written.records.at(-1)?.error !== undefined,
    );
  }
  return answer;
}

function tell(world: World, parentId: RunId, childId: RunId, failed: boolean): void {
  receive(world.runs[parentId], { kind: "child", id: childId, failed }, world.now);
}

function release(world: World, { epoch, runId }: Lease): string {
  const run = world.runs[runId];
  if (holdsLease(run, epoch)) giveBack(run, world.now, 0);
  return "done";
}

function heartbeat(world: World, workerId: WorkerId): string {
  if (world.workers[workerId] === undefined) return "unknown";
  world.workers[workerId] = world.now + LEASE_MS;
  const held = Object.values(world.runs).filter((run) => run.status === "running" && run.workerId === workerId);
  return held
    .map((run) => `${run.runId} ${run.epoch}${run.cancelCode === undefined ? "" : " cancelling"}`)
    .toSorted()
    .join(", ");
}

function deregister(world: World, workerId: WorkerId): string {
  if (world.workers[workerId] === undefined) return "false";
  world.workers[workerId] = world.now - 1;
  for (const run of Object.values(world.runs)) {
    if (run.status === "running" && run.workerId === workerId) giveBack(run, world.now, 0);
  }
  return "true";
}

function hear(world: World, workerId: WorkerId): string {
  const heard: string[] = [];
  for (const run of Object.values(world.runs)) {
    if (run.status !== "running" || run.workerId !== workerId || run.signals <= run.signalsHeard) continue;
    const messages = run.inbox.filter(({ position, taken }) => !taken && position > run.signalsHeard);
    const requests = `${run.cancelCode === undefined ? "" : " cancel"}${run.pauseCode === undefined ? "" : " pause"}`;
    heard.push(`${run.runId} ${run.epoch} ${run.signals}${requests} ${messages.map(({ id }) => id).join(" ")}`);
    run.signalsHeard = run.signals;
  }
  return heard.toSorted().join(", ");
}

function takeOver(world: World, lease: LapsedLease, takeover: Takeover): string {
  const run = world.runs[lease.runId];
  if (takeover.become === "failed") {
    return operate(world, lease.runId, { do: "end", status: "failed", error: takeover.error, epoch: lease.epoch });
  }
  if (!holdsLease(run, lease.epoch) || isHeardOf(world, run.workerId)) return "left";
  giveBack(run, world.now + takeover.afterMs, takeover.crashes);
  return "taken";
}

function operate(world: World, runId: RunId, operation: Operation): string {
  const run = world.runs[runId];
  if (run === undefined) return "notFound";
  const answer = operateOn(run, operation, world.now);
  const hasEnded = answer === "changed" && isTerminal(run.status);
  if (hasEnded && run.parent?.awaited === true) tell(world, run.parent.runId, run.parent.startedAs ?? runId, true);
  return answer;
}

function send(world: World, runId: RunId, message: NewMessage): string {
  const id = message.kind === "event" ? message.messageId : message.childRunId;
  return receive(world.runs[runId], { kind: message.kind, id, failed: message.error !== undefined }, world.now);
}

function rerun(world: World, begun: Start, { beforeSeq, runId }: Omit<RerunSource, "namespaceId">): string {
  const answer = start(world, begun);
  const run = world.runs[begun.runId];
  if (!answer.startsWith("started") || run === undefined) return answer;
  run.rerunOf = runId;
  const before = (world.runs[runId]?.history ?? []).slice(1, beforeSeq - 1);
  const isOver = (of: string) => before.some(({ step, type }) => step === of && OVER.has(type));
  const kept = before.filter(({ step, type }) => (step.startsWith("run ") ? type === "retrying" : isOver(step)));
  run.history.push(...kept.map((record) => ({ ...record, epoch: 0 })));
  return answer;
}

const OVER = new Set(["completed", "failed", "cancelled"]);

function remove(world: World, runId: RunId): string {
  const run = world.runs[runId];
  if (run === undefined || !isTerminal(run.status)) return "";
  delete world.runs[runId];
  for (const [externalId, owner] of Object.entries(world.keys)) {
    if (owner.runId === runId) delete world.keys[externalId];
  }
  return runId;
}

function unblock(world: World): string {
  const blocked = Object.values(world.runs).filter(
    ({ pauseCode, status }) => status === "paused" && pauseCode === "NONDETERMINISM",
  );
  for (const run of blocked) {
    Object.assign(run, { status: "pending", availableAt: world.now });
    delete run.pauseCode;
  }
  return String(blocked.length);
}
