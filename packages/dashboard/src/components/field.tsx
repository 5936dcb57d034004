import { type ReactNode, useId } from "react";

export interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with what was given. */
  readonly error?: string | undefined;
  /** The control, with the id and the description that it is to have. */
  readonly children: (given: { readonly id: string; readonly "aria-describedby": string }) => ReactNode;
}

/** A control with its label, a hint and what is wrong with it. */
export function Field({ label, hint, error, children }: FieldProps): ReactNode {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": about })}
      <div id={about} className={error === undefined ? "hint" : "hint wrong"}>
        {error ?? hint}
      </div>
    </div>
  );
}
