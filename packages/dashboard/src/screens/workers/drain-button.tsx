import { type Worker, WorkerStatus } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { plural } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Button } from "../../components/button.tsx";
import { Confirm } from "../../components/dialog.tsx";
import { nameOf } from "./worker-parts.tsx";

export interface DrainButtonProps {
  readonly worker: Worker;
  readonly onDone: () => void;
  readonly isSmall?: boolean;
}

/** Lets a worker finish what it has, and gives it nothing more. */
export function DrainButton({ worker, onDone, isSmall = false }: DrainButtonProps): ReactNode {
  const namespaceId = useNamespace();
  const [isOpen, setOpen] = useState(false);
  const { activeCount, status, workerId } = worker;
  const action = useAction(async () => {
    await api.admin.drainWorker({ namespaceId, workerId });
    setOpen(false);
    onDone();
    return "The worker takes nothing more.";
  });
  if (status !== WorkerStatus.ONLINE) return null;
  const look = isSmall ? ({ look: "quiet", className: "button quiet small" } as const) : {};
  return (
    <>
      <Button {...look} needs="admin" onClick={() => setOpen(true)}>
        Drain
      </Button>
      {isOpen && (
        <Confirm
          title={`Drain ${nameOf(worker)}?`}
          verb="Drain"
          isBusy={action.isBusy}
          onClose={() => setOpen(false)}
          onConfirm={() => void action.run()}
        >
          <p>
            It finishes the {plural(activeCount, "run")} that it has, and is given nothing more until its process is
            started again. This cannot be undone.
          </p>
        </Confirm>
      )}
    </>
  );
}
