import { type ReactNode, useState } from "react";
import { plural } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { readTyped } from "../../client/payload-of.ts";
import { useAction } from "../../client/use-action.ts";
import { Confirm } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { JsonField } from "../../components/json-field.tsx";

export interface SendEventDialogProps {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Sends an event to the whole namespace. */
export function SendEventDialog({ onDone, onClose }: SendEventDialogProps): ReactNode {
  const namespaceId = useNamespace();
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const [eventId, setEventId] = useState("");
  const [text, setText] = useState("");
  const typed = readTyped(text);
  const action = useAction(async () => {
    if (!typed.ok) return undefined;
    const sent = await api.events.sendEvent({
      namespaceId,
      name,
      key,
      ...(eventId !== "" && { eventId }),
      ...(typed.payload !== undefined && { payload: typed.payload }),
    });
    onDone();
    onClose();
    if (sent.alreadyExists) return "An event with this id was there before: nothing was changed.";
    return `${name} was sent. It started ${plural(sent.startedRunIds.length, "run")}.`;
  });
  return (
    <Confirm
      title="Send an event"
      verb="Send"
      isBusy={action.isBusy}
      isDisabled={name.trim() === "" || !typed.ok}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>It starts the workflows that subscribe to it, and wakes the runs of this namespace that wait for it.</p>
      <Field label="Name">
        {(given) => <input {...given} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <div className="pair">
        <Field label="Key (optional)" hint="What a wait may ask for beside the name.">
          {(given) => <input {...given} value={key} onChange={(event) => setKey(event.target.value)} />}
        </Field>
        <Field label="Id (optional)" hint="An event is sent once per id.">
          {(given) => <input {...given} value={eventId} onChange={(event) => setEventId(event.target.value)} />}
        </Field>
      </div>
      <JsonField label="Payload" text={text} onText={setText} />
    </Confirm>
  );
}
