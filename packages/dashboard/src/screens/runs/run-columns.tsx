import type { Workflow } from "@kagzi/proto";
import type { ReactNode } from "react";
import { Badge, RunStatus } from "../../components/status.tsx";
import type { Column } from "../../components/table.tsx";
import { Elapsed, Time } from "../../components/time.tsx";

/** The columns of a list of runs. */
export const RUN_COLUMNS: readonly Column<Workflow>[] = [
  { name: "Workflow", cell: (run) => <Name run={run} /> },
  { name: "Status", cell: (run) => <Status run={run} />, width: "136px" },
  { name: "Run", cell: (run) => <code className="faint">{run.externalId ?? shortId(run.runId)}</code>, width: "210px" },
  { name: "Started", cell: (run) => <Time at={run.createdAt} />, width: "120px" },
  {
    name: "Took",
    cell: (run) => <Elapsed from={run.startedAt ?? run.finishedAt} to={run.finishedAt} />,
    width: "110px",
    align: "right",
  },
];

function Name({ run }: { readonly run: Workflow }): ReactNode {
  return (
    <>
      <span className="strong">{run.workflowType}</span>
      <span className="faint"> v{run.version}</span>
    </>
  );
}

function Status({ run }: { readonly run: Workflow }): ReactNode {
  if (run.cancelRequested !== undefined && run.finishedAt === undefined) {
    return <Badge tone="cancelled">cancelling</Badge>;
  }
  return <RunStatus status={run.status} />;
}

/** Enough of an id to tell it from its neighbours: the end, which is random. */
function shortId(runId: string): string {
  return `…${runId.slice(-12)}`;
}
