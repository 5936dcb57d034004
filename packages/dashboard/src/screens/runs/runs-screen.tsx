import type { Workflow } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Loading, ProblemNote } from "../../components/empty.tsx";
import { Page } from "../../components/page.tsx";
import { RunStatus } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Elapsed, Time } from "../../components/time.tsx";

const COLUMNS: readonly Column<Workflow>[] = [
  { name: "Workflow", cell: (run) => run.workflowType },
  { name: "Status", cell: (run) => <RunStatus status={run.status} />, width: "130px" },
  { name: "Started", cell: (run) => <Time at={run.createdAt} />, width: "130px" },
  { name: "Took", cell: (run) => <Elapsed from={run.startedAt} to={run.finishedAt} />, width: "110px", align: "right" },
];

export function RunsScreen(): ReactNode {
  const namespaceId = useNamespace();
  const { problem, value } = useLive({
    key: namespaceId,
    load: (signal) => api.workflows.listWorkflows({ namespaceId, page: { pageSize: 50 } }, { signal }),
    every: 2000,
  });
  return (
    <Page title="Runs">
      <ProblemNote problem={problem} isStale={value !== undefined} />
      {value === undefined ? (
        <Loading what="runs" />
      ) : (
        <Table
          label="Runs"
          columns={COLUMNS}
          rows={value.workflows}
          keyOf={(run) => run.runId}
          to={(run) => within(namespaceId, "runs", run.runId)}
        />
      )}
    </Page>
  );
}
