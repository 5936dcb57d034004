import { useCallback, useEffect, useRef, useState } from "react";
import { type Problem, isAborted, problemOf } from "./errors.ts";

/** What a screen shows, as of its last look. */
export interface Live<Value> {
  /** Absent before the first answer. Stays while later looks fail. */
  readonly value: Value | undefined;
  /** Why the last look failed; absent if it did not. */
  readonly problem: Problem | undefined;
  /** Looks again now. */
  readonly refresh: () => void;
}

export interface LiveOptions<Value> {
  /** What is looked at: another key begins anew. */
  readonly key: string;
  readonly load: (signal: AbortSignal) => Promise<Value>;
  /** From one answer to the next look, in milliseconds; of the value, so that what has ended is looked at no more. Absent: once. */
  readonly every?: number | ((value: Value) => number | undefined);
}

/** The wait after a look that failed. It doubles up to {@link LONGEST_WAIT_MS}. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

/**
 * Looks again and again while the page is visible. A hidden page asks for nothing, and looks at once when it is seen again.
 */
export function useLive<Value>(options: LiveOptions<Value>): Live<Value> {
  const { key } = options;
  const latest = useRef(options);
  latest.current = options;
  const [state, setState] = useState<Shown<Value>>({ key });
  const again = useRef<() => void>(() => {});

  useEffect(() => {
    const watch = keepLooking({
      look: (signal) => latest.current.load(signal),
      onValue: (value) => {
        setState({ key, value });
        const { every } = latest.current;
        return typeof every === "function" ? every(value) : every;
      },
      onProblem: (problem) => setState((before) => (before.key === key ? { ...before, problem } : { key, problem })),
    });
    again.current = watch.refresh;
    return watch.stop;
  }, [key]);

  const refresh = useCallback(() => again.current(), []);
  // What was seen under another key is not shown under this one.
  const shown: Shown<Value> = state.key === key ? state : { key };
  return { value: shown.value, problem: shown.problem, refresh };
}

interface Shown<Value> {
  readonly key: string;
  readonly value?: Value;
  readonly problem?: Problem;
}

interface Watch<Value> {
  readonly look: (signal: AbortSignal) => Promise<Value>;
  /** Answers with the wait until the next look; absent: there is none. */
  readonly onValue: (value: Value) => number | undefined;
  readonly onProblem: (problem: Problem) => void;
}

function keepLooking<Value>({ look, onProblem, onValue }: Watch<Value>): {
  readonly refresh: () => void;
  readonly stop: () => void;
} {
  let current = new AbortController();
  let timer: number | undefined;
  let failures = 0;
  let isDue = true;
  const plan = (waitMs: number) => {
    timer = window.setTimeout(() => {
      isDue = true;
      begin();
    }, waitMs);
  };
  const run = async (signal: AbortSignal) => {
    try {
      const value = await look(signal);
      if (signal.aborted) return;
      failures = 0;
      const waitMs = onValue(value);
      if (waitMs !== undefined) plan(waitMs);
    } catch (thrown) {
      if (signal.aborted || isAborted(thrown)) return;
      const problem = problemOf(thrown);
      onProblem(problem);
      if (problem.kind === "unreachable") plan(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures++));
    }
  };
  const begin = () => {
    if (!isDue || document.hidden) return;
    isDue = false;
    window.clearTimeout(timer);
    current.abort();
    current = new AbortController();
    void run(current.signal);
  };
  const refresh = () => {
    isDue = true;
    begin();
  };
  document.addEventListener("visibilitychange", begin);
  begin();
  const stop = () => {
    document.removeEventListener("visibilitychange", begin);
    window.clearTimeout(timer);
    current.abort();
  };
  return { refresh, stop };
}
