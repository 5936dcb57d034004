import { WorkflowStatus, type Workflow } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { plural } from "../../app/format.ts";
import { Button } from "../../components/button.tsx";
import { hasEnded } from "../../components/status.tsx";
import { BulkDialog, type BulkTarget } from "./bulk-dialog.tsx";
import type { Deed } from "./bulk.ts";
import { type RunsFilter, isFiltered } from "./filter.ts";

export interface BulkBarProps {
  readonly runs: readonly Workflow[];
  readonly selected: ReadonlySet<string>;
  readonly filter: RunsFilter;
  readonly onDone: () => void;
  readonly onClear: () => void;
}

interface Asked {
  readonly deed: Deed;
  readonly target: BulkTarget;
}

/** What can be done to runs that are ticked, or to all that the filter lets through. */
export function BulkBar({ runs, selected, filter, onDone, onClear }: BulkBarProps): ReactNode {
  const [asked, setAsked] = useState<Asked>();
  const ticked = runs.filter((run) => selected.has(run.runId));
  const open = ticked.filter((run) => !hasEnded(run.status)).map((run) => run.runId);
  const failed = ticked.filter((run) => run.status === WorkflowStatus.FAILED).map((run) => run.runId);
  const all: BulkTarget = { kind: "filter", filter };
  const ask = (deed: Deed, target: BulkTarget) => setAsked({ deed, target });
  return (
    <>
      {selected.size > 0 && (
        <div className="bulk" role="toolbar" aria-label="Selected runs">
          <span>{plural(selected.size, "run")} selected</span>
          <Button
            needs="use"
            disabled={open.length === 0}
            onClick={() => ask("cancel", { kind: "runs", runIds: open })}
          >
            Cancel {open.length}…
          </Button>
          <Button
            needs="use"
            disabled={failed.length === 0}
            onClick={() => ask("retry", { kind: "runs", runIds: failed })}
          >
            Retry {failed.length}…
          </Button>
          <span className="spread" />
          <span className="faint">{isFiltered(filter) ? "All that match:" : "All runs:"}</span>
          <Button needs="use" onClick={() => ask("cancel", all)}>
            Cancel all…
          </Button>
          <Button needs="use" onClick={() => ask("retry", all)}>
            Retry all failed…
          </Button>
          <Button look="quiet" icon="close" aria-label="Clear the selection" onClick={onClear} />
        </div>
      )}
      {asked !== undefined && <BulkDialog {...asked} onClose={() => setAsked(undefined)} onDone={onDone} />}
    </>
  );
}
