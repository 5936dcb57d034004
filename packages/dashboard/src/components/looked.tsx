import type { ReactNode } from "react";
import type { Live } from "../client/use-live.ts";
import { Loading, ProblemNote } from "./empty.tsx";

export interface LookedProps<Value> {
  readonly live: Live<Value>;
  /** What is looked for: `workers`. */
  readonly what: string;
  readonly children: (value: Value) => ReactNode;
}

/** What was seen, once it was; and what went wrong since. */
export function Looked<Value>({ live, what, children }: LookedProps<Value>): ReactNode {
  const { problem, refresh, value } = live;
  return (
    <>
      <ProblemNote problem={problem} isStale={value !== undefined} onRetry={refresh} />
      {value === undefined ? problem === undefined && <Loading what={what} /> : children(value)}
    </>
  );
}
