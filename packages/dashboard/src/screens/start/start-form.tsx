import type { GetWorkflowVersionsResponse } from "@kagzi/proto";
import { type FormEvent, type ReactNode, useState } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { navigate } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { readTyped } from "../../client/payload-of.ts";
import { useAction } from "../../client/use-action.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { JsonField } from "../../components/json-field.tsx";
import { readPayload } from "../../components/payload.tsx";
import { defaultsOf, fieldsOf } from "./json-schema.ts";
import { SchemaForm, type Values } from "./schema-form.tsx";

export interface StartFormProps {
  readonly workflow: string;
  readonly known: GetWorkflowVersionsResponse;
  /** Of a run of before, as JSON. */
  readonly input: string | undefined;
}

/** The input, by fields or as JSON, and what else may be said of a run. */
export function StartForm({ workflow, known, input }: StartFormProps): ReactNode {
  const namespaceId = useNamespace();
  const [version, setVersion] = useState("");
  const schema = known.inputSchemas[version === "" ? (known.defaultVersion ?? known.versions[0] ?? "") : version];
  const fields = fieldsOf(schema);
  const [text, setText] = useState(() => input ?? (fields === undefined ? "" : write(defaultsOf(schema))));
  const [isRaw, setRaw] = useState(false);
  const [externalId, setExternalId] = useState("");
  const [delaySeconds, setDelay] = useState("");
  const [filled, setFilled] = useState(0);
  const typed = readTyped(text);
  const start = useAction(async () => {
    if (!typed.ok) return undefined;
    const started = await api.workflows.startWorkflow({
      namespaceId,
      workflowType: workflow,
      ...(typed.payload !== undefined && { input: typed.payload }),
      ...(version !== "" && { version }),
      ...(externalId !== "" && { externalId }),
      delayMs: BigInt(Math.round(Number(delaySeconds) * 1000)),
    });
    navigate(within(namespaceId, "runs", started.runId));
    return started.alreadyExists ? "A run with this external id was there before: this is it." : "The run was started.";
  });
  const fill = useAction(async () => {
    const found = await lastInput(namespaceId, workflow);
    if (found === undefined) return `There is no run of ${workflow} whose input could be taken.`;
    setText(found);
    setFilled(filled + 1);
    return undefined;
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void start.run();
  };
  const values = valuesOf(text);
  const isForm = fields !== undefined && !isRaw && values !== undefined;
  return (
    <form className="form" onSubmit={submit}>
      <fieldset>
        <legend className="legend">Input</legend>
        <div className="form-line">
          {fields !== undefined && (
            <Button look="quiet" className="button quiet small" onClick={() => setRaw(!isRaw)}>
              {isForm ? "Type JSON instead" : "Use the form"}
            </Button>
          )}
          <Button look="quiet" className="button quiet small" isBusy={fill.isBusy} onClick={() => void fill.run()}>
            Fill in from the last run
          </Button>
        </div>
        {isForm ? (
          <SchemaForm key={filled} fields={fields} values={values} onValues={(next) => setText(write(next))} />
        ) : (
          <JsonField label="Input as JSON" text={text} onText={setText} hint={hintOf(fields !== undefined)} />
        )}
      </fieldset>
      <div className="columns">
        <Field label="External id (optional)" hint="A second start with the same one finds the run instead.">
          {(given) => <input {...given} value={externalId} onChange={(event) => setExternalId(event.target.value)} />}
        </Field>
        <Field label="Version">
          {(given) => (
            <select {...given} value={version} onChange={(event) => setVersion(event.target.value)}>
              <option value="">The one that new runs take</option>
              {known.versions.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Delay in seconds (optional)">
          {(given) => (
            <input
              {...given}
              type="number"
              min={0}
              step="any"
              value={delaySeconds}
              onChange={(event) => setDelay(event.target.value)}
            />
          )}
        </Field>
      </div>
      <div>
        <Button look="primary" type="submit" needs="start" isBusy={start.isBusy || !typed.ok}>
          Start the run
        </Button>
      </div>
    </form>
  );
}

function hintOf(hasForm: boolean): string {
  return hasForm
    ? "JSON. Empty: none."
    : "JSON. Empty: none. A workflow whose code has a schema with a JSON Schema gets a form here.";
}

function write(values: Values): string {
  return JSON.stringify(values, undefined, 2);
}

/** What a form can show: an object, or nothing yet. */
function valuesOf(text: string): Values | undefined {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
  } catch {
    return undefined;
  }
}

/** What the newest run of a workflow was started with; absent where there is none, or it cannot be read. */
async function lastInput(namespaceId: string, workflowType: string): Promise<string | undefined> {
  const { workflows } = await api.workflows.listWorkflows({ namespaceId, workflowType, page: { pageSize: 1 } });
  const [last] = workflows;
  if (last === undefined) return undefined;
  const { workflow } = await api.workflows.getWorkflow({ namespaceId, runId: last.runId });
  const input = readPayload(workflow?.input);
  return input.kind === "json" ? JSON.stringify(input.value, undefined, 2) : undefined;
}
