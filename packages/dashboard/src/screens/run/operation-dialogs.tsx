import type { Workflow } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { within } from "../../app/namespace.tsx";
import { navigate } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Confirm } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";

export interface OperationProps {
  readonly run: Workflow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Done by an operation, with a reason. Answers with what the person is told. */
type Operation = (run: {
  readonly namespaceId: string;
  readonly runId: string;
  readonly reason: string;
}) => Promise<string>;

interface ReasonDialogProps extends OperationProps {
  readonly title: string;
  readonly verb: string;
  readonly children: ReactNode;
  readonly isDangerous?: boolean;
  readonly operation: Operation;
}

function ReasonDialog(props: ReasonDialogProps): ReactNode {
  const { run, onClose, onDone, title, verb, children, isDangerous = false, operation } = props;
  const [reason, setReason] = useState("");
  const action = useAction(async () => {
    const { namespaceId, runId } = run;
    const told = await operation({ namespaceId, runId, reason });
    onDone();
    return told;
  });
  return (
    <Confirm
      title={title}
      verb={verb}
      isDangerous={isDangerous}
      isBusy={action.isBusy}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      {children}
      <Field label="Reason" hint="Is kept with the run.">
        {(given) => <input {...given} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
    </Confirm>
  );
}

export function PauseDialog(props: OperationProps): ReactNode {
  return (
    <ReasonDialog
      {...props}
      title="Pause the run?"
      verb="Pause"
      operation={async (request) => {
        await api.workflows.pauseWorkflow(request);
        return "The run stops after the steps that are running.";
      }}
    >
      <p>Steps that are running come to their end. Nothing more begins until somebody resumes the run.</p>
    </ReasonDialog>
  );
}

export function CancelDialog(props: OperationProps): ReactNode {
  return (
    <ReasonDialog
      {...props}
      title="Cancel the run?"
      verb="Cancel the run"
      isDangerous
      operation={async (request) => {
        await api.workflows.cancelWorkflow(request);
        return "The run was asked to clean up and end.";
      }}
    >
      <p>
        Its code is told, and has a minute to clean up: to refund, to release what it holds. Then the run ends as
        cancelled, and so do its children. This cannot be undone.
      </p>
    </ReasonDialog>
  );
}

export function TerminateDialog(props: OperationProps): ReactNode {
  return (
    <ReasonDialog
      {...props}
      title="Terminate the run?"
      verb="Terminate"
      isDangerous
      operation={async (request) => {
        await api.workflows.terminateWorkflow(request);
        return "The run has ended.";
      }}
    >
      <p>
        The run ends at once, and its code gets no chance to clean up: what its steps have done stays done. Prefer to
        cancel it. This cannot be undone.
      </p>
    </ReasonDialog>
  );
}

/** Deleting takes the workflow's name, typed. */
export function DeleteDialog({ run, onClose }: OperationProps): ReactNode {
  const [typed, setTyped] = useState("");
  const { namespaceId, runId, workflowType } = run;
  const action = useAction(async () => {
    await api.workflows.deleteWorkflow({ namespaceId, runId });
    navigate(within(namespaceId, "runs"), { replace: true });
    return "The run was deleted.";
  });
  return (
    <Confirm
      title="Delete the run?"
      verb="Delete for ever"
      isDangerous
      isBusy={action.isBusy}
      isDisabled={typed !== workflowType}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>
        Everything that is known of it goes: its input, its output and its history. Its external id may be used again,
        and so the same work could be done twice. This cannot be undone.
      </p>
      <Field label={`Type ${workflowType} to confirm`}>
        {(given) => (
          <input {...given} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
        )}
      </Field>
    </Confirm>
  );
}
