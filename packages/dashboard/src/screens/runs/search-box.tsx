import { Code, ConnectError } from "@connectrpc/connect";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { navigate, setSearch } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { Icon } from "../../components/icon.tsx";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/** One box for what somebody has at hand: the id of a run, an external id, or the name of a workflow. */
export function SearchBox({ names }: { readonly names: readonly string[] }): ReactNode {
  const namespaceId = useNamespace();
  const [text, setText] = useState("");
  const listId = useId();
  const search = useAction(async (wanted: string) => {
    if (UUID.test(wanted)) {
      navigate(within(namespaceId, "runs", wanted));
      return undefined;
    }
    if (names.includes(wanted)) {
      setSearch({ workflow: wanted });
      setText("");
      return undefined;
    }
    const runId = await findByExternalId(namespaceId, wanted);
    navigate(within(namespaceId, "runs", runId));
    return undefined;
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted !== "") void search.run(wanted);
  };
  return (
    <form className="search" onSubmit={submit}>
      <Icon name="search" />
      <input
        data-search
        type="search"
        aria-label="Search for a run or a workflow"
        placeholder="Run id, external id or workflow"
        list={listId}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <datalist id={listId}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

async function findByExternalId(namespaceId: string, externalId: string): Promise<string> {
  try {
    const { workflow } = await api.workflows.getWorkflowByExternalId({ namespaceId, externalId });
    return workflow?.runId ?? "";
  } catch (error) {
    if (ConnectError.from(error).code !== Code.NotFound) throw error;
    const message = `No run has the id or the external id “${externalId}” in ${namespaceId}, and no workflow is called so.`;
    throw new ConnectError(message, Code.NotFound);
  }
}
