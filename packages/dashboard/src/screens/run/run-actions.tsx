import { WorkflowStatus } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { within } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Button, ButtonLink } from "../../components/button.tsx";
import { hasEnded } from "../../components/status.tsx";
import { CancelDialog, DeleteDialog, PauseDialog, TerminateDialog } from "./operation-dialogs.tsx";
import { RerunButton } from "./rerun.tsx";
import { SendDialog } from "./send-dialog.tsx";
import type { RunView } from "./use-run.ts";

type Asked = "pause" | "send" | "cancel" | "terminate" | "delete";

/** What can be done about the run in its state. Each says what it does before it is done. */
export function RunActions({ view, onDone }: { readonly view: RunView; readonly onDone: () => void }): ReactNode {
  const { run } = view;
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const done = () => {
    close();
    onDone();
  };
  const props = { run, onClose: close, onDone: done };
  return (
    <>
      {hasEnded(run.status) ? (
        <>
          {run.status === WorkflowStatus.FAILED && <RetryButton view={view} onDone={onDone} />}
          <ButtonLink to={`${within(run.namespaceId, "start")}?from=${run.runId}`}>Start like this</ButtonLink>
          <RerunButton run={run} />
          <Button needs="admin" onClick={() => setAsked("delete")}>
            Delete…
          </Button>
        </>
      ) : (
        <>
          {run.status === WorkflowStatus.PAUSED ? (
            <ResumeButton view={view} onDone={onDone} />
          ) : (
            <Button needs="use" onClick={() => setAsked("pause")}>
              Pause…
            </Button>
          )}
          <Button needs="use" onClick={() => setAsked("send")}>
            Send an event…
          </Button>
          <RerunButton run={run} />
          <Button needs="use" onClick={() => setAsked("cancel")}>
            Cancel…
          </Button>
          <Button needs="admin" onClick={() => setAsked("terminate")}>
            Terminate…
          </Button>
        </>
      )}
      {asked === "pause" && <PauseDialog {...props} />}
      {asked === "send" && <SendDialog {...props} explanation={view.explanation} />}
      {asked === "cancel" && <CancelDialog {...props} />}
      {asked === "terminate" && <TerminateDialog {...props} />}
      {asked === "delete" && <DeleteDialog {...props} />}
    </>
  );
}

interface OneClickProps {
  readonly view: RunView;
  readonly onDone: () => void;
}

function RetryButton({ view, onDone }: OneClickProps): ReactNode {
  const { namespaceId, runId } = view.run;
  const retry = useAction(async () => {
    await api.workflows.retryWorkflow({ namespaceId, runId });
    onDone();
    return "The run goes on from where it failed. Completed steps are kept.";
  });
  return (
    <Button
      look="primary"
      needs="use"
      isBusy={retry.isBusy}
      title="Runs it again from where it failed; completed steps are kept"
      onClick={() => void retry.run()}
    >
      Retry
    </Button>
  );
}

function ResumeButton({ view, onDone }: OneClickProps): ReactNode {
  const { namespaceId, runId } = view.run;
  const resume = useAction(async () => {
    await api.workflows.resumeWorkflow({ namespaceId, runId });
    onDone();
    return "The run goes on.";
  });
  return (
    <Button look="primary" needs="use" isBusy={resume.isBusy} onClick={() => void resume.run()}>
      Resume
    </Button>
  );
}
