/** When a schedule fires next, as far as was asked. */
export interface Fires {
  readonly scheduleId: string;
  /** Ascending. */
  readonly at: readonly number[];
  /** There are more, later than these. */
  readonly isCut: boolean;
}

/** What a schedule does on one day. */
export interface DayEntry {
  readonly scheduleId: string;
  /** Absent: it goes on, later than was asked. */
  readonly first: number | undefined;
  readonly count: number;
  /** At least so many: it fires more often than was asked. */
  readonly isCut: boolean;
}

export interface Day {
  /** `2026-11-21`. */
  readonly date: string;
  readonly entries: readonly DayEntry[];
}

const DAY_MS = 86_400_000;
export const DAYS = 7;

/** Sorts what fires into the days that begin with now. `dateOf`: which date a time has where people look. */
export function daysOf(all: readonly Fires[], nowMs: number, dateOf: (ms: number) => string): readonly Day[] {
  return Array.from({ length: DAYS }, (_, index) => {
    const date = dateOf(nowMs + index * DAY_MS);
    const entries = all.flatMap(({ at, isCut, scheduleId }): readonly DayEntry[] => {
      const [first, ...rest] = at.filter((ms) => dateOf(ms) === date);
      const goesOn = isCut && date > dateOf(at.at(-1) ?? 0);
      if (first === undefined) return goesOn ? [{ scheduleId, first: undefined, count: 0, isCut }] : [];
      const last = rest.at(-1) ?? first;
      return [{ scheduleId, first, count: rest.length + 1, isCut: isCut && last === at.at(-1) }];
    });
    return { date, entries: entries.toSorted((one, other) => (one.first ?? 0) - (other.first ?? 0)) };
  });
}
