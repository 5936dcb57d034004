import type { ReactNode } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link } from "../../app/router.tsx";
import { Empty } from "../../components/empty.tsx";

const EXAMPLE = `import { Client } from "kagzi";

const client = new Client();
await client.start("hello", { name: "Ada" });`;

/** Why the list is empty, and what to do. */
export function NoRuns({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  const namespace = useNamespace();
  if (isFiltered) {
    return (
      <Empty title="No run matches">
        <p>
          Runs that match later show up here by themselves. <Link to={within(namespace, "runs")}>Show all runs</Link>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No run yet">
      <p>
        <Link to={within(namespace, "start")}>Start one here</Link>, or from code. It shows up by itself.
      </p>
      <pre className="code">{EXAMPLE}</pre>
    </Empty>
  );
}
