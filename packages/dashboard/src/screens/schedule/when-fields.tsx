import type { ReactNode } from "react";
import { Field } from "../../components/field.tsx";
import type { WhenDraft } from "../schedules/when.ts";
import { Preview } from "./preview.tsx";
import { ruleOf } from "../schedules/when.ts";

const KINDS = { cron: "By a cron expression", every: "Every so often", at: "Once" } as const;
const CRON_HINT = "minute hour day month weekday: 0 9 * * 1-5 is each working day at nine.";
const ZONES: readonly string[] = Intl.supportedValuesOf("timeZone");

export interface WhenFieldsProps {
  readonly draft: WhenDraft;
  readonly onDraft: (draft: WhenDraft) => void;
}

/** When a schedule fires, with its next times as one types. */
export function WhenFields({ draft, onDraft }: WhenFieldsProps): ReactNode {
  const change = (part: Partial<WhenDraft>) => onDraft({ ...draft, ...part });
  return (
    <fieldset>
      <legend className="legend">When</legend>
      <div className="button-line spaced" role="radiogroup" aria-label="Kind of rule">
        {(["cron", "every", "at"] as const).map((kind) => (
          <label key={kind} className="tick-line">
            <input type="radio" name="kind" checked={draft.kind === kind} onChange={() => change({ kind })} />
            {KINDS[kind]}
          </label>
        ))}
      </div>
      {draft.kind === "cron" && <Cron draft={draft} change={change} />}
      {draft.kind === "every" && (
        <Field label="Every so many seconds" hint="Counted from midnight of 1 January 1970, UTC.">
          {(given) => (
            <input
              {...given}
              type="number"
              min={1}
              step="any"
              value={draft.everySeconds}
              onChange={(event) => change({ everySeconds: event.target.value })}
            />
          )}
        </Field>
      )}
      {draft.kind === "at" && (
        <Field label="At (UTC)">
          {(given) => (
            <input
              {...given}
              type="datetime-local"
              step={1}
              value={draft.at}
              onChange={(event) => change({ at: event.target.value })}
            />
          )}
        </Field>
      )}
      <Preview rule={ruleOf(draft)} />
    </fieldset>
  );
}

interface CronProps {
  readonly draft: WhenDraft;
  readonly change: (part: Partial<WhenDraft>) => void;
}

function Cron({ draft, change }: CronProps): ReactNode {
  return (
    <div className="pair">
      <Field label="Cron expression" hint={CRON_HINT}>
        {(given) => (
          <input
            {...given}
            className="mono"
            value={draft.cron}
            onChange={(event) => change({ cron: event.target.value })}
          />
        )}
      </Field>
      <Field label="Time zone" hint="An IANA name such as Europe/Berlin. Empty: UTC.">
        {(given) => (
          <>
            <input
              {...given}
              list="time-zones"
              value={draft.timezone}
              onChange={(event) => change({ timezone: event.target.value })}
            />
            <datalist id="time-zones">
              {ZONES.map((zone) => (
                <option key={zone} value={zone} />
              ))}
            </datalist>
          </>
        )}
      </Field>
    </div>
  );
}
