import { type Worker, WorkerStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { BASE_URL } from "../../app/base.ts";
import { setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { DrainButton } from "./drain-button.tsx";
import { Load, WorkerState, nameOf } from "./worker-parts.tsx";

const EVERY_MS = 3000;
const SHOWN = 500;

/** Who works here, how they are, and what they have. */
export function WorkersScreen(): ReactNode {
  const namespaceId = useNamespace();
  const isAll = usePlace().search.get("show") === "all";
  const live = useLive({
    key: namespaceId,
    load: (signal) => api.admin.listWorkers({ namespaceId, page: { pageSize: SHOWN } }, { signal }),
    every: EVERY_MS,
  });
  return (
    <Page
      title="Workers"
      actions={
        <label className="tick-line">
          <input
            type="checkbox"
            checked={isAll}
            onChange={(event) => setSearch({ show: event.target.checked ? "all" : undefined })}
          />
          also those that are offline
        </label>
      }
    >
      <Looked live={live} what="workers">
        {({ page, workers }) => {
          const shown = workers.filter(({ status }) => isAll || status !== WorkerStatus.OFFLINE);
          if (shown.length === 0) return <NoWorkers wereThere={workers.length > 0} />;
          return (
            <div className="scrolls" tabIndex={0} role="region" aria-label="Workers">
              <Table
                label="Workers"
                columns={columns(live.refresh)}
                rows={shown}
                keyOf={({ workerId }) => workerId}
                to={({ workerId }) => within(namespaceId, "workers", workerId)}
              />
              {page?.hasMore === true && <p className="hint">These are the first {SHOWN}.</p>}
            </div>
          );
        }}
      </Looked>
    </Page>
  );
}

function columns(onDone: () => void): readonly Column<Worker>[] {
  return [
    { name: "Worker", cell: (worker) => <span className="strong">{nameOf(worker)}</span>, width: "20%" },
    { name: "State", cell: ({ status }) => <WorkerState status={status} />, width: "120px" },
    { name: "Runs", cell: (worker) => <Load worker={worker} />, width: "150px" },
    { name: "Workflows", cell: (worker) => <span title={workflowsOf(worker)}>{workflowsOf(worker)}</span> },
    { name: "Heard of", cell: ({ lastHeartbeatAt }) => <Time at={lastHeartbeatAt} />, width: "110px" },
    { name: "Since", cell: ({ registeredAt }) => <Time at={registeredAt} />, width: "110px" },
    { name: "Actions", cell: (worker) => <DrainButton worker={worker} onDone={onDone} isSmall />, width: "90px" },
  ];
}

/** `order@2, ship@1`. */
function workflowsOf({ workflows }: Worker): string {
  return workflows.map(({ version, workflowType }) => `${workflowType}@${version}`).join(", ");
}

function NoWorkers({ wereThere }: { readonly wereThere: boolean }): ReactNode {
  const namespace = useNamespace();
  const where = namespace === "default" ? "" : `, namespace: "${namespace}"`;
  const code = `import { Worker } from "kagzi";

await new Worker({ url: "${BASE_URL.replace(/\/$/u, "")}"${where}, workflows: [hello] }).start();`;
  return (
    <Empty title={wereThere ? "No worker is online" : "No worker yet"}>
      <p>
        Runs are started and kept, and nobody executes them.{" "}
        {wereThere && "Those that were here are offline: did their processes end? "}
        Start one:
      </p>
      <pre className="code">{code}</pre>
    </Empty>
  );
}
