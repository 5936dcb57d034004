import { WorkflowStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { withErrors } from "../../client/errors-of-runs.ts";
import { useLive } from "../../client/use-live.ts";
import { Looked } from "../../components/looked.tsx";
import { Section } from "../../components/section.tsx";
import { Time } from "../../components/time.tsx";

const EVERY_MS = 5000;
const SHOWN = 5;

/** The newest runs that failed, and why. */
export function FailedLately(): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: namespaceId,
    load: async (signal) => {
      const request = { namespaceId, statusFilter: [WorkflowStatus.FAILED], page: { pageSize: SHOWN } };
      return withErrors((await api.workflows.listWorkflows(request, { signal })).workflows, signal);
    },
    every: EVERY_MS,
  });
  return (
    <Section
      title="Failed"
      about="of the runs that started last"
      actions={<Link to={within(namespaceId, "errors")}>all errors</Link>}
    >
      <Looked live={live} what="failed runs">
        {(workflows) =>
          workflows.length === 0 ? (
            <p className="faint">No run has failed.</p>
          ) : (
            <ul className="rows-list" aria-label="Failed">
              {workflows.map(({ error, finishedAt, runId, workflowType }) => (
                <li key={runId}>
                  <Link to={within(namespaceId, "runs", runId)}>{workflowType}</Link>
                  <span className="truncate grows" title={error?.message}>
                    {error?.message}
                  </span>
                  <span className="faint">
                    <Time at={finishedAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Looked>
    </Section>
  );
}
