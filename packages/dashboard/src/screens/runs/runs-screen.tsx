import type { Workflow } from "@kagzi/proto";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { formatCount, plural } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { usePlace } from "../../app/router.tsx";
import { Button, ButtonLink } from "../../components/button.tsx";
import { Loading, ProblemNote } from "../../components/empty.tsx";
import { Page } from "../../components/page.tsx";
import { Table } from "../../components/table.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { Filters } from "./filters.tsx";
import { type RunsFilter, isFiltered, readFilter } from "./filter.ts";
import { NoRuns } from "./no-runs.tsx";
import { RUN_COLUMNS } from "./run-columns.tsx";
import { type Runs, useRuns } from "./use-runs.ts";

/** The runs of a namespace. */
export function RunsScreen(): ReactNode {
  const namespace = useNamespace();
  const { search } = usePlace();
  const query = search.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(query)), [query]);
  const runs = useRuns(filter, query);
  return (
    <Page
      title="Runs"
      beside={<Count runs={runs} />}
      actions={
        <ButtonLink to={within(namespace, "start")} look="primary" icon="plus">
          Start a run
        </ButtonLink>
      }
    >
      <Filters filter={filter} />
      <ProblemNote problem={runs.problem} isStale={runs.isThere} onRetry={runs.restart} />
      {!runs.isThere && runs.runs.length === 0 ? (
        runs.problem === undefined && <Loading what="runs" />
      ) : (
        <List key={`${namespace}?${query}`} runs={runs} filter={filter} />
      )}
    </Page>
  );
}

function Count({ runs }: { readonly runs: Runs }): ReactNode {
  if (!runs.isThere || runs.total === undefined) return null;
  return <span className="faint number">{formatCount(runs.total)}</span>;
}

function List({ runs, filter }: { readonly runs: Runs; readonly filter: RunsFilter }): ReactNode {
  const namespace = useNamespace();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  if (runs.runs.length === 0 && runs.fresh === 0) return <NoRuns isFiltered={isFiltered(filter)} />;
  const done = () => {
    setSelected(new Set());
    runs.restart();
  };
  return (
    <div className="runs">
      <BulkBar
        runs={runs.runs}
        selected={selected}
        filter={filter}
        onDone={done}
        onClear={() => setSelected(new Set())}
      />
      <div className="pill-place" aria-live="polite">
        {runs.fresh > 0 && (
          <Button look="primary" className="button primary pill" onClick={runs.restart}>
            {runs.fresh >= 100 ? "100+ new runs" : plural(runs.fresh, "new run")}
          </Button>
        )}
      </div>
      <Table<Workflow>
        label="Runs"
        columns={RUN_COLUMNS}
        rows={runs.runs}
        keyOf={(run) => run.runId}
        to={(run) => within(namespace, "runs", run.runId)}
        lookOf={(run) => (runs.gone.has(run.runId) ? "gone" : "")}
        selected={selected}
        onSelect={setSelected}
      />
      <End runs={runs} />
    </div>
  );
}

/** Reads on when the end of the list comes near. */
function End({ runs }: { readonly runs: Runs }): ReactNode {
  const ref = useRef<HTMLDivElement>(null);
  const { hasMore, readMore } = runs;
  const count = runs.runs.length;
  useEffect(() => {
    const element = ref.current;
    if (element === null || !hasMore) return undefined;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && readMore(), {
      rootMargin: "800px",
    });
    observer.observe(element);
    return () => observer.disconnect();
    // Anew with each page: one that is too short to push the end away is followed by the next.
  }, [hasMore, count]);
  return (
    <div ref={ref} className="list-end faint">
      {hasMore ? "Looking for more…" : count > 20 && "This is the first of them."}
    </div>
  );
}
