import type { Workflow } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatDuration } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, setSearch } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Loading, ProblemNote } from "../../components/empty.tsx";
import { ErrorView } from "../../components/error-detail.tsx";
import { PayloadView } from "../../components/payload.tsx";
import { Time } from "../../components/time.tsx";
import type { StepRow } from "./fold-history.ts";
import { RerunButton } from "./rerun.tsx";
import { StepBadge, kindOf } from "./step-look.tsx";

/** One step: what went in, what came out, what went wrong, and each of its attempts. */
export function StepPanel({ run, row }: { readonly run: Workflow; readonly row: StepRow }): ReactNode {
  const { namespaceId, runId } = run;
  const stepId = `${runId}/${row.key}`;
  const { problem, value } = useLive({
    key: `${stepId} ${row.state} ${row.attempt} ${row.segments.length}`,
    load: async (signal) => (await api.admin.getStep({ namespaceId, stepId }, { signal })).step,
  });
  return (
    <aside className="panel" aria-label={`Step ${row.key}`}>
      <header>
        <h2 className="mono">{row.key}</h2>
        <Button look="quiet" icon="close" aria-label="Close the step" onClick={() => setSearch({ step: undefined })} />
      </header>
      <div className="panel-line">
        <StepBadge row={row} />
        <span className="faint">{kindOf(row.kind).word}</span>
        <RerunButton run={run} fromStep={row.key} />
      </div>
      <ProblemNote problem={problem} />
      {row.childRunId !== undefined && <ChildLink runId={row.childRunId} />}
      {value === undefined && problem === undefined && <Loading what="the step" />}
      {value?.error !== undefined && <ErrorView error={value.error} title="Error of the step" />}
      {value?.dueAt !== undefined && row.toMs === undefined && (
        <p>
          Goes on <Time at={value.dueAt} />.
        </p>
      )}
      {value?.input !== undefined && <PayloadView payload={value.input} label="Input" />}
      {value?.output !== undefined && <PayloadView payload={value.output} label="Output" />}
      <Attempts row={row} />
    </aside>
  );
}

function ChildLink({ runId }: { readonly runId: string }): ReactNode {
  const namespace = useNamespace();
  return (
    <p>
      Child run <Link to={within(namespace, "runs", runId)}>{runId}</Link>
    </p>
  );
}

function Attempts({ row }: { readonly row: StepRow }): ReactNode {
  return (
    <section aria-label="Attempts and waits">
      <h3>What it did</h3>
      <ol className="attempts">
        {row.segments.map((segment) => (
          <li key={`${segment.kind}${segment.fromMs}${segment.attempt}`} className={segment.outcome}>
            <span>
              {segment.kind === "attempt" &&
                `Attempt ${segment.attempt} ${segment.outcome === "open" ? "runs" : segment.outcome}`}
              {segment.kind === "backoff" && "Waited for the next attempt"}
              {segment.kind === "wait" && (segment.outcome === "open" ? "Waits" : `Waited, ${segment.outcome}`)}
            </span>
            <span className="number faint">
              {segment.toMs === undefined ? "so far" : formatDuration(segment.toMs - segment.fromMs)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
