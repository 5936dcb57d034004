/** What is known of one run, by its number. */
export interface RunMark {
  readonly n: number;
  /** When its first step began, by the clock that all processes share. */
  readonly pickedAt: number;
  /** When its last step began. */
  readonly lastAt: number;
  /** How late its sleep ended, in milliseconds; 0 for a run that does not sleep. */
  readonly lateMs: number;
}

/** What the code of runs notes while it runs, in the memory of its process. */
export interface Marks {
  /** Step `index` of run `n` begins. */
  step(n: number, index: number): void;
  /** A sleep that was to end at `dueAt` has ended. */
  woke(n: number, dueAt: number): void;
  /** The code of a run came to its end. A run whose code ran twice counts once. */
  ended(n: number): void;
}

/** Marks, and what the harness asks of them. */
export interface AllMarks extends Marks {
  untilEnded(count: number): Promise<void>;
  all(): RunMark[];
  reset(): void;
}

export function createMarks(): AllMarks {
  const picked = new Map<number, number>();
  const last = new Map<number, number>();
  const late = new Map<number, number>();
  const over = new Set<number>();
  let waiting: { readonly count: number; readonly resolve: () => void } | undefined;
  const look = () => {
    if (waiting === undefined || over.size < waiting.count) return;
    waiting.resolve();
    waiting = undefined;
  };
  return {
    step: (n, index) => {
      const at = Number(process.hrtime.bigint()) / 1e6;
      if (index === 0 && !picked.has(n)) picked.set(n, at);
      else if (index > 0) last.set(n, at);
    },
    woke: (n, dueAt) => {
      late.set(n, Date.now() - dueAt);
    },
    ended: (n) => {
      over.add(n);
      look();
    },
    untilEnded: (count) =>
      new Promise((resolve) => {
        waiting = { count, resolve };
        look();
      }),
    all: () =>
      [...over].map((n) => {
        const pickedAt = picked.get(n) ?? 0;
        return { n, pickedAt, lastAt: last.get(n) ?? pickedAt, lateMs: late.get(n) ?? 0 };
      }),
    reset: () => {
      for (const each of [picked, last, late, over]) each.clear();
    },
  };
}
