import type { WorkflowStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { formatCount } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { navigate, setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { useWorkflowNames } from "../../client/use-workflow-names.ts";
import { Button } from "../../components/button.tsx";
import { Icon } from "../../components/icon.tsx";
import { RUN_STATUSES, toneOf } from "../../components/status.tsx";
import { type RunsFilter, WITHIN, isFiltered, statusName, writeStatuses } from "./filter.ts";
import { SearchBox } from "./search-box.tsx";

const COUNTS_EVERY_MS = 5000;

/** Which runs are shown. Everything stands in the address. */
export function Filters({ filter }: { readonly filter: RunsFilter }): ReactNode {
  const namespace = useNamespace();
  const names = useWorkflowNames();
  const { search } = usePlace();
  const { workflow } = filter;
  const all = workflow === undefined || names.includes(workflow) ? names : [workflow, ...names];
  return (
    <div className="filters" role="search">
      <div className="filter-line">
        <SearchBox names={names} />
        <select
          aria-label="Workflow"
          value={workflow ?? ""}
          onChange={(event) => setSearch({ workflow: event.target.value })}
        >
          <option value="">All workflows</option>
          {all.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <select
          aria-label="Started"
          value={search.get("within") ?? ""}
          onChange={(event) => setSearch({ within: event.target.value })}
        >
          <option value="">Any time</option>
          {Object.entries(WITHIN).map(([value, { label }]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        {isFiltered(filter) && (
          <Button look="quiet" icon="close" onClick={() => navigate(within(namespace, "runs"), { replace: true })}>
            Clear filters
          </Button>
        )}
      </div>
      <Statuses filter={filter} />
    </div>
  );
}

/** Each status with how many runs are in it, to be switched on and off. */
function Statuses({ filter }: { readonly filter: RunsFilter }): ReactNode {
  const namespaceId = useNamespace();
  const { value } = useLive({
    key: namespaceId,
    load: (signal) => api.admin.getStats({ namespaceId }, { signal }),
    every: COUNTS_EVERY_MS,
  });
  const toggle = (status: WorkflowStatus) => {
    const { statuses } = filter;
    const next = statuses.includes(status) ? statuses.filter((each) => each !== status) : [...statuses, status];
    setSearch({ status: writeStatuses(next) });
  };
  return (
    <div className="statuses" role="group" aria-label="Status">
      {RUN_STATUSES.map((status) => {
        const count = value?.runs.find((each) => each.status === status)?.count;
        return (
          <button
            key={status}
            type="button"
            className={`status-filter tone-${toneOf(status)}`}
            aria-pressed={filter.statuses.includes(status)}
            onClick={() => toggle(status)}
          >
            <Icon name={toneOf(status)} />
            {statusName(status)}
            {count !== undefined && <span className="number count">{formatCount(count)}</span>}
          </button>
        );
      })}
    </div>
  );
}
