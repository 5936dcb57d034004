/** A run under a lease, as heartbeats name it. */
export interface HeldLease {
  readonly runId: string;
  readonly epoch: number;
}

/**
 * What a worker knows of its leases by its own clock, which goes on while its process is stopped. Once the server has not
 * answered a heartbeat for as long as a lease lasts, runs may have gone to others: nothing of them begins before a
 * heartbeat that named them is answered, which says what is lost. All times are in milliseconds of one clock.
 */
export class LeaseWatch {
  #leaseMs = Number.POSITIVE_INFINITY;
  /** When the heartbeat was sent that was answered last. */
  #renewedAt = 0;
  /** When the leases were first renewed after a time without. */
  #lapsedUntil = Number.NEGATIVE_INFINITY;
  /** Runs that may have been lost in such a time. */
  #doubtful = new Set<string>();
  /** How far the server's clock is ahead, as the message said that was the fastest. */
  #ahead = Number.NEGATIVE_INFINITY;

  /** The worker has registered: it asked at `sentAt`, and holds nothing. */
  begin(sentAt: number, leaseMs: number): void {
    this.#leaseMs = leaseMs;
    this.#renewedAt = sentAt;
    this.#lapsedUntil = Number.NEGATIVE_INFINITY;
    this.#doubtful.clear();
  }

  /** A heartbeat that named some leases is answered; `held` are those that the worker has now. */
  renewed(beat: {
    readonly sentAt: number;
    readonly named: readonly HeldLease[];
    readonly held: readonly HeldLease[];
  }): void {
    const { held, named, sentAt } = beat;
    const hadLapsed = this.#isLapsed(sentAt);
    if (hadLapsed) this.#lapsedUntil = sentAt;
    this.#renewedAt = Math.max(this.#renewedAt, sentAt);
    if (!hadLapsed && this.#doubtful.size === 0) return;
    const before = this.#doubtful;
    const sure = new Set(named.map(keyOf));
    const open = held.map(keyOf).filter((key) => !sure.has(key));
    this.#doubtful = new Set(hadLapsed ? open : open.filter((key) => before.has(key)));
  }

  /**
   * When a message was sent that has just come, at the latest: long ago, where the process was stopped meanwhile. A
   * server's clock that is set back makes messages look old, which costs a heartbeat's time after a lapse.
   */
  sentAt(serverNow: number, now: number): number {
    this.#ahead = Math.max(this.#ahead, serverNow - now);
    return serverNow - this.#ahead;
  }

  /** The worker was given a run by a message that was sent at `sentAt`. */
  took(run: HeldLease, { now, sentAt }: { readonly now: number; readonly sentAt: number }): void {
    if (this.#isLapsed(now) || sentAt < this.#lapsedUntil) this.#doubtful.add(keyOf(run));
  }

  /** Whether the run is surely still the worker's, so that a step of it may begin. */
  isSure(run: HeldLease, now: number): boolean {
    return !this.#isLapsed(now) && (this.#doubtful.size === 0 || !this.#doubtful.has(keyOf(run)));
  }

  #isLapsed(now: number): boolean {
    return now - this.#renewedAt >= this.#leaseMs;
  }
}

function keyOf({ epoch, runId }: HeldLease): string {
  return `${runId}/${epoch}`;
}
