import { type ReactNode, useId, useState } from "react";
import { readTyped } from "../../client/payload-of.ts";
import { Field } from "../../components/field.tsx";
import { JsonField } from "../../components/json-field.tsx";
import type { FormField } from "./json-schema.ts";

export type Values = Readonly<Record<string, unknown>>;

export interface SchemaFormProps {
  readonly fields: readonly FormField[];
  readonly values: Values;
  readonly onValues: (values: Values) => void;
}

/** A form for the fields of an input. A field that is left empty is left out. */
export function SchemaForm({ fields, values, onValues }: SchemaFormProps): ReactNode {
  const change = (name: string, value: unknown) => {
    const { [name]: _before, ...others } = values;
    onValues(value === undefined ? others : { ...others, [name]: value });
  };
  return fields.map((field) => (
    <FieldOf key={field.name} field={field} value={values[field.name]} onValue={(value) => change(field.name, value)} />
  ));
}

interface FieldOfProps {
  readonly field: FormField;
  readonly value: unknown;
  readonly onValue: (value: unknown) => void;
}

function FieldOf({ field, value, onValue }: FieldOfProps): ReactNode {
  const { control, hint, isRequired } = field;
  const label = isRequired ? field.label : `${field.label} (optional)`;
  switch (control.kind) {
    case "boolean":
      return <Tick label={field.label} hint={hint} isTicked={value === true} onTick={onValue} />;
    case "json":
      return <JsonBox label={label} hint={hint} value={value} onValue={onValue} />;
    case "choice":
      return (
        <Field label={label} hint={hint}>
          {(given) => (
            <select
              {...given}
              required={isRequired}
              value={control.values.indexOf(value)}
              onChange={(event) => onValue(control.values[Number(event.target.value)])}
            >
              <option value={-1}>–</option>
              {control.values.map((each, index) => (
                <option key={String(each)} value={index}>
                  {String(each)}
                </option>
              ))}
            </select>
          )}
        </Field>
      );
    case "number":
      return (
        <Field label={label} hint={hint}>
          {(given) => (
            <input
              {...given}
              type="number"
              step={control.isWhole ? 1 : "any"}
              required={isRequired}
              value={typeof value === "number" ? value : ""}
              onChange={({ target }) => onValue(target.value === "" ? undefined : Number(target.value))}
            />
          )}
        </Field>
      );
    default:
      return (
        <Field label={label} hint={hint}>
          {(given) => (
            <input
              {...given}
              type={control.format === "email" ? "email" : "text"}
              value={typeof value === "string" ? value : ""}
              onChange={({ target }) => onValue(target.value === "" && !isRequired ? undefined : target.value)}
            />
          )}
        </Field>
      );
  }
}

interface TickProps {
  readonly label: string;
  readonly hint: string | undefined;
  readonly isTicked: boolean;
  readonly onTick: (isTicked: boolean) => void;
}

function Tick({ label, hint, isTicked, onTick }: TickProps): ReactNode {
  const id = useId();
  return (
    <div className="field">
      <div className="tick-line">
        <input id={id} type="checkbox" checked={isTicked} onChange={(event) => onTick(event.target.checked)} />
        <label htmlFor={id}>{label}</label>
      </div>
      {hint !== undefined && <div className="hint">{hint}</div>}
    </div>
  );
}

interface JsonBoxProps {
  readonly label: string;
  readonly hint: string | undefined;
  readonly value: unknown;
  readonly onValue: (value: unknown) => void;
}

function JsonBox({ label, hint = "JSON.", value, onValue }: JsonBoxProps): ReactNode {
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, undefined, 2));
  const type = (next: string) => {
    setText(next);
    if (next.trim() === "") onValue(undefined);
    else if (readTyped(next).ok) onValue(JSON.parse(next));
  };
  return <JsonField label={label} hint={hint} text={text} onText={type} />;
}
