import type { Workflow } from "@kagzi/proto";
import type { ReactNode } from "react";
import { within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Loading, ProblemNote } from "../../components/empty.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { RUN_COLUMNS } from "../runs/run-columns.tsx";

const EVERY_MS = 3000;
const SHOWN = 200;

/** Where the run comes from, and the runs that it started. */
export function RelatedPart({ run }: { readonly run: Workflow }): ReactNode {
  const { namespaceId, runId } = run;
  const children = useLive({
    key: runId,
    load: (signal) =>
      api.workflows.listWorkflows({ namespaceId, parentRunId: runId, page: { pageSize: SHOWN } }, { signal }),
    every: EVERY_MS,
  });
  const found = children.value?.workflows;
  return (
    <div className="stacked">
      <dl className="relations">
        <Relation name="Started by" runId={run.parentRunId} run={run} />
        <Relation name="Goes on from" runId={run.continuedFromRunId} run={run} />
        <Relation name="Goes on as" runId={run.continuedAsRunId} run={run} />
        <Relation name="Rerun of" runId={run.rerunOfRunId} run={run} />
        {run.scheduleId !== undefined && (
          <div>
            <dt>Schedule</dt>
            <dd>
              <code>{run.scheduleId}</code>
              {run.scheduledAt !== undefined && (
                <>
                  , for <Time at={run.scheduledAt} look="absolute" />
                </>
              )}
            </dd>
          </div>
        )}
        {run.eventId !== undefined && (
          <div>
            <dt>Event</dt>
            <dd>
              <code>{run.eventId}</code>
            </dd>
          </div>
        )}
      </dl>
      <h2>Runs that it started</h2>
      <ProblemNote problem={children.problem} isStale={found !== undefined} />
      {found === undefined && children.problem === undefined && <Loading what="its children" />}
      {found?.length === 0 && <p className="faint">None.</p>}
      {found !== undefined && found.length > 0 && (
        <Table
          label="Children"
          columns={RUN_COLUMNS}
          rows={found}
          keyOf={(each) => each.runId}
          to={(each) => within(namespaceId, "runs", each.runId)}
        />
      )}
      {children.value?.page?.hasMore === true && <p className="faint">The newest {SHOWN} are shown.</p>}
    </div>
  );
}

interface RelationProps {
  readonly name: string;
  readonly runId: string | undefined;
  readonly run: Workflow;
}

function Relation({ name, runId, run }: RelationProps): ReactNode {
  if (runId === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Link to={within(run.namespaceId, "runs", runId)}>
          <code>{runId}</code>
        </Link>
      </dd>
    </div>
  );
}
