import type { ReactNode } from "react";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Empty } from "../../components/empty.tsx";
import { Looked } from "../../components/looked.tsx";
import { Page } from "../../components/page.tsx";
import { QueuesTable } from "../../components/queues-table.tsx";

const EVERY_MS = 3000;
const SHOWN = 100;

/** What is ready and waits: of which workflow, for which key, and what holds it back. */
export function QueuesScreen(): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: namespaceId,
    load: (signal) => api.admin.listQueues({ namespaceId, limit: SHOWN }, { signal }),
    every: EVERY_MS,
  });
  return (
    <Page title="Queues" beside={<span className="faint">the longest first</span>}>
      <Looked live={live} what="queues">
        {({ more, queues }) =>
          queues.length === 0 ? (
            <Empty title="Nothing waits">
              <p>
                Every run that is ready has been taken. A queue shows up here when a run waits for a worker, or for its
                turn under a limit of its workflow:
              </p>
              <pre className="code">{`workflow("charge", { concurrency: { limit: 1, key: "customerId" } }, …)`}</pre>
            </Empty>
          ) : (
            <>
              <QueuesTable queues={queues} />
              {more && (
                <p className="hint">
                  There are others, which are not longer or were not looked at: 500 of a workflow are.
                </p>
              )}
            </>
          )
        }
      </Looked>
    </Page>
  );
}
