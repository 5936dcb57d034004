import { ScheduleOverlap, type WorkflowSchedule } from "@kagzi/proto";
import { type FormEvent, type ReactNode, useState } from "react";
import { useNamespace, within } from "../../app/namespace.tsx";
import { Link, navigate } from "../../app/router.tsx";
import { api } from "../../client/api.ts";
import { readTyped } from "../../client/payload-of.ts";
import { useAction } from "../../client/use-action.ts";
import { useWorkflowNames } from "../../client/use-workflow-names.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { JsonField } from "../../components/json-field.tsx";
import { Page } from "../../components/page.tsx";
import { readPayload } from "../../components/payload.tsx";
import { NEW_RULE, draftOf, ruleOf } from "../schedules/when.ts";
import { WhenFields } from "./when-fields.tsx";

const OVERLAPS: readonly (readonly [ScheduleOverlap, string])[] = [
  [ScheduleOverlap.SKIP, "do nothing"],
  [ScheduleOverlap.ALLOW, "start another run beside it"],
  [ScheduleOverlap.BUFFER_ONE, "start one when it has ended"],
];

/** Makes a schedule, or changes one. */
export function ScheduleForm({ schedule }: { readonly schedule?: WorkflowSchedule }): ReactNode {
  const namespaceId = useNamespace();
  const names = useWorkflowNames();
  const [id, setId] = useState(schedule?.scheduleId ?? "");
  const [workflow, setWorkflow] = useState(schedule?.workflowType ?? "");
  const [when, setWhen] = useState(() => (schedule === undefined ? NEW_RULE : draftOf(schedule)));
  const [overlap, setOverlap] = useState(schedule?.overlap ?? ScheduleOverlap.SKIP);
  const [catchup, setCatchup] = useState(String(schedule?.maxCatchup ?? 1));
  const [text, setText] = useState(() => inputOf(schedule));
  const typed = readTyped(text);
  const rule = ruleOf(when);
  const save = useAction(async () => {
    if (!typed.ok || rule === undefined) return undefined;
    const about = {
      namespaceId,
      scheduleId: id.trim(),
      ...rule,
      overlap,
      maxCatchup: Number(catchup),
      ...(typed.payload !== undefined && { input: typed.payload }),
    };
    if (schedule === undefined) await api.schedules.createWorkflowSchedule({ ...about, workflowType: workflow });
    else await api.schedules.updateWorkflowSchedule(about);
    navigate(within(namespaceId, "schedules", id.trim()));
    return schedule === undefined ? "The schedule was made." : "The schedule was changed.";
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save.run();
  };
  return (
    <Page
      title={schedule === undefined ? "New schedule" : `Change ${schedule.scheduleId}`}
      above={
        <Link to={within(namespaceId, "schedules", ...(schedule === undefined ? [] : [schedule.scheduleId]))} data-up>
          {schedule === undefined ? "Schedules" : schedule.scheduleId}
        </Link>
      }
    >
      <form className="form" onSubmit={submit}>
        {schedule === undefined && (
          <div className="pair">
            <Field label="Name" hint="By which it is known for good.">
              {(given) => <input {...given} required value={id} onChange={(event) => setId(event.target.value)} />}
            </Field>
            <Field label="Workflow" hint={names.length === 0 ? "No worker has told of any yet." : undefined}>
              {(given) => (
                <>
                  <input
                    {...given}
                    required
                    list="workflow-names"
                    value={workflow}
                    onChange={(event) => setWorkflow(event.target.value)}
                  />
                  <datalist id="workflow-names">
                    {names.map((name) => (
                      <option key={name} value={name} />
                    ))}
                  </datalist>
                </>
              )}
            </Field>
          </div>
        )}
        <WhenFields draft={when} onDraft={setWhen} />
        <div className="pair">
          <Field label="If the run before has not ended">
            {(given) => (
              <select {...given} value={overlap} onChange={(event) => setOverlap(Number(event.target.value))}>
                {OVERLAPS.map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Missed fires that are made up for" hint="The latest of them. 0: none.">
            {(given) => (
              <input
                {...given}
                type="number"
                min={0}
                max={1000}
                value={catchup}
                onChange={(event) => setCatchup(event.target.value)}
              />
            )}
          </Field>
        </div>
        <JsonField label="Input of each run" text={text} onText={setText} />
        <div>
          <Button
            look="primary"
            type="submit"
            needs="use"
            isBusy={save.isBusy || !typed.ok || rule === undefined || id.trim() === "" || workflow === ""}
          >
            {schedule === undefined ? "Make the schedule" : "Save the changes"}
          </Button>
        </div>
      </form>
    </Page>
  );
}

function inputOf(schedule: WorkflowSchedule | undefined): string {
  const input = readPayload(schedule?.input);
  return input.kind === "json" ? JSON.stringify(input.value, undefined, 2) : "";
}
