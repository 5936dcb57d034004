import { WorkflowStatus } from "@kagzi/proto";
import { api } from "../../client/api.ts";
import { isAborted, problemOf } from "../../client/errors.ts";
import { type RunsFilter, requestOf } from "./filter.ts";

export type Deed = "cancel" | "retry";

/** How far a deed to many runs has come. */
export interface Progress {
  readonly done: number;
  readonly failed: number;
  /** Why the first of those failed that did. */
  readonly reason?: string;
}

export interface BulkOptions {
  readonly namespaceId: string;
  readonly reason: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Calls at once. */
const AT_ONCE = 8;
const PAGE = 200;

/** Does it to each of these runs. One that fails does not stop the others. */
export async function doToEach(deed: Deed, runIds: readonly string[], options: BulkOptions): Promise<Progress> {
  return doTo(deed, [...runIds], { done: 0, failed: 0 }, options);
}

/** Does it to every run that the filter lets through, whether it is shown or not. */
export async function doToAll(deed: Deed, filter: RunsFilter, nowMs: number, options: BulkOptions): Promise<Progress> {
  return deed === "cancel" ? cancelAll(filter, nowMs, options) : retryAll(filter, nowMs, options);
}

async function cancelAll(filter: RunsFilter, nowMs: number, options: BulkOptions): Promise<Progress> {
  const { namespaceId, onProgress, reason, signal } = options;
  let progress: Progress = { done: 0, failed: 0 };
  let pageToken = "";
  do {
    const request = { namespaceId, reason, pageToken, ...requestOf(filter, nowMs) };
    const answer = await api.workflows.cancelWorkflows(request, { signal });
    progress = { ...progress, done: progress.done + answer.cancelled };
    onProgress(progress);
    pageToken = answer.nextPageToken;
  } while (pageToken !== "");
  return progress;
}

async function retryAll(filter: RunsFilter, nowMs: number, options: BulkOptions): Promise<Progress> {
  const { namespaceId, signal } = options;
  const request = { namespaceId, ...requestOf({ ...filter, statuses: [WorkflowStatus.FAILED] }, nowMs) };
  let progress: Progress = { done: 0, failed: 0 };
  let pageToken = "";
  do {
    const page = { pageSize: PAGE, pageToken };
    const answer = await api.workflows.listWorkflows({ ...request, page }, { signal });
    const ids = answer.workflows.map((run) => run.runId);
    progress = await doTo("retry", ids, progress, options);
    pageToken = answer.page?.nextPageToken ?? "";
  } while (pageToken !== "");
  return progress;
}

async function doTo(deed: Deed, queue: string[], begun: Progress, options: BulkOptions): Promise<Progress> {
  let progress = begun;
  const worker = async () => {
    for (let runId = queue.shift(); runId !== undefined; runId = queue.shift()) {
      progress = await doToOne(deed, runId, options).then(
        () => ({ ...progress, done: progress.done + 1 }),
        (thrown: unknown) => {
          if (isAborted(thrown) || options.signal.aborted) throw thrown;
          return { reason: problemOf(thrown).message, ...progress, failed: progress.failed + 1 };
        },
      );
      options.onProgress(progress);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return progress;
}

async function doToOne(deed: Deed, runId: string, { namespaceId, reason, signal }: BulkOptions): Promise<void> {
  if (deed === "cancel") await api.workflows.cancelWorkflow({ namespaceId, runId, reason }, { signal });
  else await api.workflows.retryWorkflow({ namespaceId, runId }, { signal });
}
