import { type ReactNode, useState } from "react";
import { useNamespace } from "../../app/namespace.tsx";
import { setSearch, usePlace } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { useLive } from "../../client/use-live.ts";
import { useWorkflowNames } from "../../client/use-workflow-names.ts";
import { Loading, ProblemNote } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Page } from "../../components/page.tsx";
import { readPayload } from "../../components/payload.tsx";
import { StartForm } from "./start-form.tsx";

const EVERY_MS = 5000;

/** Starts a run of a workflow that workers have told of. `?workflow=` and `?from=` (a run to take the input of) fill it in. */
export function StartScreen(): ReactNode {
  const names = useWorkflowNames();
  const { search } = usePlace();
  const named = search.get("workflow") ?? "";
  const from = search.get("from") ?? undefined;
  const past = usePastInput(from);
  const workflow = named === "" && past.value !== undefined ? past.value.workflowType : named;
  return (
    <Page title="Start a run">
      <div className="form">
        <Field
          label="Workflow"
          hint={names.length === 0 ? "No worker has told of any yet. Start one, or type the name." : undefined}
        >
          {(given) => <WorkflowChoice {...given} names={names} current={workflow} />}
        </Field>
        <ProblemNote problem={past.problem} />
        {workflow !== "" && (from === undefined || past.value !== undefined) && (
          <WorkflowForm key={`${workflow} ${from}`} workflow={workflow} input={past.value?.input} />
        )}
      </div>
    </Page>
  );
}

interface WorkflowChoiceProps {
  readonly id: string;
  readonly "aria-describedby": string;
  readonly names: readonly string[];
  readonly current: string;
}

function choose(workflow: string): void {
  setSearch({ workflow, from: undefined });
}

/** A list where workers have told of workflows, and a box where none has. */
function WorkflowChoice({ names, current, ...given }: WorkflowChoiceProps): ReactNode {
  const [typed, setTyped] = useState(current);
  if (names.length === 0) {
    return (
      <input
        {...given}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => choose(typed)}
        onKeyDown={(event) => event.key === "Enter" && choose(typed)}
      />
    );
  }
  const all = current === "" || names.includes(current) ? names : [current, ...names];
  return (
    <select {...given} value={current} onChange={(event) => choose(event.target.value)}>
      <option value="">Choose one</option>
      {all.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

interface PastInput {
  readonly workflowType: string;
  /** As JSON; absent where only its owner can read it. */
  readonly input: string | undefined;
}

/** What a run of before was started with. */
function usePastInput(runId: string | undefined) {
  const namespaceId = useNamespace();
  return useLive<PastInput | undefined>({
    key: `${namespaceId}/${runId}`,
    load: async (signal) => {
      if (runId === undefined) return undefined;
      const { workflow } = await api.workflows.getWorkflow({ namespaceId, runId }, { signal });
      const input = readPayload(workflow?.input);
      const text = input.kind === "json" ? JSON.stringify(input.value, undefined, 2) : undefined;
      return { workflowType: workflow?.workflowType ?? "", input: text };
    },
  });
}

function WorkflowForm({
  workflow,
  input,
}: {
  readonly workflow: string;
  readonly input: string | undefined;
}): ReactNode {
  const namespaceId = useNamespace();
  const { problem, value } = useLive({
    key: `${namespaceId}/${workflow}`,
    load: (signal) => api.admin.getWorkflowVersions({ namespaceId, workflowType: workflow }, { signal }),
    // A worker that tells the shape of the input may yet come.
    every: (known) => (Object.keys(known.inputSchemas).length === 0 ? EVERY_MS : undefined),
  });
  if (value === undefined)
    return problem === undefined ? <Loading what="its versions" /> : <ProblemNote problem={problem} />;
  return <StartForm workflow={workflow} known={value} input={input} />;
}
