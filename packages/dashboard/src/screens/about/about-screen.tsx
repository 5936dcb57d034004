import { type GetServerInfoResponse, type HealthCheckResponse, ServingStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { BASE_URL } from "../../app/base.ts";
import { api } from "../../client/api.ts";
import { type Session, useSession } from "../../client/session.ts";
import { useLive } from "../../client/use-live.ts";
import { Copy } from "../../components/copy.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Facts, Section } from "../../components/section.tsx";
import { Badge } from "../../components/status.tsx";
import { Elapsed, Time } from "../../components/time.tsx";

const EVERY_MS = 5000;
const STORES: Readonly<Record<string, string>> = { postgres: "PostgreSQL", sqlite: "SQLite" };
const AUTH = {
  required: "everybody for an API key",
  optional: "nobody, as it listens to this computer alone",
  off: "nobody, as it was told",
} as const;

/** Which server this is, and how it is. */
export function AboutScreen(): ReactNode {
  const session = useSession();
  const live = useLive({
    key: "about",
    load: async (signal) => {
      const [info, health] = await Promise.all([
        api.admin.getServerInfo({}, { signal }),
        api.admin.healthCheck({}, { signal }),
      ]);
      return { info, health };
    },
    every: EVERY_MS,
  });
  return (
    <Page title="About this server">
      <Looked live={live} what="the server">
        {({ health, info }) => (
          <div className="stacked roomy">
            <Facts facts={factsOf(info, health)} />
            {session !== undefined && <Who session={session} />}
          </div>
        )}
      </Looked>
    </Page>
  );
}

function factsOf(info: GetServerInfoResponse, health: HealthCheckResponse) {
  const { apiVersion, now, schemaVersion, serverVersion, startedAt, store } = info;
  const url = BASE_URL.replace(/\/$/u, "");
  return [
    { name: "State", value: <Health health={health} /> },
    { name: "Version", value: serverVersion },
    { name: "Contract", value: apiVersion },
    { name: "Database", value: `${STORES[store] ?? store}, schema ${schemaVersion}` },
    { name: "Started", value: <Time at={startedAt} look="absolute" /> },
    { name: "Up for", value: <Elapsed from={startedAt} /> },
    { name: "Its clock", value: <Time at={now} look="absolute" /> },
    {
      name: "Clients and workers reach it at",
      value: (
        <>
          <code>{url}</code>
          <Copy text={url} label="the address" />
        </>
      ),
    },
  ];
}

function Health({ health }: { readonly health: HealthCheckResponse }): ReactNode {
  if (health.status === ServingStatus.SERVING) return <Badge tone="completed">serving</Badge>;
  return (
    <>
      <Badge tone="failed">not serving</Badge> {health.message}
    </>
  );
}

function Who({ session }: { readonly session: Session }): ReactNode {
  return (
    <Section title="Who comes in">
      <p>The server asks {AUTH[session.auth]}.</p>
      {session.actor !== undefined && session.actor !== "local" && (
        <Facts
          facts={[
            { name: "You are", value: `${session.name ?? ""} (${session.actor})` },
            { name: "Role", value: session.role ?? "" },
            { name: "Namespace", value: session.namespace ?? "all" },
          ]}
        />
      )}
    </Section>
  );
}
