import type { GetStepLimitResponse, SlotHolder } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { formatCount } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { LimitsDialog } from "../../components/limits-dialog.tsx";
import { LimitsView } from "../../components/limits-view.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { Facts, Section } from "../../components/section.tsx";
import { type Column, Table } from "../../components/table.tsx";

const EVERY_MS = 3000;
const WAITING_CAP = 1000;

/** A named limit, which steps ask for a slot of. Its name stands in the code, and is asked for. */
export function LimitsScreen(): ReactNode {
  const name = usePlace().search.get("name") ?? "";
  return (
    <Page title="Step limits">
      <NameForm key={name} name={name} />
      {name === "" ? <NoName /> : <StepLimit key={name} name={name} />}
    </Page>
  );
}

function NameForm({ name }: { readonly name: string }): ReactNode {
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
          aria-label="Name of the limit"
          placeholder="Name of the limit"
          data-search
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <Button type="submit" isBusy={typed.trim() === ""}>
        Look at it
      </Button>
    </form>
  );
}

function NoName(): ReactNode {
  return (
    <Empty title="Which limit?">
      <p>
        A step limit has a name, and holds for steps of any workflow: how many of them may call a service at once. The
        server lists none; the name stands in the code of workers and of steps. Type it above to see who holds its
        slots, and to change it.
      </p>
    </Empty>
  );
}

function StepLimit({ name }: { readonly name: string }): ReactNode {
  const namespaceId = useNamespace();
  const [isOpen, setOpen] = useState(false);
  const of = { namespaceId, name };
  const live = useLive({
    key: `${namespaceId}/${name}`,
    load: (signal) => api.admin.getStepLimit(of, { signal }),
    every: EVERY_MS,
  });
  const back = useAction(async () => {
    await api.admin.setStepLimit(of);
    live.refresh();
    return "What the code says counts again.";
  });
  return (
    <Looked live={live} what="the limit">
      {(limit) => (
        <div className="stacked roomy">
          <Facts facts={factsOf(limit)} />
          <div className="button-line">
            <Button needs="admin" onClick={() => setOpen(true)}>
              Change the limit
            </Button>
            {limit.override !== undefined && (
              <Button needs="admin" isBusy={back.isBusy} onClick={() => void back.run()}>
                Back to the code
              </Button>
            )}
          </div>
          <Holders limit={limit} />
          {isOpen && (
            <LimitsDialog
              what="steps"
              hasKeys={false}
              limits={limit.override ?? limit.declared}
              save={(limits) => api.admin.setStepLimit({ ...of, limits })}
              onDone={live.refresh}
              onClose={() => setOpen(false)}
            />
          )}
        </div>
      )}
    </Looked>
  );
}

function factsOf({ declared, override, waiting }: GetStepLimitResponse) {
  return [
    ...(override === undefined ? [] : [{ name: "Set by hand", value: <LimitsView limits={override} what="steps" /> }]),
    {
      name: "In the code",
      value: declared === undefined ? "nothing" : <LimitsView limits={declared} what="steps" />,
    },
    { name: "Steps that wait", value: formatCount(waiting, WAITING_CAP) },
  ];
}

function Holders({ limit }: { readonly limit: GetStepLimitResponse }): ReactNode {
  const namespace = useNamespace();
  return (
    <Section title="Who holds a slot" about="at most 100 are shown">
      {limit.holders.length === 0 ? (
        <p className="faint">Nobody.</p>
      ) : (
        <Table
          label="Who holds a slot"
          columns={HOLDERS}
          rows={limit.holders}
          keyOf={({ runId, step }) => `${runId}/${step}`}
          to={({ runId }) => within(namespace, "runs", runId)}
        />
      )}
    </Section>
  );
}

const HOLDERS: readonly Column<SlotHolder>[] = [
  { name: "Run", cell: ({ runId }) => <code>{runId}</code> },
  { name: "Step", cell: ({ step }) => step },
];
