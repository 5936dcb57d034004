import type { AuditEntry } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Badge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";

const EVERY_MS = 10_000;
const PAGE = 200;
const MOST = 1000;

/** What was done by hand, and by whom. */
export function AuditScreen(): ReactNode {
  const namespaceId = useNamespace();
  const isAll = usePlace().search.get("show") === "all";
  const [count, setCount] = useState(PAGE);
  const live = useLive({
    key: `${namespaceId}/${isAll}/${count}`,
    load: (signal) => {
      const of = isAll ? { allNamespaces: true } : { namespaceId };
      return api.admin.listAuditLog({ ...of, page: { pageSize: count } }, { signal });
    },
    every: EVERY_MS,
  });
  return (
    <Page
      title="Audit log"
      actions={
        <label className="tick-line">
          <input
            type="checkbox"
            checked={isAll}
            onChange={(event) => setSearch({ show: event.target.checked ? "all" : undefined })}
          />
          of all namespaces
        </label>
      }
    >
      <Looked live={live} what="entries">
        {({ entries, page }) =>
          entries.length === 0 ? (
            <Empty title="Nothing was done by hand">
              <p>
                Who cancels, pauses, retries or deletes runs, changes schedules, limits, versions, keys or namespaces is
                written down here, and kept for 90 days. Also: <code>kagzi audit list</code>.
              </p>
            </Empty>
          ) : (
            <>
              <div className="scrolls" tabIndex={0} role="region" aria-label="Audit log">
                <Table label="Audit log" columns={COLUMNS} rows={entries} keyOf={({ entryId }) => entryId} />
              </div>
              {page?.hasMore === true && count < MOST && (
                <div className="list-end">
                  <Button onClick={() => setCount(Math.min(MOST, count + PAGE))}>Show more</Button>
                </div>
              )}
            </>
          )
        }
      </Looked>
    </Page>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { name: "When", cell: ({ at }) => <Time at={at} />, width: "110px" },
  {
    name: "Who",
    cell: ({ actor, actorName }) => <span title={actor}>{actorName === "" ? actor : actorName}</span>,
    width: "16%",
  },
  { name: "Did", cell: ({ action }) => <code>{action}</code>, width: "180px" },
  { name: "To", cell: (entry) => <Subject entry={entry} /> },
  { name: "Namespace", cell: ({ namespaceId }) => namespaceId, width: "130px" },
  { name: "Outcome", cell: ({ outcome }) => <Outcome outcome={outcome} />, width: "190px" },
];

function Subject({ entry }: { readonly entry: AuditEntry }): ReactNode {
  const { namespaceId, subject, subjectId } = entry;
  const id = <code title={subjectId}>{subjectId}</code>;
  return (
    <>
      {subject}{" "}
      {subject === "run" && namespaceId !== "" ? <Link to={within(namespaceId, "runs", subjectId)}>{id}</Link> : id}
    </>
  );
}

function Outcome({ outcome }: { readonly outcome: string }): ReactNode {
  return outcome === "done" ? <Badge tone="completed">done</Badge> : <Badge tone="failed">{outcome}</Badge>;
}
