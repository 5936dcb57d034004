import type { WorkflowSchedule } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { navigate } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Button } from "../../components/button.tsx";
import { Confirm } from "../../components/dialog.tsx";

export interface ScheduleActionsProps {
  readonly schedule: WorkflowSchedule;
  readonly onDone: () => void;
  /** In a list they are small. */
  readonly isSmall?: boolean;
  /** After it was deleted. */
  readonly onGone?: () => void;
}

/** Fires now, stops and goes on, and deletes. */
export function ScheduleActions({ schedule, onDone, isSmall = false, onGone }: ScheduleActionsProps): ReactNode {
  const namespaceId = useNamespace();
  const [isDeleting, setDeleting] = useState(false);
  const { enabled, scheduleId } = schedule;
  const of = { namespaceId, scheduleId };
  const look = isSmall ? ({ look: "quiet", className: "button quiet small" } as const) : {};
  const trigger = useAction(async () => {
    const { runId } = await api.schedules.triggerWorkflowSchedule(of);
    navigate(within(namespaceId, "runs", runId));
    return `A run was started for ${scheduleId}.`;
  });
  const toggle = useAction(async () => {
    await (enabled ? api.schedules.pauseWorkflowSchedule(of) : api.schedules.resumeWorkflowSchedule(of));
    onDone();
    return enabled ? `${scheduleId} fires no more until it is resumed.` : `${scheduleId} fires again.`;
  });
  return (
    <>
      <Button {...look} needs="use" isBusy={trigger.isBusy} onClick={() => void trigger.run()}>
        Run now
      </Button>
      <Button {...look} needs="use" isBusy={toggle.isBusy} onClick={() => void toggle.run()}>
        {enabled ? "Pause" : "Resume"}
      </Button>
      <Button {...look} needs="use" onClick={() => setDeleting(true)}>
        Delete
      </Button>
      {isDeleting && (
        <DeleteSchedule
          schedule={schedule}
          onClose={() => setDeleting(false)}
          onDone={() => {
            setDeleting(false);
            (onGone ?? onDone)();
          }}
        />
      )}
    </>
  );
}

interface DeleteScheduleProps {
  readonly schedule: WorkflowSchedule;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function DeleteSchedule({ schedule, onDone, onClose }: DeleteScheduleProps): ReactNode {
  const { declaredBy, scheduleId } = schedule;
  const namespaceId = useNamespace();
  const action = useAction(async () => {
    await api.schedules.deleteWorkflowSchedule({ namespaceId, scheduleId });
    onDone();
    return `${scheduleId} was deleted.`;
  });
  return (
    <Confirm
      title={`Delete ${scheduleId}?`}
      verb="Delete"
      isDangerous
      isBusy={action.isBusy}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>It fires no more. Runs that it has started stay as they are. This cannot be undone.</p>
      {declaredBy !== undefined && (
        <p>
          It stands in the code of {declaredBy}: a worker that registers with that code makes it again. Take it out of
          the code, too.
        </p>
      )}
    </Confirm>
  );
}
