/** Time that stands still until it is moved. */
export class VirtualClock {
  /** Milliseconds since 1970. */
  now: number;
  /** How often somebody asked for the time: while nobody does, nothing happens. */
  reads = 0;

  constructor(start: number) {
    this.now = start;
  }

  readonly read = (): number => {
    this.reads += 1;
    return this.now;
  };
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Timers that go by a virtual clock. */
export class VirtualTimers {
  readonly #clock: VirtualClock;
  readonly #timers = new Set<Timer>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly set = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#clock.now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** When the next one is due. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers) next = Math.min(at, next ?? at);
    return next;
  }

  /**
   * Runs what is due by now, each timer once: what is set anew meanwhile counts from now, so that something that goes on
   * every second is done once after a leap of a thousand days. `early` runs what is not due as well.
   */
  fire(early = false): void {
    const due = Array.from(this.#timers).filter(({ at }) => early || at <= this.#clock.now);
    for (const timer of due.toSorted((a, b) => a.at - b.at)) {
      if (this.#timers.delete(timer)) timer.run();
    }
  }
}
