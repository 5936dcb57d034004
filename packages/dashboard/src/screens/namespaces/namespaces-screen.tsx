import type { Namespace } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { formatDuration } from "../../app/format.ts";
import { within } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Badge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { NewNamespaceDialog, NamespaceDialog, ToggleDialog } from "./namespace-dialogs.tsx";

const EVERY_MS = 10_000;

type Open = { readonly what: "new" } | { readonly what: "change" | "toggle"; readonly namespace: Namespace };

/** Who is kept apart from whom, and how long their runs are kept. */
export function NamespacesScreen(): ReactNode {
  const [open, setOpen] = useState<Open>();
  const live = useLive({
    key: "namespaces",
    load: async (signal) => (await api.namespaces.listNamespaces({ page: { pageSize: 1000 } }, { signal })).namespaces,
    every: EVERY_MS,
  });
  const dialog = { onClose: () => setOpen(undefined), onDone: live.refresh };
  return (
    <Page
      title="Namespaces"
      actions={
        <Button look="primary" icon="plus" needs="admin" onClick={() => setOpen({ what: "new" })}>
          New namespace
        </Button>
      }
    >
      <Looked live={live} what="namespaces">
        {(namespaces) => (
          <div className="scrolls" tabIndex={0} role="region" aria-label="Namespaces">
            <Table
              label="Namespaces"
              columns={columns(setOpen)}
              rows={namespaces}
              keyOf={({ namespaceId }) => namespaceId}
              to={({ namespaceId }) => within(namespaceId)}
            />
          </div>
        )}
      </Looked>
      {open?.what === "new" && <NewNamespaceDialog {...dialog} />}
      {open?.what === "change" && <NamespaceDialog {...dialog} namespace={open.namespace} />}
      {open?.what === "toggle" && <ToggleDialog {...dialog} namespace={open.namespace} />}
    </Page>
  );
}

function columns(onOpen: (open: Open) => void): readonly Column<Namespace>[] {
  return [
    { name: "Namespace", cell: ({ namespaceId }) => <span className="strong">{namespaceId}</span>, width: "22%" },
    { name: "Description", cell: ({ description }) => <span title={description}>{description}</span> },
    { name: "State", cell: ({ enabled }) => <State isEnabled={enabled} />, width: "120px" },
    { name: "Ended runs are kept", cell: retentionOf, width: "180px" },
    { name: "Made", cell: ({ createdAt }) => <Time at={createdAt} />, width: "110px" },
    { name: "Actions", cell: (namespace) => <Actions namespace={namespace} onOpen={onOpen} />, width: "160px" },
  ];
}

function State({ isEnabled }: { readonly isEnabled: boolean }): ReactNode {
  return isEnabled ? <Badge tone="completed">enabled</Badge> : <Badge tone="paused">disabled</Badge>;
}

function retentionOf({ retentionMs }: Namespace): ReactNode {
  if (retentionMs === undefined) return <span className="faint">as the server says</span>;
  return retentionMs === 0n ? "for ever" : formatDuration(Number(retentionMs));
}

interface ActionsProps {
  readonly namespace: Namespace;
  readonly onOpen: (open: Open) => void;
}

function Actions({ namespace, onOpen }: ActionsProps): ReactNode {
  const look = { look: "quiet", className: "button quiet small", needs: "admin" } as const;
  const { enabled, namespaceId } = namespace;
  return (
    <>
      <Button {...look} aria-label={`Change ${namespaceId}`} onClick={() => onOpen({ what: "change", namespace })}>
        Change
      </Button>
      <Button
        {...look}
        aria-label={`${enabled ? "Disable" : "Enable"} ${namespaceId}`}
        onClick={() => onOpen({ what: "toggle", namespace })}
      >
        {enabled ? "Disable" : "Enable"}
      </Button>
    </>
  );
}
