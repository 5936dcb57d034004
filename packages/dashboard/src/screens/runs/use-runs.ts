import type { Workflow } from "@kagzi/proto";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { type Problem, isAborted, problemOf } from "../../client/errors.ts";
import { useLive } from "../../client/use-live.ts";
import { serverNow } from "../../components/time.tsx";
import { type RunsFilter, requestOf } from "./filter.ts";
import { type RunsList, mergeRuns } from "./merge-runs.ts";

export interface Runs extends RunsList<Workflow> {
  /** Absent before the first answer. */
  readonly isThere: boolean;
  /** Counted up to 10,000, when the list was last read from its beginning. */
  readonly total: bigint | undefined;
  readonly hasMore: boolean;
  readonly problem: Problem | undefined;
  /** Reads the list from its beginning. */
  readonly restart: () => void;
  readonly readMore: () => void;
}

interface Shown extends RunsList<Workflow> {
  /** The namespace and the filter that it is of. */
  readonly key: string;
  readonly isThere: boolean;
  readonly total: bigint | undefined;
  /** Empty: there are no more. */
  readonly nextToken: string;
}

const NOTHING: Shown = {
  key: "",
  runs: [],
  gone: new Set(),
  fresh: 0,
  isThere: false,
  total: undefined,
  nextToken: "",
};
const PAGE = 100;
/** So many of the rows that are shown are kept up to date. */
const WATCHED = 300;
const EVERY_MS = 2000;

/** The runs that a filter lets through: page by page, and live without shifting. */
export function useRuns(filter: RunsFilter, key: string): Runs {
  const namespaceId = useNamespace();
  const [last, setShown] = useState(NOTHING);
  const [problem, setProblem] = useState<Problem>();
  const [generation, setGeneration] = useState(0);
  const about = `${namespaceId}?${key}`;
  // What was shown under another filter is not shown under this one.
  const shown = last.key === about ? last : NOTHING;
  const latest = useRef(shown);
  latest.current = shown;
  const isReading = useRef(false);
  const request = { namespaceId, ...requestOf(filter, serverNow()) };
  const whole = `${about}#${generation}`;

  const live = useLive({
    key: whole,
    load: async (signal) => {
      const isFirst = !latest.current.isThere;
      const pageSize = isFirst ? PAGE : Math.min(WATCHED, Math.max(PAGE, latest.current.runs.length));
      const page = { pageSize, includeTotalCount: isFirst };
      return { about, isFirst, answer: await api.workflows.listWorkflows({ ...request, page }, { signal }) };
    },
    every: EVERY_MS,
  });
  const { value } = live;
  useEffect(() => {
    if (value === undefined) return;
    const { answer, isFirst } = value;
    if (value.about !== about) return;
    const hasMore = answer.page?.hasMore ?? false;
    setShown((before) =>
      isFirst
        ? {
            ...NOTHING,
            key: about,
            isThere: true,
            runs: answer.workflows,
            total: answer.page?.totalCount,
            nextToken: answer.page?.nextPageToken ?? "",
          }
        : { ...before, ...mergeRuns(before, { runs: answer.workflows, hasMore }) },
    );
  }, [value]);

  const readMore = useCallback(async () => {
    const { nextToken } = latest.current;
    if (nextToken === "" || isReading.current) return;
    isReading.current = true;
    try {
      const page = { pageSize: PAGE, pageToken: nextToken };
      const answer = await api.workflows.listWorkflows({ ...request, page });
      setProblem(undefined);
      setShown((before) =>
        before.nextToken === nextToken
          ? { ...before, runs: [...before.runs, ...answer.workflows], nextToken: answer.page?.nextPageToken ?? "" }
          : before,
      );
    } catch (thrown) {
      if (!isAborted(thrown)) setProblem(problemOf(thrown));
    } finally {
      isReading.current = false;
    }
    // The request is that of the filter, which the key stands for.
  }, [whole]);

  const restart = useCallback(() => {
    setShown((before) => ({ ...before, isThere: false }));
    setGeneration((count) => count + 1);
    window.scrollTo(0, 0);
  }, []);
  return {
    ...shown,
    hasMore: shown.nextToken !== "",
    problem: live.problem ?? problem,
    restart,
    readMore: () => void readMore(),
  };
}
