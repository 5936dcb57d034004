/** What a list needs to know of a run. */
export interface Listed {
  readonly runId: string;
}

/** A list that somebody reads while new runs come. */
export interface RunsList<Run extends Listed> {
  /** The newest first. */
  readonly runs: readonly Run[];
  /** Runs of it that the filter lets through no longer: their states are from before. */
  readonly gone: ReadonlySet<string>;
  /** How many have come since that are not shown. */
  readonly fresh: number;
}

/**
 * What is shown, with what a new look at its beginning says. Rows never shift: those that changed change in their places,
 * those that the filter lets through no longer stay, and those that are new are counted. Ids grow with time.
 */
export function mergeRuns<Run extends Listed>(
  shown: RunsList<Run>,
  looked: { readonly runs: readonly Run[]; readonly hasMore: boolean },
): RunsList<Run> {
  const newest = shown.runs[0]?.runId ?? "";
  const byId = new Map(looked.runs.map((run) => [run.runId, run]));
  // Below the last one that was looked at nothing is known; without more, everything is.
  const last = looked.hasMore ? (looked.runs.at(-1)?.runId ?? "~") : "";
  const gone = new Set<string>();
  const runs = shown.runs.map((run) => {
    const now = byId.get(run.runId);
    if (now === undefined && run.runId >= last) gone.add(run.runId);
    return now ?? run;
  });
  for (const id of shown.gone) if (!byId.has(id)) gone.add(id);
  return { runs, gone, fresh: looked.runs.filter((run) => run.runId > newest).length };
}
