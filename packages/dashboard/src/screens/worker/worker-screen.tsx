import type { Worker } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatDuration } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Copy } from "../../components/copy.tsx";
import { LimitsView } from "../../components/limits-view.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Facts, Section } from "../../components/section.tsx";
import { Time } from "../../components/time.tsx";
import { DrainButton } from "../workers/drain-button.tsx";
import { Load, WorkerState, nameOf } from "../workers/worker-parts.tsx";

const EVERY_MS = 3000;

/** One worker: how it is, and what it has. */
export function WorkerScreen({ workerId }: { readonly workerId: string }): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: `${namespaceId}/${workerId}`,
    load: async (signal) => (await api.admin.getWorker({ namespaceId, workerId }, { signal })).worker,
    every: EVERY_MS,
  });
  const worker = live.value;
  return (
    <Page
      title={worker === undefined ? "Worker" : nameOf(worker)}
      above={
        <Link to={within(namespaceId, "workers")} data-up>
          Workers
        </Link>
      }
      beside={worker !== undefined && <WorkerState status={worker.status} />}
      actions={worker !== undefined && <DrainButton worker={worker} onDone={live.refresh} />}
    >
      <Looked live={live} what="the worker">
        {(found) =>
          found !== undefined && (
            <div className="stacked roomy">
              <Facts facts={factsOf(found)} />
              <Workflows worker={found} />
            </div>
          )
        }
      </Looked>
    </Page>
  );
}

function factsOf(worker: Worker) {
  const { labels, lastHeartbeatAt, registeredAt, taskQueue, totalCompleted, totalFailed, version, workerId } = worker;
  return [
    {
      name: "Id",
      value: (
        <>
          <code>{workerId}</code>
          <Copy text={workerId} label="the worker's id" />
        </>
      ),
    },
    { name: "Runs now", value: <Load worker={worker} /> },
    { name: "Completed", value: String(totalCompleted) },
    { name: "Failed", value: String(totalFailed) },
    { name: "Heard of", value: <Time at={lastHeartbeatAt} /> },
    { name: "Since", value: <Time at={registeredAt} /> },
    { name: "Software", value: version === "" ? "–" : version },
    ...(taskQueue === "" ? [] : [{ name: "Task queue", value: <code>{taskQueue}</code> }]),
    ...Object.entries(labels).map(([name, value]) => ({ name, value: <code>{value}</code> })),
  ];
}

function Workflows({ worker }: { readonly worker: Worker }): ReactNode {
  const namespace = useNamespace();
  return (
    <Section title="Workflows that it has">
      <ul className="rows-list" aria-label="Workflows">
        {worker.workflows.map(({ concurrency, on, schedules, throttle, timeoutMs, version, workflowType }) => (
          <li key={`${workflowType}@${version}`}>
            <Link to={within(namespace, "workflows", workflowType)}>{workflowType}</Link>
            <span className="faint">v{version}</span>
            {on.map((name) => (
              <span key={name} className="chip">
                on {name}
              </span>
            ))}
            {schedules.map(({ cronExpr, everyMs, scheduleId }) => (
              <span key={scheduleId} className="chip">
                {everyMs === undefined ? cronExpr : `every ${formatDuration(Number(everyMs))}`}
              </span>
            ))}
            {timeoutMs !== undefined && <span className="chip">at most {formatDuration(Number(timeoutMs))}</span>}
            {(concurrency.length > 0 || throttle !== undefined) && (
              <span className="end faint">
                <LimitsView limits={{ $typeName: "kagzi.v1.Limits", concurrency, throttle }} what="runs" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
