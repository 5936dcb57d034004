import { toJson } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Workflow, WorkflowSchema, type WorkflowStatus } from "@kagzi/proto";
import type { Command } from "commander";
import { findRun } from "./find-run.ts";
import { type ListView, type Output, timeCell } from "./output.ts";
import type { Session } from "./session.ts";
import { runStatus, statusNamed } from "./status.ts";
import type { Column } from "./table.ts";
import { dateOf, spanText, timeGiven } from "./times.ts";

/** Options that say which runs are meant. */
export interface RunFilterFlags {
  readonly workflow?: string;
  readonly status?: readonly WorkflowStatus[];
  readonly since?: string;
  readonly until?: string;
  readonly parent?: string;
}

/** A command that means runs by what they have in common. */
export function withRunFilter(command: Command): Command {
  return command
    .option("-w, --workflow <name>", "of this workflow")
    .option(
      "-s, --status <status>",
      "in this status; may be given again, or as a list with commas",
      (text: string, before?: readonly WorkflowStatus[]) => [...(before ?? []), ...text.split(",").map(statusNamed)],
    )
    .option("--since <time>", "started since then: 2026-01-31T09:00:00Z, or 90m for the last 90 minutes")
    .option("--until <time>", "started before then")
    .option("--parent <run>", "started by this run");
}

/** The filter as the contract has it. @throws KagziError `INVALID_ARGUMENT` for times that are none */
export async function runFilter(session: Session, { parent, since, status = [], until, workflow }: RunFilterFlags) {
  const now = session.output.cli.now();
  return {
    namespaceId: session.namespaceId,
    statusFilter: [...status],
    ...(workflow !== undefined && { workflowType: workflow }),
    ...(since !== undefined && { createdAfter: timestampFromDate(timeGiven("--since", since, now)) }),
    ...(until !== undefined && { createdBefore: timestampFromDate(timeGiven("--until", until, now)) }),
    ...(parent !== undefined && { parentRunId: await findRun(session, parent) }),
  };
}

export type RunFilter = Awaited<ReturnType<typeof runFilter>>;

/** A list of runs. */
export function runsView(output: Output): ListView<Workflow> {
  const columns: readonly Column<Workflow>[] = [
    { title: "STATUS", cell: ({ status }) => runStatus(status) },
    { title: "WORKFLOW", cell: ({ version, workflowType }) => `${workflowType}@${version}`, narrow: "cut" },
    { title: "RUN", cell: ({ runId }) => runId },
    { title: "STARTED", cell: ({ createdAt }) => timeCell(output, dateOf(createdAt)), narrow: 1 },
    { title: "TOOK", cell: (run) => tookCell(output, run), narrow: 2 },
    { title: "ID", cell: ({ externalId }) => externalId, narrow: 3 },
  ];
  return {
    columns,
    json: runJson,
    id: ({ runId }) => runId,
    none: "no runs; kagzi run start WORKFLOW starts one",
  };
}

export function runJson(run: Workflow) {
  return toJson(WorkflowSchema, run);
}

/** How long a run has been going on, or did. For scripts in milliseconds. */
export function tookCell({ cli }: Pick<Output, "cli">, { createdAt, finishedAt, startedAt }: Workflow) {
  const from = dateOf(startedAt) ?? dateOf(createdAt);
  if (from === undefined || startedAt === undefined) return undefined;
  const ms = (dateOf(finishedAt)?.getTime() ?? cli.now()) - from.getTime();
  return { text: spanText(ms), plain: String(Math.max(0, ms)) };
}

/** Where the dashboard shows a run. */
export function runLink({ context }: Pick<Session, "context">, runId: string): string {
  const { namespace, url } = context;
  return `${url.value.replace(/\/+$/u, "")}/${encodeURIComponent(namespace.value)}/runs/${runId}`;
}
