import type { WorkflowType } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { ButtonLink } from "../../components/button.tsx";
import { Count } from "../../components/count.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { RunStatus } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Trends } from "../../components/trends.tsx";
import { NoWorkflows } from "./no-workflows.tsx";

const EVERY_MS = 5000;
const SHOWN = 500;

/** The workflows of a namespace, and how they are doing. */
export function WorkflowsScreen(): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: namespaceId,
    load: (signal) => api.admin.listWorkflowTypes({ namespaceId, page: { pageSize: SHOWN } }, { signal }),
    every: EVERY_MS,
  });
  return (
    <Page
      title="Workflows"
      actions={
        <ButtonLink to={within(namespaceId, "start")} look="primary" icon="plus">
          Start a run
        </ButtonLink>
      }
    >
      <Looked live={live} what="workflows">
        {({ page, workflowTypes }) =>
          workflowTypes.length === 0 ? (
            <NoWorkflows />
          ) : (
            <div className="stacked roomy">
              <div className="scrolls" tabIndex={0} role="region" aria-label="Workflows">
                <Table
                  label="Workflows"
                  columns={columns(namespaceId)}
                  rows={workflowTypes}
                  keyOf={({ workflowType }) => workflowType}
                  to={({ workflowType }) => within(namespaceId, "workflows", workflowType)}
                />
              </div>
              {page?.hasMore === true && <p className="hint">These are the first {SHOWN} by name.</p>}
              <Trends />
            </div>
          )
        }
      </Looked>
    </Page>
  );
}

function columns(namespace: string): readonly Column<WorkflowType>[] {
  const runs = (type: WorkflowType, status: string) =>
    `${within(namespace, "runs")}?${new URLSearchParams({ workflow: type.workflowType, status }).toString()}`;
  const count = (name: string, of: (type: WorkflowType) => WorkflowType["ready"], status: string) => ({
    name,
    cell: (type: WorkflowType) => <Count count={of(type)} to={runs(type, status)} />,
    width: "84px",
    align: "right" as const,
  });
  return [
    { name: "Workflow", cell: ({ workflowType }) => <span className="strong">{workflowType}</span>, width: "24%" },
    { name: "New runs take", cell: (type) => <Version type={type} />, width: "140px" },
    { name: "Workers", cell: (type) => <Workers type={type} />, width: "84px", align: "right" },
    count("Ready", (type) => type.ready, "pending"),
    count("Running", (type) => type.running, "running"),
    count("Sleeping", (type) => type.sleeping, "sleeping"),
    count("Waiting", (type) => type.waiting, "waiting"),
    count("Paused", (type) => type.paused, "paused"),
    { ...count("Failed, 24 h", (type) => type.failedLastDay, "failed"), width: "104px" },
    { name: "Ended last", cell: (type) => <LastEnded type={type} />, width: "210px" },
  ];
}

function Version({ type }: { readonly type: WorkflowType }): ReactNode {
  const { defaultVersion, pinned, versions } = type;
  return (
    <span className="with-icon">
      v{defaultVersion}
      {pinned && <span className="chip">set</span>}
      {versions.length > 1 && <span className="faint">of {versions.length}</span>}
    </span>
  );
}

function Workers({ type: { workerIds } }: { readonly type: WorkflowType }): ReactNode {
  const text = workerIds.length >= 100 ? "100+" : String(workerIds.length);
  return <span className={`number ${workerIds.length === 0 ? "bad-text" : ""}`}>{text}</span>;
}

function LastEnded({ type: { lastEnded } }: { readonly type: WorkflowType }): ReactNode {
  if (lastEnded === undefined) return <span className="faint">–</span>;
  return (
    <>
      <RunStatus status={lastEnded.status} /> <Time at={lastEnded.finishedAt} />
    </>
  );
}
