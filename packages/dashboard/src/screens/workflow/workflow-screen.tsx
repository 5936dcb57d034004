import { WorkflowStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { ButtonLink } from "../../components/button.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { QueuesTable } from "../../components/queues-table.tsx";
import { Section } from "../../components/section.tsx";
import { Table } from "../../components/table.tsx";
import { Trends } from "../../components/trends.tsx";
import { RUN_COLUMNS } from "../runs/run-columns.tsx";
import { LimitsPart } from "./limits-part.tsx";
import { VersionsPart } from "./versions-part.tsx";

const EVERY_MS = 5000;
const FAILURES = 10;
const QUEUES = 50;

/** One workflow: its figures, versions, limits, queues and failures. */
export function WorkflowScreen({ workflow }: { readonly workflow: string }): ReactNode {
  const namespace = useNamespace();
  return (
    <Page
      title={workflow}
      above={
        <Link to={within(namespace, "workflows")} data-up>
          Workflows
        </Link>
      }
      actions={
        <>
          <ButtonLink to={`${within(namespace, "runs")}?${query({ workflow })}`}>Its runs</ButtonLink>
          <ButtonLink to={`${within(namespace, "start")}?${query({ workflow })}`} look="primary" icon="plus">
            Start a run
          </ButtonLink>
        </>
      }
    >
      <div className="stacked roomy">
        <Trends workflow={workflow} />
        <div className="columns">
          <VersionsPart workflow={workflow} />
          <LimitsPart workflow={workflow} />
        </div>
        <QueuesPart workflow={workflow} />
        <FailuresPart workflow={workflow} />
      </div>
    </Page>
  );
}

function query(values: Readonly<Record<string, string>>): string {
  return new URLSearchParams(values).toString();
}

function QueuesPart({ workflow }: { readonly workflow: string }): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: `${namespaceId}/${workflow}`,
    load: (signal) => api.admin.listQueues({ namespaceId, workflowType: workflow, limit: QUEUES }, { signal }),
    every: EVERY_MS,
  });
  return (
    <Section title="Queues" about="ready, and waiting for a worker or a limit">
      <Looked live={live} what="queues">
        {({ more, queues }) =>
          queues.length === 0 ? (
            <p className="faint">Nothing waits.</p>
          ) : (
            <>
              <QueuesTable queues={queues} hasWorkflow={false} />
              {more && <p className="hint">There are others, which are not longer or were not looked at.</p>}
            </>
          )
        }
      </Looked>
    </Section>
  );
}

function FailuresPart({ workflow }: { readonly workflow: string }): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: `${namespaceId}/${workflow}`,
    load: (signal) =>
      api.workflows.listWorkflows(
        {
          namespaceId,
          workflowType: workflow,
          statusFilter: [WorkflowStatus.FAILED],
          page: { pageSize: FAILURES },
        },
        { signal },
      ),
    every: EVERY_MS,
  });
  const errors = <Link to={`${within(namespaceId, "errors")}?${query({ workflow })}`}>grouped by what went wrong</Link>;
  return (
    <Section title="Failed runs" about={<>the newest {FAILURES}</>} actions={errors}>
      <Looked live={live} what="failed runs">
        {({ workflows }) =>
          workflows.length === 0 ? (
            <p className="faint">None has failed.</p>
          ) : (
            <Table
              label="Failed runs"
              columns={RUN_COLUMNS}
              rows={workflows}
              keyOf={({ runId }) => runId}
              to={({ runId }) => within(namespaceId, "runs", runId)}
            />
          )
        }
      </Looked>
    </Section>
  );
}
