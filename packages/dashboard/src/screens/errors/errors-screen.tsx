import { WorkflowStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { plural } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { withErrors } from "../../client/errors-of-runs.ts";
import { useLive } from "../../client/use-live.ts";
import { useWorkflowNames } from "../../client/use-workflow-names.ts";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { type ErrorGroup, groupErrors } from "./group-errors.ts";

const EVERY_MS = 10_000;
const LOOKED_AT = 200;
const RUNS_SHOWN = 5;

/** Failed runs by what went wrong. */
export function ErrorsScreen(): ReactNode {
  const namespaceId = useNamespace();
  const workflow = usePlace().search.get("workflow") ?? "";
  const live = useLive({
    key: `${namespaceId}/${workflow}`,
    load: async (signal) => {
      const request = {
        namespaceId,
        statusFilter: [WorkflowStatus.FAILED],
        page: { pageSize: LOOKED_AT },
        ...(workflow !== "" && { workflowType: workflow }),
      };
      const { page, workflows } = await api.workflows.listWorkflows(request, { signal });
      const failed = await withErrors(workflows, signal);
      return { groups: groupErrors(failed), count: workflows.length, isCut: page?.hasMore === true };
    },
    every: EVERY_MS,
  });
  return (
    <Page title="Errors" actions={<WorkflowSelect current={workflow} />}>
      <Looked live={live} what="failed runs">
        {({ count, groups, isCut }) =>
          count === 0 ? (
            <Empty title="No run has failed">
              <p>Runs that fail are grouped here by the name and the message of their errors.</p>
            </Empty>
          ) : (
            <>
              <p className="hint above-list">
                {isCut
                  ? `These are the ${plural(count, "failed run")} that started last; older ones are not counted.`
                  : `All ${plural(count, "failed run")} that are kept.`}{" "}
                Messages that differ in ids, numbers and quoted words count as one.
              </p>
              <div className="stacked">
                {groups.map((group) => (
                  <Group key={group.key} group={group} />
                ))}
              </div>
            </>
          )
        }
      </Looked>
    </Page>
  );
}

function WorkflowSelect({ current }: { readonly current: string }): ReactNode {
  const names = useWorkflowNames();
  const all = current === "" || names.includes(current) ? names : [current, ...names];
  return (
    <select aria-label="Workflow" value={current} onChange={(event) => setSearch({ workflow: event.target.value })}>
      <option value="">All workflows</option>
      {all.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function Group({ group }: { readonly group: ErrorGroup }): ReactNode {
  const namespace = useNamespace();
  const { message, name, runs, workflows } = group;
  return (
    <section className="error-group" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <span className="number">{plural(runs.length, "run")}</span>
        <span className="faint">
          last <Time at={runs[0]?.finishedAt} />
        </span>
        <span className="end">
          {workflows.map((workflow) => (
            <Link key={workflow} to={within(namespace, "workflows", workflow)} className="chip">
              {workflow}
            </Link>
          ))}
        </span>
      </header>
      <p className="message">{message}</p>
      <details>
        <summary>{runs.length > RUNS_SHOWN ? `The newest ${RUNS_SHOWN} of them` : "Its runs"}</summary>
        <ul className="bare">
          {runs.slice(0, RUNS_SHOWN).map(({ finishedAt, runId, workflowType }) => (
            <li key={runId}>
              <Link to={within(namespace, "runs", runId)}>
                <code>{runId}</code>
              </Link>{" "}
              <span className="faint">
                {workflowType}, <Time at={finishedAt} />
              </span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
