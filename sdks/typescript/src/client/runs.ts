import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { HistoryRecordSchema } from "@kagzi/proto";
import type { ExportedHistory } from "../worker/replay-history.ts";
import { call } from "../calls.ts";
import { durationMs } from "../duration.ts";
import { checkName, checkText } from "../names.ts";
import { type CancelOptions, RunHandle } from "./run-handle.ts";
import type { ClientScope } from "./scope.ts";
import { type Explanation, explain } from "./explanation.ts";
import { type RunInfo, toRunInfo } from "./run-info.ts";
import { type RunStatus, toWireStatus } from "./run-status.ts";

/** Which runs are meant. */
export interface RunFilter {
  readonly workflow?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
}

/** Which runs a list shows. */
export interface ListFilter extends RunFilter {
  /** Runs that this one started. */
  readonly parent?: string;
}

/** How a run is run again. */
export interface RerunOptions {
  /** The first step that is run anew: `charge`, or `charge#2` for the second of that name. Default: all are. */
  readonly fromStep?: string;
  /** Instead of the input of the first run. */
  readonly input?: unknown;
  /** The idempotency key of the new run. */
  readonly id?: string;
}

/** Which part of a list. */
export interface PageOptions {
  /** 1 to 1000, default 100. */
  readonly size?: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** Counts the runs, up to 10,000. */
  readonly total?: boolean;
}

export interface RunPage {
  readonly items: readonly RunInfo[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
  readonly total?: number;
}

/** Runs that a filter lets through, the newest first: all of them by `for await`, or page by page. */
export interface RunList extends AsyncIterable<RunInfo> {
  page(options?: PageOptions): Promise<RunPage>;
}

/** The runs of a namespace. */
export class RunsClient {
  readonly #scope: ClientScope;

  constructor(scope: ClientScope) {
    this.#scope = scope;
  }

  /** Lists runs without their payloads. Nothing is asked before the first item or page is. */
  list(filter: ListFilter = {}): RunList {
    const page = (options: PageOptions = {}) => this.#page(filter, options);
    return {
      page,
      async *[Symbol.asyncIterator]() {
        for (let after: string | undefined = ""; after !== undefined;) {
          const found: RunPage = await page({ after });
          yield* found.items;
          after = found.next;
        }
      },
    };
  }

  /**
   * Gives a failed run another attempt: what completed is kept, what failed is done again. Its id stays the same.
   * @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` for a run that has not failed
   */
  async retry(runId: string): Promise<RunHandle<unknown>> {
    const { connection, namespace, runtime } = this.#scope;
    const request = { namespaceId: namespace, runId };
    await call({ runtime }, (options) => connection.workflows.retryWorkflow(request, options));
    return new RunHandle(this.#scope, { id: runId, alreadyExists: true });
  }

  /**
   * Starts a new run with the input of another one, and with what that one had completed before `fromStep` was first asked
   * for; without it, with nothing. The new run says where it came from (`rerunOf`).
   * @throws KagziError `NOT_FOUND` for the run or the step
   */
  async rerun(runId: string, options: RerunOptions = {}): Promise<RunHandle<unknown>> {
    const { connection, namespace, newId, payloads, runtime } = this.#scope;
    const { fromStep, id } = options;
    const input = "input" in options ? payloads.encode(options.input, "input") : undefined;
    const request = {
      namespaceId: namespace,
      runId,
      newRunId: newId(),
      ...(fromStep !== undefined && { fromStepId: fromStep }),
      ...(id !== undefined && { externalId: checkName("an id", id) }),
      ...(input !== undefined && { input }),
    };
    const answer = await call({ runtime }, (callOptions) => connection.workflows.rerunWorkflow(request, callOptions));
    return new RunHandle(this.#scope, { id: answer.runId, alreadyExists: answer.alreadyExists });
  }

  /** Cancels all runs that a filter lets through and that have not ended. Answers with how many. */
  async cancelMany(filter: RunFilter, options: CancelOptions = {}): Promise<number> {
    const { connection, runtime } = this.#scope;
    const { grace, reason = "" } = options;
    let cancelled = 0;
    let pageToken = "";
    do {
      const request = {
        ...this.#filter(filter),
        reason: checkText("the reason", reason),
        ...(grace !== undefined && { graceMs: BigInt(durationMs(grace, "grace")) }),
        pageToken,
      };
      const answer = await call({ runtime }, (callOptions) =>
        connection.workflows.cancelWorkflows(request, callOptions),
      );
      cancelled += answer.cancelled;
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
    return cancelled;
  }

  /**
   * Removes a run that has ended, with its history and its id: the id may be used again.
   * @throws KagziError `NOT_FOUND`; `PRECONDITION_FAILED` for a run that has not ended
   */
  async delete(runId: string): Promise<void> {
    const { connection, namespace, runtime } = this.#scope;
    const request = { namespaceId: namespace, runId };
    await call({ runtime }, (options) => connection.workflows.deleteWorkflow(request, options));
  }

  /**
   * Tells in what state a run is, why it is not moving, and what to do about it. What that costs does not grow with the run.
   * @throws KagziError `NOT_FOUND`
   */
  async explain(runId: string): Promise<Explanation> {
    return explain(this.#scope, runId);
  }

  /** The whole history of a run as JSON, for a file: `replayHistory` tells whether code still matches it. */
  async history(runId: string): Promise<ExportedHistory> {
    const { connection, namespace, runtime } = this.#scope;
    const about = { namespaceId: namespace, runId };
    const { workflow } = await call({ runtime }, (options) => connection.workflows.getWorkflow(about, options));
    const records: JsonValue[] = [];
    for (let more = true; more;) {
      const request = { ...about, afterSeq: records.length };
      const page = await call({ runtime }, (options) => connection.workers.readHistory(request, options));
      records.push(...page.records.map((record) => toJson(HistoryRecordSchema, record)));
      more = page.hasMore;
    }
    const { attempts = 1, externalId, scheduledAt, scheduleId, version = "", workflowType = "" } = workflow ?? {};
    const run = { runId, workflow: workflowType, version, namespace, attempt: attempts };
    return {
      ...run,
      ...(externalId !== undefined && { externalId }),
      ...(scheduleId !== undefined && { scheduleId }),
      ...(scheduledAt !== undefined && { scheduledAt: timestampDate(scheduledAt).toISOString() }),
      records,
    };
  }

  #filter(filter: RunFilter) {
    const { status = [], workflow, createdAfter, createdBefore } = filter;
    return {
      namespaceId: this.#scope.namespace,
      statusFilter: (typeof status === "string" ? [status] : status).map(toWireStatus),
      ...(workflow !== undefined && { workflowType: checkName("the name of a workflow", workflow) }),
      ...(createdAfter !== undefined && { createdAfter: timestampFromDate(createdAfter) }),
      ...(createdBefore !== undefined && { createdBefore: timestampFromDate(createdBefore) }),
    };
  }

  async #page(filter: ListFilter, options: PageOptions): Promise<RunPage> {
    const { connection, payloads, runtime } = this.#scope;
    const request = {
      ...this.#filter(filter),
      ...(filter.parent !== undefined && { parentRunId: filter.parent }),
      page: { pageSize: options.size ?? 0, pageToken: options.after ?? "", includeTotalCount: options.total ?? false },
    };
    const answer = await call({ runtime }, (callOptions) => connection.workflows.listWorkflows(request, callOptions));
    return {
      items: answer.workflows.map((run) => toRunInfo(run, payloads)),
      ...(answer.page?.hasMore === true && { next: answer.page.nextPageToken }),
      ...(answer.page?.totalCount !== undefined && { total: Number(answer.page.totalCount) }),
    };
  }
}
