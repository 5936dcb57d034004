import type { Namespace } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Confirm } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";

interface DialogProps {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const DAY_MS = 86_400_000;

export function NewNamespaceDialog({ onDone, onClose }: DialogProps): ReactNode {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const action = useAction(async () => {
    await api.namespaces.createNamespace({ namespaceId: name.trim(), description });
    onDone();
    onClose();
    return `The namespace ${name.trim()} was made.`;
  });
  return (
    <Confirm
      title="New namespace"
      verb="Make it"
      isBusy={action.isBusy}
      isDisabled={name.trim() === ""}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>Runs, schedules, events and workers of a namespace never see those of another.</p>
      <Field label="Name" hint="1 to 64 of a-z, 0-9, - _ and . beginning with a letter or a digit.">
        {(given) => <input {...given} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Description">
        {(given) => <input {...given} value={description} onChange={(event) => setDescription(event.target.value)} />}
      </Field>
    </Confirm>
  );
}

interface OneProps extends DialogProps {
  readonly namespace: Namespace;
}

/** Changes what a namespace is described as, and how long its runs are kept. */
export function NamespaceDialog({ namespace, onDone, onClose }: OneProps): ReactNode {
  const { namespaceId, retentionMs } = namespace;
  const [description, setDescription] = useState(namespace.description);
  const [kept, setKept] = useState(retentionMs === undefined ? "server" : retentionMs === 0n ? "ever" : "days");
  const [days, setDays] = useState(String(retentionMs ? Number(retentionMs) / DAY_MS : 30));
  const action = useAction(async () => {
    await api.namespaces.updateNamespace({ namespaceId, description, retention: retentionOf(kept, days) });
    onDone();
    onClose();
    return `${namespaceId} was changed.`;
  });
  return (
    <Confirm
      title={`Change ${namespaceId}`}
      verb="Save"
      isBusy={action.isBusy}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <Field label="Description">
        {(given) => <input {...given} value={description} onChange={(event) => setDescription(event.target.value)} />}
      </Field>
      <Field label="Runs that have ended are kept" hint="After that they are removed, with all that is known of them.">
        {(given) => (
          <select {...given} value={kept} onChange={(event) => setKept(event.target.value)}>
            <option value="server">as long as the server says</option>
            <option value="ever">for ever</option>
            <option value="days">for some days</option>
          </select>
        )}
      </Field>
      {kept === "days" && (
        <Field label="Days">
          {(given) => (
            <input
              {...given}
              type="number"
              min={0}
              step="any"
              required
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          )}
        </Field>
      )}
    </Confirm>
  );
}

function retentionOf(kept: string, days: string) {
  if (kept === "server") return { case: "serverRetention", value: true } as const;
  return { case: "retentionMs", value: kept === "ever" ? 0n : BigInt(Math.round(Number(days) * DAY_MS)) } as const;
}

export function ToggleDialog({ namespace, onDone, onClose }: OneProps): ReactNode {
  const { enabled, namespaceId } = namespace;
  const action = useAction(async () => {
    await (enabled
      ? api.namespaces.disableNamespace({ namespaceId })
      : api.namespaces.enableNamespace({ namespaceId }));
    onDone();
    onClose();
    return `${namespaceId} is ${enabled ? "disabled" : "enabled"}.`;
  });
  return (
    <Confirm
      title={`${enabled ? "Disable" : "Enable"} ${namespaceId}?`}
      verb={enabled ? "Disable" : "Enable"}
      isDangerous={enabled}
      isBusy={action.isBusy}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>
        {enabled
          ? "Nothing new starts in it: no run, no schedule, no event. What runs goes on to its end."
          : "Runs, schedules and events start in it again."}
      </p>
    </Confirm>
  );
}
