import { type Worker, WorkerStatus } from "@kagzi/proto";
import type { ReactNode } from "react";
import { Badge } from "../../components/status.tsx";

/** `host (4711)`. */
export function nameOf({ hostname, pid, workerId }: Worker): string {
  return hostname === "" ? workerId : `${hostname} (${pid})`;
}

export function WorkerState({ status }: { readonly status: WorkerStatus }): ReactNode {
  if (status === WorkerStatus.ONLINE) return <Badge tone="completed">online</Badge>;
  if (status === WorkerStatus.DRAINING) return <Badge tone="waiting">draining</Badge>;
  return <Badge tone="cancelled">offline</Badge>;
}

/** How many runs it has of how many it may have, as a bar and in figures. */
export function Load({ worker }: { readonly worker: Worker }): ReactNode {
  const { activeCount, maxConcurrent } = worker;
  const share = maxConcurrent === 0 ? 0 : Math.min(1, activeCount / maxConcurrent);
  return (
    <span className="load">
      <span className="load-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className="number">
        {activeCount} of {maxConcurrent}
      </span>
    </span>
  );
}
