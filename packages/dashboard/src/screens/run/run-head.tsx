import { WaitingFor_Reason as Reason } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { Copy } from "../../components/copy.tsx";
import { ErrorView } from "../../components/error-detail.tsx";
import { toneOf } from "../../components/status.tsx";
import { Elapsed, Time } from "../../components/time.tsx";
import type { RunView } from "./use-run.ts";

/** Who the run is, and why it is not moving. */
export function RunHead({ view }: { readonly view: RunView }): ReactNode {
  const { run } = view;
  const namespace = useNamespace();
  return (
    <div className="run-head">
      <dl className="facts">
        <Fact name="Run">
          <code>{run.runId}</code>
          <Copy text={run.runId} label="the run's id" />
        </Fact>
        {run.externalId !== undefined && (
          <Fact name="External id">
            <code>{run.externalId}</code>
          </Fact>
        )}
        <Fact name="Version">{run.version}</Fact>
        <Fact name="Started">
          <Time at={run.createdAt} />
        </Fact>
        <Fact name={run.finishedAt === undefined ? "Running for" : "Took"}>
          <Elapsed from={run.createdAt} to={run.finishedAt} />
        </Fact>
        {run.attempts > 1 && <Fact name="Attempt">{run.attempts}</Fact>}
        {run.deadlineAt !== undefined && run.finishedAt === undefined && (
          <Fact name="Must end">
            <Time at={run.deadlineAt} />
          </Fact>
        )}
        {run.taskQueue !== "" && <Fact name="Task queue">{run.taskQueue}</Fact>}
        {run.priority !== 0 && <Fact name="Priority">{run.priority}</Fact>}
        {run.parentRunId !== undefined && (
          <Fact name="Started by">
            <Link to={within(namespace, "runs", run.parentRunId)}>a run</Link>
          </Fact>
        )}
      </dl>
      <Why view={view} />
      {run.error !== undefined && <ErrorView error={run.error} title="Why the run ended so" isOpen={false} />}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Where the run stands, in a sentence, and what to do about it. A run that moves needs none. */
function Why({ view }: { readonly view: RunView }): ReactNode {
  const { explanation, run } = view;
  const [first, ...others] = explanation?.reasons ?? [];
  if (first === undefined || first.reason === Reason.RUNNING) return null;
  return (
    <section className={`why tone-${toneOf(run.status)}`} aria-label="Why it is not moving" aria-live="polite">
      <p className="reason">{first.message}</p>
      {explanation !== undefined && explanation.next !== "" && <p className="next">{explanation.next}</p>}
      {others.length > 0 && (
        <ul>
          {others.map((reason) => (
            <li key={reason.message}>{reason.message}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
