import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { call } from "../calls.ts";
import type { Connection } from "../connection.ts";
import type { Runtime } from "../runtime.ts";
import { checkName } from "../names.ts";
import { type RunInfo, type RunStatus, toRunInfo, toWireStatus } from "./run-info.ts";

/** Which runs a list shows. */
export interface RunFilter {
  readonly workflow?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
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
  readonly #connection: Connection;
  readonly #namespace: string;
  readonly #runtime: Runtime;

  constructor(connection: Connection, namespace: string, runtime: Runtime) {
    this.#connection = connection;
    this.#namespace = namespace;
    this.#runtime = runtime;
  }

  /** Lists runs without their payloads. Nothing is asked before the first item or page is. */
  list(filter: RunFilter = {}): RunList {
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

  async #page(filter: RunFilter, options: PageOptions): Promise<RunPage> {
    const { status = [], workflow, createdAfter, createdBefore } = filter;
    const request = {
      namespaceId: this.#namespace,
      page: { pageSize: options.size ?? 0, pageToken: options.after ?? "", includeTotalCount: options.total ?? false },
      statusFilter: (typeof status === "string" ? [status] : status).map(toWireStatus),
      ...(workflow !== undefined && { workflowType: checkName("the name of a workflow", workflow) }),
      ...(createdAfter !== undefined && { createdAfter: timestampFromDate(createdAfter) }),
      ...(createdBefore !== undefined && { createdBefore: timestampFromDate(createdBefore) }),
    };
    const answer = await call({ runtime: this.#runtime }, (callOptions) =>
      this.#connection.workflows.listWorkflows(request, callOptions),
    );
    return {
      items: answer.workflows.map((run) => toRunInfo(run)),
      ...(answer.page?.hasMore === true && { next: answer.page.nextPageToken }),
      ...(answer.page?.totalCount !== undefined && { total: Number(answer.page.totalCount) }),
    };
  }
}
