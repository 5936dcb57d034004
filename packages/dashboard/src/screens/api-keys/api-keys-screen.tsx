import type { ApiKey } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { toMs } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Badge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time, serverNow } from "../../components/time.tsx";
import { NewKeyDialog, RevokeDialog } from "./api-key-dialogs.tsx";
import { roleName } from "./roles.ts";

const EVERY_MS = 10_000;
const SHOWN = 500;

/** Who may call, and as what. */
export function ApiKeysScreen(): ReactNode {
  const namespaceId = useNamespace();
  const isAll = usePlace().search.get("show") === "all";
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<ApiKey>();
  const live = useLive({
    key: `${namespaceId}/${isAll}`,
    load: async (signal) => {
      const of = isAll ? { allNamespaces: true } : { namespaceId };
      return (await api.apiKeys.listApiKeys({ ...of, page: { pageSize: SHOWN } }, { signal })).apiKeys;
    },
    every: EVERY_MS,
  });
  return (
    <Page
      title="API keys"
      actions={
        <>
          <label className="tick-line">
            <input
              type="checkbox"
              checked={isAll}
              onChange={(event) => setSearch({ show: event.target.checked ? "all" : undefined })}
            />
            of all namespaces
          </label>
          <Button look="primary" icon="plus" needs="admin" onClick={() => setMaking(true)}>
            New key
          </Button>
        </>
      }
    >
      <Looked live={live} what="keys">
        {(keys) =>
          keys.length === 0 ? (
            <NoKeys />
          ) : (
            <div className="scrolls" tabIndex={0} role="region" aria-label="API keys">
              <Table label="API keys" columns={columns(setRevoked)} rows={keys} keyOf={({ keyId }) => keyId} />
            </div>
          )
        }
      </Looked>
      {isMaking && <NewKeyDialog onDone={live.refresh} onClose={() => setMaking(false)} />}
      {revoked !== undefined && (
        <RevokeDialog apiKey={revoked} onDone={live.refresh} onClose={() => setRevoked(undefined)} />
      )}
    </Page>
  );
}

function columns(onRevoke: (key: ApiKey) => void): readonly Column<ApiKey>[] {
  return [
    { name: "Name", cell: ({ name }) => <span className="strong">{name}</span> },
    { name: "Id", cell: ({ keyId }) => <code>{keyId}</code>, width: "170px" },
    { name: "Role", cell: ({ role }) => roleName(role), width: "100px" },
    {
      name: "Namespace",
      cell: ({ allNamespaces, namespaceId }) => (allNamespaces ? <span className="chip">all</span> : namespaceId),
      width: "130px",
    },
    { name: "State", cell: (key) => <KeyState apiKey={key} />, width: "110px" },
    { name: "Used last", cell: ({ lastUsedAt }) => <Time at={lastUsedAt} />, width: "110px" },
    { name: "Expires", cell: ({ expiresAt }) => <Time at={expiresAt} />, width: "110px" },
    { name: "Actions", cell: (key) => <Revoke apiKey={key} onRevoke={onRevoke} />, width: "90px" },
  ];
}

function isGood({ expiresAt, revokedAt }: ApiKey): boolean {
  return revokedAt === undefined && (expiresAt === undefined || toMs(expiresAt) > serverNow());
}

function KeyState({ apiKey }: { readonly apiKey: ApiKey }): ReactNode {
  if (apiKey.revokedAt !== undefined) return <Badge tone="cancelled">revoked</Badge>;
  return isGood(apiKey) ? <Badge tone="completed">good</Badge> : <Badge tone="paused">expired</Badge>;
}

interface RevokeProps {
  readonly apiKey: ApiKey;
  readonly onRevoke: (key: ApiKey) => void;
}

function Revoke({ apiKey, onRevoke }: RevokeProps): ReactNode {
  if (!isGood(apiKey)) return null;
  return (
    <Button
      look="quiet"
      className="button quiet small"
      needs="admin"
      aria-label={`Revoke ${apiKey.name}`}
      onClick={() => onRevoke(apiKey)}
    >
      Revoke
    </Button>
  );
}

function NoKeys(): ReactNode {
  return (
    <Empty title="No key yet">
      <p>
        A server that listens to more than this computer asks everybody for a key. Make one above, or on the command
        line:
      </p>
      <pre className="code">{`kagzi apikey create --name billing --role worker --namespace default --expires 90d`}</pre>
    </Empty>
  );
}
