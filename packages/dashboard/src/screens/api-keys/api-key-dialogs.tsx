import { type ApiKey, ApiKeyRole } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Button } from "../../components/button.tsx";
import { Copy } from "../../components/copy.tsx";
import { Confirm, Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { ROLES, roleName } from "./roles.ts";

interface DialogProps {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const DAY_MS = 86_400_000;

/** Makes a key, and shows it once. */
export function NewKeyDialog({ onDone, onClose }: DialogProps): ReactNode {
  const namespaceId = useNamespace();
  const [name, setName] = useState("");
  const [role, setRole] = useState(ApiKeyRole.WORKER);
  const [isForAll, setForAll] = useState(false);
  const [days, setDays] = useState("90");
  const [made, setMade] = useState<string>();
  const action = useAction(async () => {
    const { key } = await api.apiKeys.createApiKey({
      name,
      role,
      ...(isForAll ? { allNamespaces: true } : { namespaceId }),
      ...(days !== "" && { expiresInMs: BigInt(Math.round(Number(days) * DAY_MS)) }),
    });
    setMade(key);
    onDone();
    return undefined;
  });
  if (made !== undefined) return <MadeKey secret={made} onClose={onClose} />;
  return (
    <Confirm
      title="New key"
      verb="Make it"
      isBusy={action.isBusy}
      isDisabled={name.trim() === ""}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <Field label="Name" hint="Who or what has it.">
        {(given) => <input {...given} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Role" hint={`May ${ROLES.find(([each]) => each === role)?.[1] ?? ""}.`}>
        {(given) => (
          <select {...given} value={role} onChange={(event) => setRole(Number(event.target.value))}>
            {ROLES.map(([each]) => (
              <option key={each} value={each}>
                {roleName(each)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Days until it expires" hint="Empty: never.">
        {(given) => (
          <input
            {...given}
            type="number"
            min={0}
            step="any"
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
        )}
      </Field>
      <label className="tick-line">
        <input type="checkbox" checked={isForAll} onChange={(event) => setForAll(event.target.checked)} />
        for all namespaces, not for {namespaceId} alone
      </label>
    </Confirm>
  );
}

function MadeKey({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }): ReactNode {
  return (
    <Dialog title="The key" onClose={onClose} actions={<Button onClick={onClose}>I have kept it</Button>}>
      <p>This is the only time that it is shown. Keep it where secrets are kept.</p>
      <div className="button-line">
        <code className="code secret">{secret}</code>
        <Copy text={secret} label="the key" />
      </div>
      <p className="faint">
        Clients and workers take it as <code>apiKey</code>, or from KAGZI_API_KEY.
      </p>
    </Dialog>
  );
}

interface RevokeDialogProps extends DialogProps {
  readonly apiKey: ApiKey;
}

export function RevokeDialog({ apiKey, onDone, onClose }: RevokeDialogProps): ReactNode {
  const { keyId, name } = apiKey;
  const action = useAction(async () => {
    await api.apiKeys.revokeApiKey({ keyId });
    onDone();
    onClose();
    return `The key ${name} is good no more.`;
  });
  return (
    <Confirm
      title={`Revoke ${name}?`}
      verb="Revoke"
      isDangerous
      isBusy={action.isBusy}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>
        Who calls with it is refused within seconds, and is signed out of the dashboard. This cannot be undone; a new
        key can be made.
      </p>
    </Confirm>
  );
}
