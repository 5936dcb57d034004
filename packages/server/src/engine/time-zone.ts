import type { Instant } from "@kagzi/core";

const HOUR_MS = 60 * 60 * 1000;
/** Offsets are read this far apart; between two that are equal nothing is looked for. */
const GRID_MS = 6 * HOUR_MS;
/** No clock was ever set back, or is off from UTC, by more than this. */
const REACH_MS = 30 * HOUR_MS;
/** Cells of the grid that are remembered of a zone. */
const MAX_CELLS = 4096;

/** A time during which the offset from UTC is the same: from here to the next one. */
interface Span {
  readonly from: Instant;
  readonly offset: number;
}

/**
 * The wall clock of a zone. A wall time is written as the instant at which a clock in UTC would show it.
 *
 * One rule covers every change of the clock: a wall time is _reached_ at the first instant at which the clock shows it or
 * has passed it. So one that is skipped is reached when the clock leaps over it, and one that comes twice is reached
 * when it comes first.
 */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  readonly #cells = new Map<number, readonly Span[]>();

  /** @throws RangeError for a zone that is not known */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  }

  /** When the clock reaches this wall time. */
  reaches(wall: Instant): Instant {
    const spans = this.#spans(wall - REACH_MS, wall + REACH_MS);
    for (const [index, { from, offset }] of spans.entries()) {
      const at = Math.max(from, wall - offset);
      if (at < (spans[index + 1]?.from ?? Number.POSITIVE_INFINITY)) return at;
    }
    return wall;
  }

  /** The latest wall time that the clock has reached by an instant. */
  reachedBy(at: Instant): Instant {
    const spans = this.#spans(at - REACH_MS, at);
    const last = spans.map(({ offset }, index) => Math.min(at, (spans[index + 1]?.from ?? at + 1) - 1) + offset);
    return Math.max(...last);
  }

  /** The spans that touch [from, to], in their order. */
  #spans(from: Instant, to: Instant): readonly Span[] {
    const spans: Span[] = [];
    for (let cell = Math.floor(from / GRID_MS); cell * GRID_MS <= to; cell++) {
      for (const span of this.#cell(cell))
        if (spans.at(-1)?.offset !== span.offset && span.from <= to) spans.push(span);
    }
    return spans;
  }

  #cell(cell: number): readonly Span[] {
    const known = this.#cells.get(cell);
    if (known !== undefined) return known;
    if (this.#cells.size >= MAX_CELLS) this.#cells.clear();
    const spans = this.#read(cell * GRID_MS, (cell + 1) * GRID_MS);
    this.#cells.set(cell, spans);
    return spans;
  }

  /** The spans between two instants, the second of which is not looked for a change after it. */
  #read(from: Instant, to: Instant): readonly Span[] {
    const [first, last] = [this.#offset(from), this.#offset(to)];
    if (first === last) return [{ from, offset: first }];
    let [before, after] = [from, to];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offset(middle) === first) before = middle;
      else after = middle;
    }
    return [{ from, offset: first }, ...this.#read(after, to)];
  }

  /** In milliseconds, what the clock shows more than one in UTC. */
  #offset(at: Instant): number {
    // `1/1/2030, GMT+05:30`, `GMT` for none, and with seconds long ago.
    const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(this.#format.format(at)) ?? [];
    const ms = (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000;
    return sign === "-" ? -ms : ms;
  }
}

const OFFSET = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/;
