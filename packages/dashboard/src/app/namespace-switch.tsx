import { type ReactNode, useId } from "react";
import { api } from "../client/api.ts";
import { useLive } from "../client/use-live.ts";
import { useNamespace, within } from "./namespace.tsx";
import { navigate, usePlace } from "./router.tsx";

const EVERY_MS = 30_000;

/** Whose runs are looked at. The screen stays the same. */
export function NamespaceSwitch(): ReactNode {
  const current = useNamespace();
  const { path } = usePlace();
  const id = useId();
  const { value = [] } = useLive({
    key: "namespaces",
    load: async (signal) => {
      const { namespaces } = await api.namespaces.listNamespaces({ page: { pageSize: 1000 } }, { signal });
      return namespaces.map(({ namespaceId }) => namespaceId);
    },
    every: EVERY_MS,
  });
  const names = value.includes(current) ? value : [current, ...value];
  return (
    <div className="namespace">
      <label htmlFor={id}>Namespace</label>
      <select
        id={id}
        value={current}
        onChange={(event) => navigate(within(event.target.value, ...path.split("/").slice(2, 3)))}
      >
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </div>
  );
}
