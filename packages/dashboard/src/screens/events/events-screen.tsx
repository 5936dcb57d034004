import type { Event } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { formatCount } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { PayloadView } from "../../components/payload.tsx";
import { Facts } from "../../components/section.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { SendEventDialog } from "./send-event-dialog.tsx";

const EVERY_MS = 3000;
const PAGE = 100;

/** What was sent to the namespace, whom it started, and who took it. */
export function EventsScreen(): ReactNode {
  const namespaceId = useNamespace();
  const name = usePlace().search.get("name") ?? "";
  const [count, setCount] = useState(PAGE);
  const [isSending, setSending] = useState(false);
  const [shown, setShown] = useState<Event>();
  const live = useLive({
    key: `${namespaceId}/${name}/${count}`,
    load: (signal) =>
      api.events.listEvents({ namespaceId, page: { pageSize: count }, ...(name !== "" && { name }) }, { signal }),
    every: EVERY_MS,
  });
  return (
    <Page
      title="Events"
      actions={
        <Button look="primary" icon="event" needs="use" onClick={() => setSending(true)}>
          Send an event
        </Button>
      }
    >
      <NameFilter key={name} name={name} />
      <Looked live={live} what="events">
        {({ events, page }) =>
          events.length === 0 ? (
            <NoEvents name={name} />
          ) : (
            <>
              <div className="scrolls" tabIndex={0} role="region" aria-label="Events">
                <Table label="Events" columns={columns(setShown)} rows={events} keyOf={({ eventId }) => eventId} />
              </div>
              {page?.hasMore === true && count < 1000 && (
                <div className="list-end">
                  <Button onClick={() => setCount(Math.min(1000, count + 300))}>Show more</Button>
                </div>
              )}
            </>
          )
        }
      </Looked>
      {isSending && <SendEventDialog onDone={live.refresh} onClose={() => setSending(false)} />}
      {shown !== undefined && <EventDialog event={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function NameFilter({ name }: { readonly name: string }): ReactNode {
  const [typed, setTyped] = useState(name);
  return (
    <form
      className="filter-line above-list"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        setSearch({ name: typed.trim() });
      }}
    >
      <div className="search">
        <input
          aria-label="Name of the event"
          placeholder="Name of the event"
          data-search
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <Button type="submit">Show these</Button>
      {name !== "" && (
        <Button look="quiet" icon="close" onClick={() => setSearch({ name: undefined })}>
          Show all
        </Button>
      )}
    </form>
  );
}

function columns(onShow: (event: Event) => void): readonly Column<Event>[] {
  return [
    { name: "Event", cell: (event) => <NameButton event={event} onShow={onShow} /> },
    {
      name: "Key",
      cell: ({ key }) => (key === "" ? <span className="faint">–</span> : <code>{key}</code>),
      width: "20%",
    },
    { name: "Sent", cell: ({ sentAt }) => <Time at={sentAt} />, width: "120px" },
    { name: "Started", cell: ({ startedRunIds }) => <RunLinks ids={startedRunIds} />, width: "220px" },
    {
      name: "Woke",
      cell: ({ takenByRunIds, takenCount }) => <RunLinks ids={takenByRunIds} count={takenCount} />,
      width: "220px",
    },
  ];
}

interface NameButtonProps {
  readonly event: Event;
  readonly onShow: (event: Event) => void;
}

function NameButton({ event, onShow }: NameButtonProps): ReactNode {
  return (
    <button type="button" className="json-fold strong" onClick={() => onShow(event)}>
      {event.name}
    </button>
  );
}

/** The first runs of several. */
function RunLinks({
  ids,
  count = ids.length,
}: {
  readonly ids: readonly string[];
  readonly count?: number;
}): ReactNode {
  const namespace = useNamespace();
  const [first] = ids;
  if (first === undefined) return <span className="faint">nobody</span>;
  return (
    <>
      <Link to={within(namespace, "runs", first)}>
        <code>…{first.slice(-12)}</code>
      </Link>
      {count > 1 && <span className="faint"> and {formatCount(count - 1, 9999)} more</span>}
    </>
  );
}

function EventDialog({ event, onClose }: { readonly event: Event; readonly onClose: () => void }): ReactNode {
  const namespace = useNamespace();
  const { eventId, key, name, payload, sentAt, startedRunIds, takenByRunIds, takenCount } = event;
  const list = (ids: readonly string[]) => (
    <ul className="bare">
      {ids.map((id) => (
        <li key={id}>
          <Link to={within(namespace, "runs", id)}>
            <code>{id}</code>
          </Link>
        </li>
      ))}
    </ul>
  );
  return (
    <Dialog title={name} onClose={onClose} width="wide">
      <Facts
        facts={[
          { name: "Id", value: <code>{eventId}</code> },
          { name: "Key", value: key === "" ? "–" : <code>{key}</code> },
          { name: "Sent", value: <Time at={sentAt} look="absolute" /> },
        ]}
      />
      <PayloadView payload={payload} label="Payload" />
      <h3>Runs that it started: {startedRunIds.length}</h3>
      {list(startedRunIds)}
      <h3>
        Runs that took it: {formatCount(takenCount)}
        {takenCount > takenByRunIds.length && `, of which ${takenByRunIds.length} are shown`}
      </h3>
      {list(takenByRunIds)}
    </Dialog>
  );
}

function NoEvents({ name }: { readonly name: string }): ReactNode {
  if (name !== "") {
    return (
      <Empty title={`No event ${name}`}>
        <p>None with this very name was sent to this namespace. Those to one run are with the run.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No event yet">
      <p>An event starts the workflows that subscribe to its name, and wakes the runs that wait for it:</p>
      <pre className="code">{`await client.send("order.paid", { orderId: "o-1" });`}</pre>
    </Empty>
  );
}
