import { type ReactNode, useMemo } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, usePlace } from "../../app/router.tsx";
import { Empty, Loading, ProblemNote } from "../../components/empty.tsx";
import { Page } from "../../components/page.tsx";
import { RunStatus } from "../../components/status.tsx";
import { Tabs } from "../../components/tabs.tsx";
import { foldHistory } from "./fold-history.ts";
import { DataPart } from "./data-part.tsx";
import { HistoryPart } from "./history-part.tsx";
import { RelatedPart } from "./related-part.tsx";
import { RunActions } from "./run-actions.tsx";
import { RunHead } from "./run-head.tsx";
import { StepsPart } from "./steps-part.tsx";
import { TimelinePart } from "./timeline-part.tsx";
import { type RunView, useRun } from "./use-run.ts";

const PARTS = ["timeline", "steps", "history", "data", "related"] as const;
const LABELS = {
  timeline: "Timeline",
  steps: "Steps",
  history: "History",
  data: "Input and output",
  related: "Related",
};

type Part = (typeof PARTS)[number];

/** A run: what state it is in and why, everything that it did, and what can be done about it. */
export function RunScreen({ runId, part }: { readonly runId: string; readonly part: string }): ReactNode {
  const namespace = useNamespace();
  const { problem, refresh, value } = useRun(runId);
  const current = PARTS.find((each) => each === part) ?? "timeline";
  const up = (
    <Link to={within(namespace, "runs")} data-up>
      Runs
    </Link>
  );
  if (value === undefined) {
    return (
      <Page title="Run" above={up}>
        {problem?.kind === "not-found" ? (
          <Empty title="There is no such run">
            <p>{problem.message}</p>
          </Empty>
        ) : (
          <>
            <ProblemNote problem={problem} onRetry={refresh} />
            {problem === undefined && <Loading what="the run" />}
          </>
        )}
      </Page>
    );
  }
  return (
    <Page
      title={value.run.workflowType}
      above={up}
      beside={<RunStatus status={value.run.status} />}
      actions={<RunActions view={value} onDone={refresh} />}
    >
      <ProblemNote problem={problem} isStale onRetry={refresh} />
      <RunHead view={value} />
      <PartTabs runId={runId} current={current} />
      <RunPart view={value} part={current} />
    </Page>
  );
}

function PartTabs({ runId, current }: { readonly runId: string; readonly current: Part }): ReactNode {
  const namespace = useNamespace();
  const to = (name: Part) => within(namespace, "runs", runId, ...(name === "timeline" ? [] : [name]));
  return (
    <Tabs
      label="Parts of the run"
      current={current}
      tabs={PARTS.map((name) => ({ name, label: LABELS[name], to: to(name) }))}
    />
  );
}

function RunPart({ view, part }: { readonly view: RunView; readonly part: Part }): ReactNode {
  const { records, running } = view;
  const rows = useMemo(() => foldHistory(records, running), [records, running]);
  const selected = usePlace().search.get("step") ?? undefined;
  switch (part) {
    case "steps":
      return <StepsPart view={view} rows={rows} selected={selected} />;
    case "history":
      return <HistoryPart view={view} />;
    case "data":
      return <DataPart run={view.run} />;
    case "related":
      return <RelatedPart run={view.run} />;
    default:
      return <TimelinePart view={view} rows={rows} selected={selected} />;
  }
}
