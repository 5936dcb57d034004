import { type Evidence, type Line, isShared, push } from "./evidence.ts";

/** A8, A9 and A10: what happened when it must not, too often, or too late. */
export function brokenTimes(evidence: Evidence): string[] {
  return [...stepsAfterTheEnd(evidence), ...needlessRepetitions(evidence), ...lateRecoveries(evidence)];
}

/**
 * A8: no step begins after a client was told of the end, or that the run is to be cancelled. Only a worker that was kept
 * from hearing so may begin one, for as long as it is; after the end what that gives is not kept.
 */
function stepsAfterTheEnd(evidence: Evidence): string[] {
  const ended = firstOf(evidence.of("ackResult"));
  const cancelled = firstOf(evidence.of("ackCancel").filter(({ wins }) => wins));
  const heartbeatMs = evidence.leaseMs / 3;
  return evidence.of("exec").flatMap(({ at, by, nonce, run, step }) => {
    const end = Math.min(ended.get(run) ?? Number.POSITIVE_INFINITY, cancelled.get(run) ?? Number.POSITIVE_INFINITY);
    if (at <= end + heartbeatMs) return [];
    const isKept = at > (ended.get(run) ?? at) && evidence.nonces.has(nonce);
    if (!isKept && evidence.wasCutOff(by, end, at)) return [];
    return [`A8: ${by} began step ${step} of ${run} ${Math.round(at - end)} ms after its end`];
  });
}

function firstOf(lines: readonly { readonly run: string; readonly at: number }[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { at, run } of lines) if (!first.has(run)) first.set(run, at);
  return first;
}

/** A9: an attempt is executed again only because its worker was broken, or kept from saying what became of it. */
function needlessRepetitions(evidence: Evidence): string[] {
  return executions(evidence).flatMap((times) =>
    times.slice(1).flatMap((again, index) => {
      const before = times[index] as Line<"exec">;
      if (evidence.wasCutOff(before.by, before.at, again.at)) return [];
      return [`A9: ${again.by} executed step ${again.step} of ${again.run} after ${before.by}, and nothing was broken`];
    }),
  );
}

/** The executions of each attempt of each step. */
export function executions(evidence: Evidence): readonly (readonly Line<"exec">[])[] {
  const attempts = new Map<string, Line<"exec">[]>();
  for (const line of evidence.of("exec")) push(attempts, `${line.run} ${line.step} ${line.attempt}`, line);
  return Array.from(attempts.values());
}

/**
 * The longest that a step may wait for another worker after its own was killed: other faults may come in between, and a
 * machine may be busy. How long it does is in the report.
 */
const LONGEST_RECOVERY_LEASES = 10;
const SLACK_MS = 300_000;

/** A10: what a killed worker was in the middle of goes on elsewhere. */
function lateRecoveries(evidence: Evidence): string[] {
  const longest = LONGEST_RECOVERY_LEASES * evidence.leaseMs + SLACK_MS;
  return recoveries(evidence)
    .filter(({ ms }) => ms > longest)
    .map(
      ({ ms, run, step }) =>
        `A10: step ${step} of ${run} went on only ${Math.round(ms)} ms after its worker was killed`,
    );
}

/** How long a step that was under way when its worker was killed waited for its next execution. */
export interface Recovery {
  readonly run: string;
  readonly step: string;
  readonly ms: number;
  /** Whether a server or the database was broken meanwhile, too. */
  readonly isDisturbed: boolean;
}

export function recoveries(evidence: Evidence): readonly Recovery[] {
  const returned = new Map(evidence.of("ret").map((line) => [line.nonce, line.at]));
  const under = new Map<string, Line<"exec">[]>();
  for (const exec of evidence.of("exec")) push(under, exec.by, exec);
  return evidence.of("fault").flatMap((fault) => {
    if (fault.what !== "worker killed") return [];
    const lost = (under.get(fault.target) ?? []).filter(
      ({ at, nonce }) => at < fault.at && (returned.get(nonce) ?? Number.POSITIVE_INFINITY) > fault.at,
    );
    return lost.flatMap((exec) => recoveryOf(evidence, exec, fault));
  });
}

function recoveryOf(evidence: Evidence, exec: Line<"exec">, kill: Line<"fault">): readonly Recovery[] {
  const { run, step } = exec;
  const isOld = evidence.execsOf(run).some((other) => other.step === step && other.at > exec.at && other.at < kill.at);
  const again = evidence.execsOf(run).find((other) => other.step === step && other.at > kill.at);
  // It went on before, or it never did, because the run was cancelled: A1 says so if not.
  if (isOld || again === undefined) return [];
  const isDisturbed = evidence
    .of("fault")
    .some(({ at, ms, target }) => isShared(target) && at <= again.at && at + ms >= kill.at - evidence.leaseMs);
  return [{ run, step, ms: again.at - kill.at, isDisturbed }];
}
