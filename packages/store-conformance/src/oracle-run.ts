import {
  type Instant,
  type NewRecord,
  type NextState,
  type Operation,
  type ParentReference,
  type RunId,
  type RunStatus,
  type RunWrite,
  type Start,
  isTerminal,
} from "@kagzi/core";

/** A record, as far as it matters what became of a run. */
export interface OracleRecord {
  readonly epoch: number;
  /** Its kind, name and occurrence. */
  readonly step: string;
  readonly type: string;
  readonly attempt: number;
  readonly recordedAt: Instant;
  readonly dueAt?: Instant;
}

export interface OracleMessage {
  readonly position: number;
  readonly kind: "event" | "child";
  readonly id: string;
  readonly failed: boolean;
  taken: boolean;
}

/** A run as somebody would explain it who never saw a database. */
export interface OracleRun {
  readonly runId: RunId;
  status: RunStatus;
  attempt: number;
  epoch: number;
  crashes: number;
  readonly createdAt: Instant;
  readonly timeoutMs?: number;
  startedAt?: Instant;
  claimedAt?: Instant;
  finishedAt?: Instant;
  deadlineAt?: Instant;
  availableAt?: Instant;
  /** When it was to be claimed when it was paused. */
  readyAt?: Instant;
  workerId?: string;
  claimedSeq: number;
  /** How often somebody had something for it, and of how many its worker knows. */
  signals: number;
  signalsHeard: number;
  cancelCode?: string;
  pauseCode?: string;
  parent?: ParentReference;
  readonly continuedFrom?: RunId;
  rerunOf?: RunId;
  readonly history: OracleRecord[];
  readonly inbox: OracleMessage[];
}

export function startOf(start: Start, now: Instant): OracleRun {
  const { continuedFrom, delayMs, parent, runId, startTimeoutMs, timeoutMs } = start;
  return {
    runId,
    status: "pending",
    attempt: 1,
    epoch: 0,
    crashes: 0,
    createdAt: now,
    availableAt: now + delayMs,
    claimedSeq: 0,
    signals: 0,
    signalsHeard: 0,
    history: [{ epoch: 0, step: stepOf(RUN), type: "started", attempt: 1, recordedAt: now }],
    inbox: [],
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(startTimeoutMs !== undefined && { deadlineAt: now + delayMs + startTimeoutMs }),
    ...(parent !== undefined && { parent }),
    ...(continuedFrom !== undefined && { continuedFrom }),
  };
}

const RUN = { kind: "run", name: "", occurrence: 1 } as const;

function stepOf({ kind, name, occurrence }: Pick<NewRecord, "kind" | "name" | "occurrence">): string {
  return `${kind} ${name}#${occurrence}`;
}

/** `isLastAlive`: the worker that held it last lives, so that the run did not take it down. */
export function claimRun(
  run: OracleRun,
  { isLastAlive, now, workerId }: { readonly workerId: string; readonly now: Instant; readonly isLastAlive: boolean },
): void {
  const isFirst = run.startedAt === undefined;
  Object.assign(run, { status: "running", epoch: run.epoch + 1, workerId, claimedAt: now });
  run.crashes = isLastAlive ? 1 : run.crashes + 1;
  delete run.availableAt;
  run.claimedSeq = run.history.length;
  run.signalsHeard = run.signals;
  if (!isFirst) return;
  run.startedAt = Math.max(now, run.createdAt);
  setTime(run, "deadlineAt", run.timeoutMs === undefined ? undefined : now + run.timeoutMs);
}

function setTime(run: OracleRun, which: "deadlineAt" | "availableAt" | "readyAt", at: Instant | undefined): void {
  if (at === undefined) delete run[which];
  else run[which] = at;
}

export function holdsLease(run: OracleRun | undefined, epoch: number): run is OracleRun {
  return run?.status === "running" && run.epoch === epoch;
}

/** A run that is to be paused is, where its worker gives it back or is lost. */
export function giveBack(run: OracleRun, availableAt: Instant, crashes: number): void {
  const isPaused = run.pauseCode !== undefined;
  run.status = isPaused ? "paused" : "pending";
  setTime(run, "availableAt", isPaused ? undefined : availableAt);
  run.crashes = crashes;
  delete run.claimedAt;
}

/** The worker of a lease that it lost has spoken of it. */
export function excuse(run: OracleRun | undefined, epoch: number): void {
  const isLost = run !== undefined && (run.status !== "running" || run.epoch > epoch);
  if (!isLost || isTerminal(run.status) || epoch > run.epoch) return;
  run.crashes = Math.min(run.crashes, run.epoch - epoch);
}

/** Why a write is refused; `undefined` if it is not. */
export function refusalOf(run: OracleRun | undefined, write: RunWrite, now: Instant): string | undefined {
  if (run === undefined) return "notFound";
  const isLease = holdsLease(run, write.epoch);
  const isLost = run.cancelCode !== undefined && yields(write);
  const isPlace = write.afterSeq === undefined || write.afterSeq === run.history.length;
  if (isLease && !isLost && isPlace && write.records.every((record) => isDue(run, record, now))) return undefined;
  if (wasWritten(run, write)) return "applied";
  if (!isLease) return "leaseLost";
  return isLost ? "cancelled" : "reload";
}

/** A run that is to be cancelled neither completes nor fails, nor begins another attempt. */
function yields({ next }: RunWrite): boolean {
  return next?.status === "completed" || next?.status === "failed" || (next !== undefined && "attempt" in next);
}

function isDue(run: OracleRun, record: NewRecord, now: Instant): boolean {
  const { startedSeq, takes } = record;
  if (takes !== undefined) {
    const message = run.inbox.find(({ position }) => position === takes);
    return message?.taken === false && message.kind === record.kind && message.failed === (record.type === "failed");
  }
  if (startedSeq === undefined) return true;
  const started = run.history[startedSeq - 1];
  return started?.type === "started" && started.step === stepOf(record) && (started.dueAt ?? Infinity) <= now;
}

function wasWritten(run: OracleRun, { afterSeq = 0, epoch, next, records }: RunWrite): boolean {
  if (records.length === 0) return run.epoch === epoch && run.status === (next?.status ?? "running");
  return records.every((record, index) => {
    const there = run.history[afterSeq + index];
    return there?.epoch === epoch && there.step === stepOf(record) && there.type === record.type;
  });
}

export function writeTo(run: OracleRun, write: RunWrite, now: Instant): string {
  const dues: string[] = [];
  for (const record of write.records) {
    const { attempt, due, takes, type } = record;
    const dueAt = due && ("at" in due ? due.at : now + due.afterMs);
    run.history.push({
      epoch: write.epoch,
      step: stepOf(record),
      type,
      attempt,
      recordedAt: now,
      ...(dueAt !== undefined && { dueAt }),
    });
    if (dueAt !== undefined) dues.push(` due ${run.history.length} ${dueAt}`);
    const message = run.inbox.find(({ position }) => position === takes);
    if (message !== undefined) message.taken = true;
  }
  if (write.next === undefined) return `written${dues.join("")}`;
  move(run, write.next, now);
  const wake = run.availableAt === undefined ? "" : ` wake ${run.availableAt}`;
  return `written${dues.join("")} ${run.status}${wake}`;
}

function move(run: OracleRun, next: NextState, now: Instant): void {
  const isOver = isTerminal(next.status);
  const park = next.status === "sleeping" || next.status === "waiting" ? next : undefined;
  run.status = isOver ? next.status : destination(run, next);
  const times = park && [park.at, park.afterMs === undefined ? undefined : now + park.afterMs];
  const wake = Math.min(...(times ?? []).map((at) => at ?? Infinity));
  setTime(
    run,
    "availableAt",
    run.status === "pending" ? now : run.status === park?.status && wake < Infinity ? wake : undefined,
  );
  run.crashes = 0;
  run.attempt = park?.attempt ?? run.attempt;
  run.signalsHeard = park?.signals ?? run.signalsHeard;
  delete run.claimedAt;
  if (isOver) {
    run.finishedAt = Math.max(now, run.startedAt ?? 0);
    delete run.pauseCode;
  } else if (next.status === "paused") run.pauseCode = next.error.code;
}

function destination(run: OracleRun, next: NextState): RunStatus {
  if (run.pauseCode !== undefined) return "paused";
  if (next.status !== "sleeping" && next.status !== "waiting") return next.status;
  const knowsAll = next.signals === undefined ? run.cancelCode === undefined : next.signals >= run.signals;
  return knowsAll ? next.status : "pending";
}

export function receive(
  run: OracleRun | undefined,
  message: Pick<OracleMessage, "kind" | "id" | "failed">,
  now: Instant,
): string {
  if (run === undefined || isTerminal(run.status)) return "notFound";
  if (run.inbox.some(({ id }) => id === message.id)) return run.status;
  run.signals += 1;
  run.inbox.push({ ...message, position: run.signals, taken: false });
  if (run.status === "waiting") goOn(run, now);
  return run.status;
}

function goOn(run: OracleRun, at: Instant): void {
  run.status = "pending";
  run.availableAt = at;
}

/** What an operation does: it makes no sense in the run's state, there is nothing to do, or the run is another now. */
export function operateOn(run: OracleRun, operation: Operation, now: Instant): "refused" | "nothing" | "changed" {
  const hasEnded = isTerminal(run.status);
  switch (operation.do) {
    case "retry":
      return run.status === "failed" ? retry(run, now) : "refused";
    case "end": {
      const isFenced = operation.epoch !== undefined && !holdsLease(run, operation.epoch);
      return hasEnded || isFenced ? "nothing" : end(run, operation.status, now);
    }
    case "cancel":
      return hasEnded || run.cancelCode !== undefined ? "nothing" : cancel(run, operation, now);
    case "resume":
      if (hasEnded) return "refused";
      return run.pauseCode === undefined ? "nothing" : resume(run, now);
    case "pause":
      if (hasEnded) return "refused";
      if (run.pauseCode !== undefined) return "nothing";
      return run.cancelCode === undefined ? pause(run, operation.error.code) : "refused";
  }
}

function pause(run: OracleRun, code: string): "changed" {
  run.pauseCode = code;
  delete run.readyAt;
  if (run.status === "running") run.signals += 1;
  else {
    if (run.status === "pending") setTime(run, "readyAt", run.availableAt);
    leaveTo(run, "paused");
  }
  return "changed";
}

function leaveTo(run: OracleRun, status: RunStatus): void {
  run.status = status;
  run.crashes = 0;
  delete run.availableAt;
  delete run.claimedAt;
}

function resume(run: OracleRun, now: Instant): "changed" {
  delete run.pauseCode;
  if (run.status === "paused") {
    run.crashes = 0;
    goOn(run, Math.max(now, run.readyAt ?? 0));
  }
  delete run.readyAt;
  return "changed";
}

function cancel(run: OracleRun, { error, graceMs }: Extract<Operation, { do: "cancel" }>, now: Instant): "changed" {
  const isBlocked = run.status === "paused" && run.pauseCode === "NONDETERMINISM";
  run.cancelCode = error.code;
  if (run.startedAt === undefined || isBlocked) return end(run, "cancelled", now);
  delete run.pauseCode;
  delete run.readyAt;
  run.signals += 1;
  run.deadlineAt = Math.min(run.deadlineAt ?? Infinity, now + graceMs);
  if (run.status === "running") return "changed";
  run.crashes = 0;
  goOn(run, now);
  return "changed";
}

function retry(run: OracleRun, now: Instant): "changed" {
  record(run, "retrying", now);
  run.attempt += 1;
  leaveTo(run, "pending");
  run.availableAt = now;
  setTime(run, "deadlineAt", run.timeoutMs === undefined ? undefined : now + run.timeoutMs);
  if (run.parent !== undefined) run.parent = { ...run.parent, awaited: false };
  delete run.cancelCode;
  delete run.finishedAt;
  return "changed";
}

function end(run: OracleRun, status: "failed" | "cancelled", now: Instant): "changed" {
  record(run, status, now);
  leaveTo(run, status);
  delete run.pauseCode;
  delete run.readyAt;
  run.finishedAt = Math.max(now, run.createdAt, run.startedAt ?? 0);
  return "changed";
}

function record(run: OracleRun, type: "retrying" | "failed" | "cancelled", now: Instant): void {
  const about = { epoch: 0, step: stepOf(RUN), type, attempt: run.attempt, recordedAt: now };
  run.history.push(type === "retrying" ? { ...about, dueAt: now } : about);
}
