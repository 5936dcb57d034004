import type { GetWorkflowLimitsResponse, LimitUsage } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { formatCount } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { LimitsDialog } from "../../components/limits-dialog.tsx";
import { LimitsView } from "../../components/limits-view.tsx";
import { Looked } from "../../components/looked.tsx";
import { Section } from "../../components/section.tsx";
import { type Column, Table } from "../../components/table.tsx";

const EVERY_MS = 5000;
const WAITING_CAP = 1000;

/** How many runs may be going on or begin, and who takes that up. */
export function LimitsPart({ workflow }: { readonly workflow: string }): ReactNode {
  const namespaceId = useNamespace();
  const [isOpen, setOpen] = useState(false);
  const of = { namespaceId, workflowType: workflow };
  const live = useLive({
    key: `${namespaceId}/${workflow}`,
    load: (signal) => api.admin.getWorkflowLimits(of, { signal }),
    every: EVERY_MS,
  });
  const back = useAction(async () => {
    await api.admin.setWorkflowLimits(of);
    live.refresh();
    return "What the code says counts again.";
  });
  return (
    <Section title="Limits">
      <Looked live={live} what="limits">
        {(limits) => (
          <>
            <InForce limits={limits} />
            <div className="button-line">
              <Button needs="admin" onClick={() => setOpen(true)}>
                Change the limits
              </Button>
              {limits.override !== undefined && (
                <Button needs="admin" isBusy={back.isBusy} onClick={() => void back.run()}>
                  Back to the code
                </Button>
              )}
            </div>
            {limits.usage.length > 0 && (
              <Table label="Use of the limits" columns={USAGE} rows={limits.usage} keyOf={({ key }) => key} />
            )}
            {isOpen && (
              <LimitsDialog
                what="runs"
                hasKeys
                limits={limits.override ?? limits.declared}
                save={(changed) => api.admin.setWorkflowLimits({ ...of, limits: changed })}
                onDone={live.refresh}
                onClose={() => setOpen(false)}
              />
            )}
          </>
        )}
      </Looked>
    </Section>
  );
}

function InForce({ limits }: { readonly limits: GetWorkflowLimitsResponse }): ReactNode {
  const { declared, override } = limits;
  if (override === undefined && declared === undefined) {
    return (
      <p className="faint">
        There are none. In code: <code>{"concurrency: { limit: 10 }"}</code> or here, while it runs.
      </p>
    );
  }
  return (
    <dl className="relations">
      {override !== undefined && (
        <div>
          <dt>Set by hand</dt>
          <dd>
            <LimitsView limits={override} what="runs" />
          </dd>
        </div>
      )}
      {declared !== undefined && (
        <div className={override === undefined ? "" : "overruled"}>
          <dt>In the code</dt>
          <dd>
            <LimitsView limits={declared} what="runs" />
          </dd>
        </div>
      )}
    </dl>
  );
}

const USAGE: readonly Column<LimitUsage>[] = [
  { name: "Key", cell: ({ key }) => (key === "" ? <span className="faint">all runs</span> : <code>{key}</code>) },
  { name: "Running", cell: ({ running }) => <span className="number">{running}</span>, width: "90px", align: "right" },
  {
    name: "Waiting",
    cell: ({ waiting }) => <span className="number">{formatCount(waiting, WAITING_CAP)}</span>,
    width: "90px",
    align: "right",
  },
];
