import type { ErrorDetail } from "./error.ts";
import type { NamespaceId, RunId } from "./ids.ts";
import type { Run } from "./run.ts";
import type { Instant } from "./time.ts";

/** A run that a worker holds, or thinks it holds. */
export interface Lease {
  readonly runId: RunId;
  readonly epoch: number;
}

/** A lease as the store has it. */
export interface GrantedLease extends Lease {
  readonly claimedAt: Instant;
  /** Somebody asked for the run's cancellation. */
  readonly cancelling: boolean;
}

/** Claims in a row that may lose their workers for good before anything is recorded. With the last of them the run fails with POISON. */
export const MAX_CRASHES = 5;

/**
 * How long a granted run may go unnamed by its worker's heartbeats: the time that a task may take to reach the worker
 * and the worker to name it. Fencing makes it safe to be wrong.
 */
export const DELIVERY_GRACE_MS = 10_000;

/**
 * Compares the leases that a worker has in its hands, as its new stream begins, with those that the store has for it.
 * Nothing is on its way any more: what it does not have never reached it.
 */
export function matchLeases(
  held: readonly Lease[],
  granted: readonly Lease[],
): { readonly kept: readonly Lease[]; readonly lost: readonly Lease[]; readonly undelivered: readonly Lease[] } {
  const isIn = (leases: readonly Lease[]) => {
    const epochs = new Map(leases.map(({ epoch, runId }) => [runId, epoch]));
    return ({ epoch, runId }: Lease) => epochs.get(runId) === epoch;
  };
  const [isHeld, isGranted] = [isIn(held), isIn(granted)];
  return {
    kept: held.filter(isGranted),
    lost: held.filter((lease) => !isGranted(lease)),
    undelivered: granted.filter((lease) => !isHeld(lease)),
  };
}

/** Compares the leases that a worker's heartbeat names with those that the store has for it. */
export function compareLeases(heartbeat: {
  readonly named: readonly Lease[];
  readonly granted: readonly GrantedLease[];
  readonly now: Instant;
}): {
  /** Named, and not the worker's any more: it drops them. */
  readonly lost: readonly Lease[];
  /** Granted long enough ago, and not named: they go back to be claimed again. */
  readonly forgotten: readonly Lease[];
} {
  const named = new Map(heartbeat.named.map((lease) => [lease.runId, lease.epoch]));
  const granted = new Map(heartbeat.granted.map((lease) => [lease.runId, lease.epoch]));
  return {
    lost: heartbeat.named.filter((lease) => granted.get(lease.runId) !== lease.epoch),
    forgotten: heartbeat.granted.filter(
      (lease) => named.get(lease.runId) !== lease.epoch && lease.claimedAt < heartbeat.now - DELIVERY_GRACE_MS,
    ),
  };
}

/** A lease whose worker was not heard of in time. */
export interface LapsedLease extends Lease {
  readonly namespaceId: NamespaceId;
  /** Claims in a row, this one included, of whose workers nothing says that they live. */
  readonly crashes: number;
  /** Whether something was recorded under this lease. */
  readonly progressed: boolean;
}

/**
 * The count of crashes with a new claim, which is counted before the worker can fail: one whose process a run ends cannot
 * count afterwards. A worker that held the run last and is alive was not taken down by it, so that the count begins anew.
 */
export function crashesWithClaim(crashes: number, isLastHolderAlive: boolean): number {
  return isLastHolderAlive ? 1 : crashes + 1;
}

/** The count of crashes once the worker of a lease that was lost has spoken of it: only later claims may have been the end of their workers. */
export function crashesSince({ crashes, epoch }: Pick<Run, "crashes" | "epoch">, survived: Lease): number {
  return Math.max(0, Math.min(crashes, epoch - survived.epoch));
}

/** What becomes of a run whose worker was lost. */
export type Takeover =
  | { readonly become: "pending"; readonly afterMs: number; readonly crashes: number }
  | { readonly become: "failed"; readonly error: ErrorDetail };

/** A lapsed lease whose run another worker may go on with. */
export interface GivenBack {
  readonly lease: LapsedLease;
  readonly takeover: Extract<Takeover, { become: "pending" }>;
}

/**
 * Decides what becomes of a run whose worker was lost. A run that recorded something under the lease starts counting
 * anew; one that took its workers down {@link MAX_CRASHES} times in a row is poison. From the second time on it waits
 * before it may do it again, so that it cannot keep a fleet down; and each run for another time, by `random` in [0, 1), so
 * that those that were only near when it happened are not there the next time.
 */
export function decideTakeover(lapsed: LapsedLease, random: number): Takeover {
  if (lapsed.progressed) return { become: "pending", afterMs: 0, crashes: 0 };
  if (lapsed.crashes < MAX_CRASHES) {
    const afterMs = lapsed.crashes <= 1 ? 0 : Math.round(1000 * 2 ** (lapsed.crashes - 1) * (0.5 + random));
    return { become: "pending", afterMs, crashes: lapsed.crashes };
  }
  const message =
    `run ${lapsed.runId} lost its worker ${lapsed.crashes} times in a row without recording anything: ` +
    "look in the logs of its workers for what ends them (memory, process.exit), then retry the run";
  return {
    become: "failed",
    error: { code: "POISON", message, nonRetryable: true, subject: "run", subjectId: lapsed.runId },
  };
}
