import { type ExplainWorkflowResponse, WaitingFor_Reason as Reason } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { api } from "../../client/api.ts";
import { readTyped } from "../../client/payload-of.ts";
import { useAction } from "../../client/use-action.ts";
import { Confirm } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { JsonField } from "../../components/json-field.tsx";
import type { OperationProps } from "./operation-dialogs.tsx";

interface SendDialogProps extends OperationProps {
  readonly explanation: ExplainWorkflowResponse | undefined;
}

/** Sends an event to this run alone. What it waits for is filled in. */
export function SendDialog({ run, onClose, onDone, explanation }: SendDialogProps): ReactNode {
  const awaited = explanation?.reasons.find(({ reason }) => reason === Reason.EVENT);
  const [name, setName] = useState(eventName(awaited?.stepId ?? "", run.runId));
  const [key, setKey] = useState(awaited?.eventKey ?? "");
  const [text, setText] = useState("");
  const typed = readTyped(text);
  const { namespaceId, runId } = run;
  const action = useAction(async () => {
    if (!typed.ok) return undefined;
    await api.events.sendEvent({
      namespaceId,
      runId,
      name,
      key,
      ...(typed.payload !== undefined && { payload: typed.payload }),
    });
    onDone();
    return `The event ${name} was sent to the run.`;
  });
  return (
    <Confirm
      title="Send an event to this run"
      verb="Send"
      isBusy={action.isBusy}
      isDisabled={name === "" || !typed.ok}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>Only this run gets it. It lies in its inbox until the code waits for it.</p>
      <Field label="Name">
        {(given) => <input {...given} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Key" hint="Only where the wait asks for one.">
        {(given) => <input {...given} value={key} onChange={(event) => setKey(event.target.value)} />}
      </Field>
      <JsonField label="Payload" text={text} onText={setText} />
    </Confirm>
  );
}

/** A wait for an event is a step that is called like the event. */
function eventName(stepId: string, runId: string): string {
  return stepId.replace(`${runId}/`, "").replace(/#\d+$/u, "");
}
