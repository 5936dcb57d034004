import type { NamespaceId } from "./ids.ts";
import type { Bucket, Ended, EndedSample, Line, Live, Queued, StartedSample } from "./statistics.ts";

/** How much a sample of what ended is to read. */
export interface TrendRequest {
  readonly namespaceId: NamespaceId;
  readonly buckets: readonly Bucket[];
  /** Of runs, for each sample. */
  readonly limit: number;
}

/**
 * Figures of a namespace for people to look at. What they cost is bounded by the limits that they are asked with, however
 * many runs there are.
 */
export interface StatisticsStore {
  /** Workflows that a worker has registered, or that have runs which are claimable or have ended; by name. */
  workflows(
    namespaceId: NamespaceId,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<readonly string[]>;
  /** Runs of these workflows that will be claimed and stand in no line, each count up to `limit`. */
  queued(namespaceId: NamespaceId, workflowTypes: readonly string[], limit: number): Promise<readonly Queued[]>;
  /** Lines of these workflows, at most `lines` of each; runs of a line are counted up to `limit`. */
  lines(
    namespaceId: NamespaceId,
    workflowTypes: readonly string[],
    count: { readonly lines: number; readonly limit: number },
  ): Promise<readonly Line[]>;
  /** Runs of each state, of all workflows together at most `limit`. */
  live(namespaceId: NamespaceId, limit: number): Promise<readonly Live[]>;
  /** How many runs of each workflow failed within the last `sinceMs`, up to `limit`, and which one ended last. */
  ended(
    namespaceId: NamespaceId,
    workflowTypes: readonly string[],
    count: { readonly sinceMs: number; readonly limit: number },
  ): Promise<readonly Ended[]>;
  /** The newest that ended, for each of these workflows, buckets and ways to end; without those of which there are none. */
  endedSamples(request: TrendRequest, workflowTypes: readonly string[]): Promise<readonly EndedSample[]>;
  /** The newest that were started, for each bucket; with a name, how many of those are of that workflow. */
  startedSamples(request: TrendRequest, workflowType: string | undefined): Promise<readonly StartedSample[]>;
}
