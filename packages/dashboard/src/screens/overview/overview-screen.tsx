import { type GetStatsResponse, WorkflowStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatCount, plural } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { ButtonLink } from "../../components/button.tsx";
import { Icon } from "../../components/icon.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { toneOf } from "../../components/status.tsx";
import { Trends } from "../../components/trends.tsx";
import { statusName } from "../runs/filter.ts";
import { FailedLately } from "./failed-lately.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { Stuck } from "./stuck.tsx";

const EVERY_MS = 5000;
const LIVE = [
  WorkflowStatus.RUNNING,
  WorkflowStatus.PENDING,
  WorkflowStatus.SLEEPING,
  WorkflowStatus.WAITING,
  WorkflowStatus.PAUSED,
  WorkflowStatus.FAILED,
];

interface Seen {
  readonly stats: GetStatsResponse;
  /** Nothing has ever run here, and nobody has come to work. */
  readonly isNew: boolean;
}

/** What runs, what failed lately, what is stuck, and who works. */
export function OverviewScreen(): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive<Seen>({
    key: namespaceId,
    load: async (signal) => {
      const [stats, { workflows }, { workers }] = await Promise.all([
        api.admin.getStats({ namespaceId }, { signal }),
        api.workflows.listWorkflows({ namespaceId, page: { pageSize: 1 } }, { signal }),
        api.admin.listWorkers({ namespaceId, page: { pageSize: 1 } }, { signal }),
      ]);
      return { stats, isNew: workflows.length === 0 && workers.length === 0 };
    },
    every: EVERY_MS,
  });
  return (
    <Page
      title="Overview"
      actions={
        <ButtonLink to={within(namespaceId, "start")} look="primary" icon="plus">
          Start a run
        </ButtonLink>
      }
    >
      <Looked live={live} what="what is going on">
        {({ isNew, stats }) =>
          isNew ? (
            <FirstSteps />
          ) : (
            <div className="stacked roomy">
              <Tiles stats={stats} />
              <div className="columns">
                <Stuck />
                <FailedLately />
              </div>
              <Trends />
            </div>
          )
        }
      </Looked>
    </Page>
  );
}

function Tiles({ stats }: { readonly stats: GetStatsResponse }): ReactNode {
  const namespace = useNamespace();
  const { workersOnline } = stats;
  return (
    <ul className="tiles" aria-label="Now">
      {LIVE.map((status) => {
        const count = stats.runs.find((each) => each.status === status)?.count ?? 0n;
        return (
          <li key={status} className={`tone-${toneOf(status)} ${count === 0n ? "none" : ""}`}>
            <Link to={`${within(namespace, "runs")}?status=${statusName(status)}`}>
              <span className="number">{formatCount(count)}</span>
              <span className="with-icon">
                <Icon name={toneOf(status)} /> {statusName(status)}
              </span>
            </Link>
          </li>
        );
      })}
      <li className={workersOnline === 0 ? "tone-failed" : "tone-completed"}>
        <Link to={within(namespace, "workers")}>
          <span className="number">{formatCount(workersOnline)}</span>
          <span className="with-icon">
            <Icon name={workersOnline === 0 ? "failed" : "completed"} />{" "}
            {plural(workersOnline, "worker").replace(/^\S+ /u, "")} online
          </span>
        </Link>
      </li>
    </ul>
  );
}
