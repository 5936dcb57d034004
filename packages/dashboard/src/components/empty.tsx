import type { ReactNode } from "react";
import type { Problem } from "../client/errors.ts";
import { Button } from "./button.tsx";

/** Nothing is here: why, and what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export interface ProblemNoteProps {
  readonly problem: Problem | undefined;
  /** What is shown below is from before the problem. */
  readonly isStale?: boolean;
  readonly onRetry?: () => void;
}

/** What went wrong while looking; nothing while nothing did. */
export function ProblemNote({ problem, isStale = false, onRetry }: ProblemNoteProps): ReactNode {
  if (problem === undefined) return null;
  return (
    <div className="note bad" role="alert">
      <span>
        {problem.message}
        {isStale && " What is shown is from before."}
      </span>
      {onRetry !== undefined && <Button onClick={onRetry}>Look again</Button>}
    </div>
  );
}

/** Before the first answer. */
export function Loading({ what }: { readonly what: string }): ReactNode {
  return (
    <div className="loading" role="status">
      Looking for {what}…
    </div>
  );
}
