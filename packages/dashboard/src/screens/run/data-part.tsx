import type { Workflow } from "@kagzi/proto";
import type { ReactNode } from "react";
import { PayloadView } from "../../components/payload.tsx";

/** What the run was started with, what it says of its progress, and what it came to. */
export function DataPart({ run }: { readonly run: Workflow }): ReactNode {
  return (
    <div className="columns">
      <PayloadView payload={run.input} label="Input" />
      <div className="stacked">
        {run.progress !== undefined && <PayloadView payload={run.progress} label="Progress" />}
        <PayloadView payload={run.output} label="Output" />
      </div>
    </div>
  );
}
