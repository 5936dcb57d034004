import type { Queue } from "@kagzi/proto";
import type { ReactNode } from "react";
import { toMs } from "../../app/format.ts";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { Count } from "../../components/count.tsx";
import { Looked } from "../../components/looked.tsx";
import { Hold } from "../../components/queues-table.tsx";
import { Section } from "../../components/section.tsx";
import { Time } from "../../components/time.tsx";

const EVERY_MS = 5000;
const LOOKED_AT = 100;
const SHOWN = 5;

/** What has been ready for longest, and what holds it back. */
export function Stuck(): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive({
    key: namespaceId,
    load: (signal) => api.admin.listQueues({ namespaceId, limit: LOOKED_AT }, { signal }),
    every: EVERY_MS,
  });
  return (
    <Section
      title="Waiting for longest"
      about="ready, and not taken"
      actions={<Link to={within(namespaceId, "queues")}>all queues</Link>}
    >
      <Looked live={live} what="queues">
        {({ queues }) =>
          queues.length === 0 ? (
            <p className="faint">Nothing is stuck: all that is ready was taken.</p>
          ) : (
            <ul className="rows-list" aria-label="Waiting for longest">
              {queues
                .toSorted(byAge)
                .slice(0, SHOWN)
                .map((queue) => (
                  <li
                    key={`${queue.workflowType}@${queue.version} ${queue.taskQueue} ${queue.key} ${queue.throttleKey}`}
                  >
                    <Link to={within(namespaceId, "workflows", queue.workflowType)}>{queue.workflowType}</Link>
                    <span className="faint">
                      v{queue.version} {queue.key} {queue.throttleKey}
                    </span>
                    <span>
                      <Count count={queue.ready} /> since <Time at={queue.oldestReadyAt} />
                    </span>
                    <span className="end">
                      <Hold hold={queue.heldBy} />
                    </span>
                  </li>
                ))}
            </ul>
          )
        }
      </Looked>
    </Section>
  );
}

function byAge(one: Queue, other: Queue): number {
  return readyMs(one) - readyMs(other);
}

function readyMs({ oldestReadyAt }: Queue): number {
  return oldestReadyAt === undefined ? Number.POSITIVE_INFINITY : toMs(oldestReadyAt);
}
