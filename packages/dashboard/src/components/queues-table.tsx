import { type Queue, QueueHold } from "@kagzi/proto";
import type { ReactNode } from "react";
import { useNamespace, within } from "../app/namespace.tsx";
import { Link } from "../app/router.tsx";
import { Count } from "./count.tsx";
import { Badge } from "./status.tsx";
import { type Column, Table } from "./table.tsx";
import { Time } from "./time.tsx";

const HOLDS: Readonly<Record<QueueHold, string>> = {
  [QueueHold.UNSPECIFIED]: "nothing: workers are about to take them, or are busy",
  [QueueHold.NO_WORKER]: "no worker online takes them",
  [QueueHold.KEY_CONCURRENCY]: "as many of its key run as may",
  [QueueHold.CONCURRENCY]: "as many of the workflow run as may",
  [QueueHold.THROTTLE]: "as many began lately as may",
};

/** What holds the runs of a queue back. */
export function Hold({ hold }: { readonly hold: QueueHold }): ReactNode {
  const text = HOLDS[hold] ?? HOLDS[QueueHold.UNSPECIFIED];
  if (hold === QueueHold.UNSPECIFIED) return <span className="faint">{text}</span>;
  return <Badge tone={hold === QueueHold.NO_WORKER ? "failed" : "waiting"}>{text}</Badge>;
}

/** Runs that are ready and wait: for a worker, or for a limit. */
export function QueuesTable({
  queues,
  hasWorkflow = true,
}: {
  readonly queues: readonly Queue[];
  /** Whether the workflow is said of each. */
  readonly hasWorkflow?: boolean;
}): ReactNode {
  return (
    <div className="scrolls" tabIndex={0} role="region" aria-label="Queues">
      <Table label="Queues" columns={columns(hasWorkflow)} rows={queues} keyOf={keyOf} />
    </div>
  );
}

function columns(hasWorkflow: boolean): readonly Column<Queue>[] {
  const all: readonly Column<Queue>[] = [
    { name: "Workflow", cell: (queue) => <WorkflowLink queue={queue} /> },
    { name: "Version", cell: (queue) => `v${queue.version}`, width: "90px" },
    { name: "Key", cell: keyText, width: "200px" },
    { name: "Ready", cell: ({ ready }) => <Count count={ready} />, width: "90px", align: "right" },
    { name: "Running", cell: running, width: "90px", align: "right" },
    { name: "Oldest", cell: ({ oldestReadyAt }) => <Time at={oldestReadyAt} />, width: "120px" },
    { name: "Held back by", cell: ({ heldBy }) => <Hold hold={heldBy} />, width: "330px" },
  ];
  return hasWorkflow ? all : all.slice(1);
}

function WorkflowLink({ queue }: { readonly queue: Queue }): ReactNode {
  const namespace = useNamespace();
  return <Link to={within(namespace, "workflows", queue.workflowType)}>{queue.workflowType}</Link>;
}

function keyText({ key, throttleKey, taskQueue }: Queue): ReactNode {
  const text = [key, throttleKey].filter((each) => each !== undefined && each !== "").join(", ");
  const queue = taskQueue === "" ? "" : ` in ${taskQueue}`;
  return text + queue === "" ? <span className="faint">–</span> : <code title={text + queue}>{text + queue}</code>;
}

/** Of a line alone is it known. */
function running({ key, running: count }: Queue): ReactNode {
  return key === undefined ? <span className="faint">–</span> : <span className="number">{count}</span>;
}

function keyOf({ workflowType, version, taskQueue, key, throttleKey }: Queue): string {
  return JSON.stringify([workflowType, version, taskQueue, key, throttleKey]);
}
